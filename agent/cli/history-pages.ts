/** Reads history page by page: the API gives bounded pages, a person wants the whole span. */

import type { Period } from "../domain/aggregate.ts";
import { TIERS } from "../domain/rollup.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { UsageError } from "./command.ts";
import type { Span } from "./span-options.ts";
import { paramsOf, startOf } from "./span-options.ts";

export const RESOLUTIONS = ["raw", ...TIERS] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** What fits a screen. */
const USUAL = {
  hour: "5m",
  day: "5m",
  week: "1h",
  month: "1h",
  custom: "1h",
} as const satisfies Record<Period, Resolution>;
const PAGE_ROWS = { raw: 10_000, "5m": 1_000, "1h": 1_000, "1d": 1_000 } as const;
const TIMEOUT_MS = 30_000;

export interface HistoryRequest {
  readonly path: string;
  readonly span: Span;
  readonly resolution: Resolution;
}

export type HistoryPages =
  | {
      readonly kind: "rows";
      readonly from: number;
      readonly to: number;
      readonly rows: readonly object[];
    }
  | { readonly kind: "failed"; readonly message: string; readonly exitCode: number };

/** Throws UsageError. */
export function resolutionOf(input: CommandInput, period: Period): Resolution {
  const text = input.text("resolution");
  if (text === undefined) return USUAL[period];
  const known = RESOLUTIONS.find((one) => one === text);
  if (known !== undefined) return known;
  const want = `want one of ${RESOLUTIONS.join(", ")}`;
  throw new UsageError(`cannot use --resolution ${JSON.stringify(text)}: ${want}`);
}

export async function readPages(socket: string, request: HistoryRequest): Promise<HistoryPages> {
  const { path, span, resolution } = request;
  const now = await agentTime(socket);
  if (typeof now !== "number") return now;
  const to = span.to ?? now;
  const from = startOf(span, to);
  const rows: object[] = [];
  for (let cursor: number | null = null; ; ) {
    const params = { resolution, from, to, limit: PAGE_ROWS[resolution], cursor };
    const url = `/api/v1/health/paths/${encodeURIComponent(path)}/history${paramsOf(params)}`;
    const answer = await ask(socket, url, { timeoutMs: TIMEOUT_MS });
    if (answer.kind === "failed") return answer;
    const page = answer.body as Page; // the same program answers
    rows.push(...page.rows);
    if (page.next_cursor === null) return { kind: "rows", from, to, rows };
    cursor = page.next_cursor;
  }
}

interface Page {
  readonly rows: readonly object[];
  readonly next_cursor: number | null;
}

/** Its clock, not ours, says what now is. */
async function agentTime(
  socket: string,
): Promise<number | Extract<HistoryPages, { kind: "failed" }>> {
  const answer = await ask(socket, "/api/v1/health/snapshot");
  if (answer.kind === "failed") return answer;
  return (answer.body as { readonly timestamp: number }).timestamp;
}
