/** What a path was over a span of time, as the API and the command line tell it. */

import type { PathId } from "./ids.ts";
import type { Tier } from "./rollup.ts";
import type { UnixSeconds } from "./units.ts";

/** Spans that end now, in seconds. */
export const PERIOD_SECS = {
  hour: 3_600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
} as const;

export const PERIODS = ["hour", "day", "week", "month", "custom"] as const;
export type Period = (typeof PERIODS)[number];

/** null: the value does not exist. Never 0 instead. Times are ms, shares percent. */
export interface Aggregate {
  readonly path_id: PathId;
  readonly period: Period;
  readonly start_time: UnixSeconds;
  readonly end_time: UnixSeconds;
  /** Kinds of buckets that the answer is made of. */
  readonly tiers: readonly Tier[];
  /** Resolved scheduled probes. */
  readonly sample_count: number;
  readonly latency_avg: number | null;
  readonly latency_min: number | null;
  readonly latency_max: number | null;
  readonly latency_p50: number | null;
  readonly latency_p95: number | null;
  readonly latency_p99: number | null;
  /** By how much a percentile may be off at the most, of its own value. */
  readonly quantile_error_pct: number | null;
  readonly packet_loss_avg: number | null;
  /** Of the worst check. */
  readonly packet_loss_max: number | null;
  readonly jitter_avg: number | null;
  readonly jitter_max: number | null;
  readonly health_score_avg: number | null;
  readonly health_score_min: number | null;
  /** Time up of the time observed. */
  readonly uptime_pct: number | null;
  /** Time observed of the span. */
  readonly coverage_pct: number;
}

/** A span to answer for. */
export interface AggregateQuery {
  readonly period: Period;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
}

/** Buckets of one length as points of a chart. */
export interface BucketQuery {
  readonly path: PathId;
  readonly tier: Tier;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly limit: number;
}

export interface BucketPage {
  readonly points: readonly Aggregate[];
  /** `from` of the next page; null: no more. */
  readonly next: UnixSeconds | null;
}
