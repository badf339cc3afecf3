/** What the HTTP surface may ask about service levels. The controller implements it. */

import type { SlaReport } from "../../sla/report.ts";

export interface SlaQuery {
  /** 2026-10; null: the running month. */
  readonly month: string | null;
  readonly path: string | null;
  readonly policy: number | null;
}

export interface SlaView {
  /** null: no such month. */
  report(query: SlaQuery): Promise<SlaReport | null>;
}
