/**
 * What a path was in one bucket of time: the row that history is made of. Buckets lie on a UTC grid
 * and are named by their end. Everything in it adds up, so hours are made of five minutes and days
 * of hours without losing anything but the moments within.
 */

import type { PathId } from "./ids.ts";
import type { UnixSeconds } from "./units.ts";
import { unixSeconds } from "./units.ts";

export const TIERS = ["5m", "1h", "1d"] as const;
export type Tier = (typeof TIERS)[number];

/** Length of a bucket. */
export const TIER_SECS = { "5m": 300, "1h": 3_600, "1d": 86_400 } as const satisfies Record<
  Tier,
  number
>;

/** Counts and sums, whole numbers. What no check or reply has given is null. */
export interface Rollup {
  readonly path_id: PathId;
  /** End of the bucket. */
  readonly end: UnixSeconds;
  /** Resolved scheduled probes. */
  readonly probes: number;
  /** Those not replied. */
  readonly lost: number;
  /** Observed time is the sum of these three. */
  readonly up_s: number;
  readonly degraded_s: number;
  readonly down_s: number;
  /** In maintenance, beside the observed time. */
  readonly maint_s: number;
  readonly rtt_sum_us: number;
  readonly rtt_min_us: number | null;
  readonly rtt_max_us: number | null;
  /** Over checks, as everything below. */
  readonly jitter_sum_us: number;
  readonly jitter_max_us: number | null;
  /** Hundredths of a percent. */
  readonly loss_max_bp: number;
  /** Hundredths of a point. */
  readonly score_sum_c: number;
  readonly score_min_c: number | null;
  readonly checks: number;
  /** See scoring/histogram.ts; null: no reply. */
  readonly rtt_hist: Uint8Array | null;
}

/** The end of the bucket that holds the second after `time`. */
export function bucketEnd(time: number, tier: Tier): UnixSeconds {
  return unixSeconds((Math.floor(time / TIER_SECS[tier]) + 1) * TIER_SECS[tier]);
}

/** The end of the newest bucket that is over at `time`. */
export function lastEnd(time: number, tier: Tier): UnixSeconds {
  return unixSeconds(Math.floor(time / TIER_SECS[tier]) * TIER_SECS[tier]);
}

/** The end of the bucket that a finer bucket with this end is part of. */
export function coarserEnd(end: number, tier: Tier): UnixSeconds {
  return unixSeconds(Math.ceil(end / TIER_SECS[tier]) * TIER_SECS[tier]);
}
