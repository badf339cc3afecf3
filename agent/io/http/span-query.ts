/** Query parameters of aggregates and of charts, read strictly. */

import type { AggregateQuery, Period } from "../../domain/aggregate.ts";
import { PERIOD_SECS } from "../../domain/aggregate.ts";
import type { Tier } from "../../domain/rollup.ts";
import { TIER_SECS } from "../../domain/rollup.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import { unixSeconds } from "../../domain/units.ts";
import type { ParameterError } from "./query.ts";
import { HISTORY_PARAMETERS, strangeParameters, TIME_MAX, wholeNumbers, word } from "./query.ts";

export const AGGREGATE_PARAMETERS = ["period", "format", "from", "to"] as const;
/** Points of one page: about 10 ms of work. */
export const CHART_LIMIT_MAX = 1_000;
/** Points of a page without `limit`, and of a span without `from`. */
export const CHART_LIMIT_DEFAULT = 288;

export type AggregateRead =
  | { readonly kind: "read"; readonly query: AggregateQuery }
  | { readonly kind: "wrong"; readonly errors: readonly ParameterError[] };

/** `now` is the end of every period but `custom`, and there the default of `to`. */
export function readAggregate(params: URLSearchParams, now: UnixSeconds): AggregateRead {
  const errors = strangeParameters(params, AGGREGATE_PARAMETERS);
  const period = word<Period>(params, "period", ["day", "hour", "week", "month", "custom"]);
  errors.push(...period.errors, ...word(params, "format", ["json", "csv"]).errors);
  const query =
    period.value === "custom"
      ? customSpan(params, now, errors)
      : lastSpan(params, { period: period.value, now }, errors);
  return errors.length > 0 ? { kind: "wrong", errors } : { kind: "read", query };
}

function lastSpan(
  params: URLSearchParams,
  { period, now }: { readonly period: Exclude<Period, "custom">; readonly now: UnixSeconds },
  errors: ParameterError[],
): AggregateQuery {
  for (const parameter of ["from", "to"]) {
    if (!params.has(parameter)) continue;
    errors.push({ parameter, message: `want period=custom with it: current value is ${period}` });
  }
  return { period, from: unixSeconds(now - PERIOD_SECS[period]), to: now };
}

function customSpan(
  params: URLSearchParams,
  now: UnixSeconds,
  errors: ParameterError[],
): AggregateQuery {
  const whole = wholeNumbers(params, errors);
  const from = whole("from", 0, TIME_MAX);
  const to = whole("to", 0, TIME_MAX) ?? now;
  if (from === null && !params.has("from")) {
    errors.push({ parameter: "from", message: "want Unix seconds with period=custom: not given" });
  }
  if (from !== null && to - from < TIER_SECS["5m"]) {
    const message = `want at least ${TIER_SECS["5m"]} s before ${to} (to): current value is ${from}`;
    errors.push({ parameter: "from", message });
  }
  return { period: "custom", from: unixSeconds(from ?? 0), to: unixSeconds(to) };
}

export interface ChartQuery {
  readonly tier: Tier;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly limit: number;
}

export type ChartRead =
  | { readonly kind: "read"; readonly query: ChartQuery }
  | { readonly kind: "wrong"; readonly errors: readonly ParameterError[] };

/** History with a `resolution` of buckets; `cursor` is the `next_cursor` of the page before. */
export function readChart(tier: Tier, params: URLSearchParams, now: UnixSeconds): ChartRead {
  const errors = strangeParameters(params, HISTORY_PARAMETERS);
  errors.push(...word(params, "format", ["json", "csv"]).errors);
  const whole = wholeNumbers(params, errors);
  const limit = whole("limit", 1, CHART_LIMIT_MAX) ?? CHART_LIMIT_DEFAULT;
  const to = whole("to", 0, TIME_MAX) ?? now;
  const from =
    whole("from", 0, TIME_MAX) ?? Math.max(0, to - CHART_LIMIT_DEFAULT * TIER_SECS[tier]);
  const start = whole("cursor", 0, TIME_MAX) ?? from;
  if (errors.length === 0 && start > to) {
    const message = `want at most ${to} (to): current value is ${start}`;
    errors.push({ parameter: params.has("cursor") ? "cursor" : "from", message });
  }
  if (errors.length > 0) return { kind: "wrong", errors };
  return { kind: "read", query: { tier, from: unixSeconds(start), to: unixSeconds(to), limit } };
}
