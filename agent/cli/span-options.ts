/** `--period`, `--from`, `--to` and `--format` as the commands about the past share them. */

import type { Period } from "../domain/aggregate.ts";
import { PERIOD_SECS, PERIODS } from "../domain/aggregate.ts";
import type { CommandInput, OptionSpec } from "./command.ts";
import { UsageError } from "./command.ts";

export const SPAN_OPTIONS = {
  period: {
    type: "string",
    short: "p",
    value: "SPAN",
    help: "hour, day, week or month that ends now (default day)",
  },
  from: { type: "string", value: "TIME", help: "ISO 8601 or Unix seconds: a span of your own" },
  to: { type: "string", value: "TIME", help: "its end (default: now)" },
} as const satisfies Record<string, OptionSpec>;

export const CSV_OPTION: OptionSpec = { type: "boolean", help: "a table, RFC 4180" };

export const RESOLUTION_OPTION: OptionSpec = {
  type: "string",
  short: "r",
  value: "STEP",
  help: "raw (checks), 5m, 1h or 1d (default: by the span)",
};

/** Unix seconds; null: now. */
export interface Span {
  readonly period: Period;
  readonly from: number | null;
  readonly to: number | null;
}

/** Throws UsageError naming what is wrong. */
export function spanOf(input: CommandInput): Span {
  const from = timeOption(input, "from");
  const to = timeOption(input, "to");
  const period = input.text("period");
  const named = PERIODS.find((one) => one === period && one !== "custom");
  if (period !== undefined && named === undefined) {
    const known = PERIODS.filter((one) => one !== "custom").join(", ");
    throw new UsageError(`cannot use --period ${JSON.stringify(period)}: want one of ${known}`);
  }
  if (from === null) {
    if (to !== null) throw new UsageError("cannot use --to alone: want --from with it");
    return { period: named ?? "day", from, to };
  }
  if (named !== undefined)
    throw new UsageError("cannot use --period with --from: want one of them");
  return { period: "custom", from, to };
}

/** Query parameters of an aggregate. */
export function aggregateParams({ period, from, to }: Span): string {
  return paramsOf({ period, from, to });
}

/** The start of a span, Unix seconds; `now` is its end where it has none. */
export function startOf({ period, from }: Span, now: number): number {
  return from ?? now - PERIOD_SECS[period === "custom" ? "day" : period];
}

export function paramsOf(values: Readonly<Record<string, string | number | null>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null) params.set(name, String(value));
  }
  return `?${params}`;
}

/** Date.parse also takes "-1" for a year. */
const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

function timeOption(input: CommandInput, name: "from" | "to"): number | null {
  const text = input.text(name);
  if (text === undefined) return null;
  const ms = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) : Math.floor(ms / 1_000);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  const want = "want ISO 8601 (2026-01-31T06:00Z) or Unix seconds";
  throw new UsageError(`cannot use --${name} ${JSON.stringify(text)}: ${want}`);
}
