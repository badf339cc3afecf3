/** From buckets to what a person asks for. Pure; quantiles come from the merged histogram. */

import type { Aggregate } from "../domain/aggregate.ts";
import type { Rollup, Tier } from "../domain/rollup.ts";
import type { UnixSeconds } from "../domain/units.ts";
import { mergeHistograms, quantile, quantileErrorPct, totalOf } from "./histogram.ts";
import { decodeAll } from "./rollup-merge.ts";

export type AggregateFrame = Pick<
  Aggregate,
  "path_id" | "period" | "start_time" | "end_time" | "tiers"
>;

const US_PER_MS = 1_000;
const MS_PER_S = 1_000;
const HUNDREDTHS = 100;
const PERCENT = 100;
/** All that a histogram of RTTs can have at the finest scale: nothing is coarsened here. */
const BUCKETS_ALL = 4_096;

export function aggregateRollups(rows: readonly Rollup[], frame: AggregateFrame): Aggregate {
  const sum = (of: (row: Rollup) => number) => rows.reduce((total, row) => total + of(row), 0);
  const all = (of: (row: Rollup) => number | null) =>
    rows.flatMap((row) => {
      const value = of(row);
      return value === null ? [] : [value];
    });
  const probes = sum((row) => row.probes);
  const checks = sum((row) => row.checks);
  const up = sum((row) => row.up_s);
  const observed = up + sum((row) => row.degraded_s) + sum((row) => row.down_s);
  const jitters = sum((row) => (row.jitter_max_us === null ? 0 : row.checks));
  return {
    ...frame,
    sample_count: probes,
    ...latencies(rows),
    packet_loss_avg: share(PERCENT * sum((row) => row.lost), probes),
    packet_loss_max:
      checks === 0
        ? null
        : most(
            all((row) => row.loss_max_bp),
            HUNDREDTHS,
          ),
    jitter_avg: share(sum((row) => row.jitter_sum_us) / US_PER_MS, jitters),
    jitter_max: most(
      all((row) => row.jitter_max_us),
      US_PER_MS,
    ),
    health_score_avg: share(sum((row) => row.score_sum_c) / HUNDREDTHS, checks),
    health_score_min: least(
      all((row) => row.score_min_c),
      HUNDREDTHS,
    ),
    uptime_pct: share(PERCENT * up, observed),
    coverage_pct: Math.min(PERCENT, share(PERCENT * observed, spanOf(frame)) ?? 0),
  };
}

type Latencies = Pick<
  Aggregate,
  | "latency_avg"
  | "latency_min"
  | "latency_max"
  | "latency_p50"
  | "latency_p95"
  | "latency_p99"
  | "quantile_error_pct"
>;

function latencies(rows: readonly Rollup[]): Latencies {
  const merged = mergeHistograms(decodeAll(rows.map((row) => row.rtt_hist)), BUCKETS_ALL);
  const values = totalOf(merged);
  const us = (of: (row: Rollup) => number | null) => rows.flatMap((row) => of(row) ?? []);
  const min = least(
    us((row) => row.rtt_min_us),
    US_PER_MS,
  );
  const max = most(
    us((row) => row.rtt_max_us),
    US_PER_MS,
  );
  const bounds = { min: (min ?? 0) / MS_PER_S, max: (max ?? Infinity) / MS_PER_S };
  const at = (part: number) => (values === 0 ? null : quantile(merged, part, bounds) * MS_PER_S);
  return {
    latency_avg: share(rows.reduce((sum, row) => sum + row.rtt_sum_us, 0) / US_PER_MS, values),
    latency_min: min,
    latency_max: max,
    latency_p50: at(0.5),
    latency_p95: at(0.95),
    latency_p99: at(0.99),
    quantile_error_pct: values === 0 ? null : quantileErrorPct(merged),
  };
}

function spanOf({ start_time, end_time }: AggregateFrame): number {
  return end_time - start_time;
}

function share(sum: number, count: number): number | null {
  return count > 0 ? sum / count : null;
}

function least(values: readonly number[], perUnit: number): number | null {
  return values.length === 0 ? null : Math.min(...values) / perUnit;
}

function most(values: readonly number[], perUnit: number): number | null {
  return values.length === 0 ? null : Math.max(...values) / perUnit;
}

/** One bucket as a point of a chart: the same values, for its own span. */
export function bucketAggregate(row: Rollup, tier: Tier, start: UnixSeconds): Aggregate {
  return aggregateRollups([row], {
    path_id: row.path_id,
    period: "custom",
    start_time: start,
    end_time: row.end,
    tiers: [tier],
  });
}
