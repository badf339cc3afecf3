/** Query parameters: read strictly, with every problem told at once. */

import type { HistoryQuery } from "../../controller/ports.ts";
import { pathId } from "../../domain/ids.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import { unixSeconds } from "../../domain/units.ts";

export interface ParameterError {
  readonly parameter: string;
  readonly message: string;
}

export type HistoryRead =
  | { readonly kind: "read"; readonly query: HistoryQuery }
  | { readonly kind: "wrong"; readonly errors: readonly ParameterError[] };

export const HISTORY_PARAMETERS = [
  "resolution",
  "format",
  "from",
  "to",
  "limit",
  "cursor",
] as const;
/** Rows of one page; more costs memory and holds up the loop. */
export const HISTORY_LIMIT_MAX = 10_000;
export const HISTORY_LIMIT_DEFAULT = 1_000;
/** Span without `from`, seconds. */
export const HISTORY_SPAN_DEFAULT = 3_600;
/** Year 9999; later is a mistake of the unit. */
export const TIME_MAX = 253_402_300_799;

/** Parameters that are not known, or given twice. */
export function strangeParameters(
  params: URLSearchParams,
  known: readonly string[],
): ParameterError[] {
  const wanted = known.length === 0 ? "none is known here" : `known are ${known.join(", ")}`;
  return [...new Set(params.keys())].flatMap((parameter) => {
    if (!known.includes(parameter)) {
      return [{ parameter, message: `unknown parameter: ${wanted}` }];
    }
    const count = params.getAll(parameter).length;
    return count === 1 ? [] : [{ parameter, message: `given ${count} times: want once` }];
  });
}

/** Reads whole numbers; what is absent is null, what is wrong too, and noted. */
export function wholeNumbers(params: URLSearchParams, errors: ParameterError[]) {
  return (parameter: string, min: number, max: number): number | null => {
    const text = params.get(parameter);
    if (text === null) return null;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const message = `want a whole number from ${min} to ${max}: current value is "${text}"`;
    errors.push({ parameter, message });
    return null;
  };
}

/** Reads one of a few words; the first is what an absent one means. */
export function word<T extends string>(
  params: URLSearchParams,
  parameter: string,
  known: readonly [T, ...T[]],
): { readonly value: T; readonly errors: readonly ParameterError[] } {
  const text = params.get(parameter);
  const value = known.find((one) => one === text);
  if (text === null || value !== undefined) return { value: value ?? known[0], errors: [] };
  const message = `want one of ${known.join(", ")}: current value is "${text}"`;
  return { value: known[0], errors: [{ parameter, message }] };
}

/** `now` is the default of `to`. */
export function readHistory(id: string, params: URLSearchParams, now: UnixSeconds): HistoryRead {
  const errors = strangeParameters(params, HISTORY_PARAMETERS);
  errors.push(...word(params, "format", ["json", "csv"]).errors);
  const whole = wholeNumbers(params, errors);
  const to = unixSeconds(whole("to", 0, TIME_MAX) ?? now);
  const from = unixSeconds(whole("from", 0, TIME_MAX) ?? Math.max(0, to - HISTORY_SPAN_DEFAULT));
  const limit = whole("limit", 1, HISTORY_LIMIT_MAX) ?? HISTORY_LIMIT_DEFAULT;
  const cursor = whole("cursor", 0, Number.MAX_SAFE_INTEGER);
  if (errors.length === 0 && from > to) {
    errors.push({
      parameter: "from",
      message: `want at most ${to} (to): current value is ${from}`,
    });
  }
  if (errors.length > 0) return { kind: "wrong", errors };
  return { kind: "read", query: { path: pathId(id), from, to, limit, cursor } };
}
