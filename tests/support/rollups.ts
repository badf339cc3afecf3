/** Buckets for tests: with everything in them, and arbitrary ones. */

import { pathId } from "../../agent/domain/ids.ts";
import type { Rollup } from "../../agent/domain/rollup.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import { encodeHistogram } from "../../agent/scoring/histogram.ts";
import { fc } from "./property.ts";

/** Midnight UTC. */
export const DAY0 = 1_699_920_000;

/** One reply of this many milliseconds per count. */
export function histogramOf(ms: number, count: number): Uint8Array {
  const offset = Math.ceil(Math.log2(ms / 1_000) * 32) - 1;
  return encodeHistogram({ scale: 5, zeros: 0, offset, counts: [count] });
}

/** Up all the time, 150 probes, one of them lost. */
export function rollup(end: number, overrides: Partial<Rollup> = {}): Rollup {
  return {
    path_id: pathId("fiber"),
    end: unixSeconds(end),
    probes: 150,
    lost: 1,
    up_s: 300,
    degraded_s: 0,
    down_s: 0,
    maint_s: 0,
    rtt_sum_us: 149 * 12_000,
    rtt_min_us: 11_000,
    rtt_max_us: 13_000,
    jitter_sum_us: 30 * 500,
    jitter_max_us: 700,
    loss_max_bp: 200,
    score_sum_c: 30 * 9_900,
    score_min_c: 9_700,
    checks: 30,
    rtt_hist: histogramOf(12, 149),
    ...overrides,
  };
}

/** Buckets of three paths within three days, in any order, some of the same time. */
export const someRollups = fc.array(
  fc
    .record({
      path: fc.constantFrom("fiber", "lte", "dsl"),
      step: fc.integer({ min: 1, max: 3 * 288 }),
      probes: fc.nat(300),
      ms: fc.double({ min: 0.5, max: 900, noNaN: true }),
      up: fc.nat(300),
    })
    .map(({ path, step, probes, ms, up }) =>
      rollup(DAY0 + step * 300, {
        path_id: pathId(path),
        probes,
        lost: 0,
        up_s: up,
        rtt_hist: probes === 0 ? null : histogramOf(ms, probes),
        rtt_sum_us: Math.round(ms * 1_000) * probes,
      }),
    ),
  { minLength: 1, maxLength: 60 },
);
