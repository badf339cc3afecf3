import { describe, expect, test } from "bun:test";
import { pathId } from "../../../agent/domain/ids.ts";
import { unixSeconds } from "../../../agent/domain/units.ts";
import type { AggregateFrame } from "../../../agent/scoring/aggregate.ts";
import { aggregateRollups, bucketAggregate } from "../../../agent/scoring/aggregate.ts";
import { DAY0, histogramOf, rollup } from "../../support/rollups.ts";

const FRAME: AggregateFrame = {
  path_id: pathId("fiber"),
  period: "hour",
  start_time: unixSeconds(DAY0),
  end_time: unixSeconds(DAY0 + 1_000),
  tiers: ["5m"],
};

describe("aggregateRollups()", () => {
  test("tells averages over probes and checks, extremes, and shares of time", () => {
    const down = rollup(DAY0 + 600, {
      probes: 50,
      lost: 50,
      up_s: 100,
      degraded_s: 50,
      down_s: 50,
      rtt_sum_us: 0,
      rtt_min_us: null,
      rtt_max_us: null,
      rtt_hist: null,
      score_min_c: 0,
      score_sum_c: 0,
      loss_max_bp: 10_000,
    });
    expect(aggregateRollups([rollup(DAY0 + 300), down], FRAME)).toMatchObject({
      ...FRAME,
      sample_count: 200,
      latency_avg: 12,
      latency_min: 11,
      latency_max: 13,
      packet_loss_avg: 25.5,
      packet_loss_max: 100,
      jitter_avg: 0.5,
      jitter_max: 0.7,
      health_score_avg: 49.5,
      health_score_min: 0,
      uptime_pct: 80,
      coverage_pct: 50,
    });
  });

  test("percentiles lie within the exact extremes and their promised error", () => {
    const fast = rollup(DAY0 + 300, {
      rtt_hist: histogramOf(10, 96),
      rtt_min_us: 10_000,
      rtt_max_us: 10_000,
    });
    const slow = rollup(DAY0 + 600, {
      rtt_hist: histogramOf(200, 4),
      rtt_min_us: 200_000,
      rtt_max_us: 200_000,
    });
    const answer = aggregateRollups([fast, slow], FRAME);
    expect(answer.quantile_error_pct ?? 100).toBeLessThanOrEqual(1.1);
    expect(Math.abs((answer.latency_p50 ?? 0) - 10)).toBeLessThanOrEqual(0.11);
    expect(Math.abs((answer.latency_p95 ?? 0) - 10)).toBeLessThanOrEqual(0.11);
    expect(Math.abs((answer.latency_p99 ?? 0) - 200)).toBeLessThanOrEqual(2.2);
  });

  test("without anything has nothing but zero coverage", () => {
    const answer = aggregateRollups([], FRAME);
    expect(answer).toMatchObject({ sample_count: 0, coverage_pct: 0 });
    const values = [answer.latency_avg, answer.latency_p95, answer.packet_loss_avg];
    expect([...values, answer.packet_loss_max, answer.uptime_pct, answer.jitter_avg]).toEqual(
      Array(6).fill(null),
    );
  });

  test("never tells more than the whole span, which a clock stepped back can count twice", () => {
    const rows = [rollup(DAY0 + 300, { up_s: 2_000 })];
    expect(aggregateRollups(rows, FRAME).coverage_pct).toBe(100);
  });
});

test("bucketAggregate() tells a bucket of its own span", () => {
  const point = bucketAggregate(rollup(DAY0 + 300), "5m", unixSeconds(DAY0));
  expect(point).toMatchObject({
    start_time: DAY0,
    end_time: DAY0 + 300,
    coverage_pct: 100,
  } as object);
});
