/**
 * What was promised for a path or a policy, and the spans that do not count against it. Agreed time
 * is the whole calendar month in the operator's time zone.
 */

import type { PathId } from "./ids.ts";
import type { Status } from "./status.ts";
import type { UnixSeconds } from "./units.ts";

/** What a month is measured by. null: not promised. */
export interface SlaTargets {
  /** Share of the time not down, %, below 100. */
  readonly availability_pct: number | null;
  readonly latency_p95_ms: number | null;
  readonly loss_pct: number | null;
  /** Average of the checks. */
  readonly jitter_ms: number | null;
  /** At least; 1 to 4.5. */
  readonly mos: number | null;
}

export type SlaSubject =
  | { readonly kind: "path"; readonly id: string }
  | { readonly kind: "policy"; readonly id: number };

export interface SlaObjective {
  readonly subject: SlaSubject;
  readonly targets: SlaTargets;
}

export interface SlaConfig {
  /** IANA name, for calendar months and days. */
  readonly timezone: string;
  readonly objectives: readonly SlaObjective[];
}

export const NO_SLA: SlaConfig = { timezone: "UTC", objectives: [] };

export interface MaintenanceSpan {
  readonly path: PathId;
  readonly from: UnixSeconds;
  /** null: it goes on. */
  readonly to: UnixSeconds | null;
  readonly author: string;
  readonly reason: string;
}

/** A path's status from this moment on. */
export interface StatusMark {
  readonly path: PathId;
  readonly at: UnixSeconds;
  readonly status: Status;
  /** Why it changed, as the engine names it. */
  readonly cause: string;
}
