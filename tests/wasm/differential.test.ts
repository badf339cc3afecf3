/** The WASM core against the plain reference, over random streams of outcomes. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import type { SeriesColumns } from "../../agent/scoring/scorer.ts";
import { OUTCOME_SIZE, viewOf } from "../../agent/wire/frame.ts";
import { pathLayout, scorerOf } from "../support/core.ts";
import { writeOutcome } from "../support/frames.ts";
import type { ReferenceOutcome } from "../support/reference-core.ts";
import { referenceResult } from "../support/reference-core.ts";

const RUNS = process.env["FULL"] === "1" ? 20_000 : 1_500;

const METRICS = [
  "score",
  "latencyMs",
  "minMs",
  "maxMs",
  "stddevMs",
  "p50Ms",
  "p95Ms",
  "p99Ms",
  "lossPct",
  "jitterMs",
  "jitterRfc3550Ms",
  "mos",
] as const satisfies readonly Exclude<keyof SeriesColumns, "totals">[];

interface Step {
  readonly kind: (typeof OUTCOME_KINDS)[number];
  readonly rttUs: number;
  readonly flags: number;
  /** How far before the newest sequence number this one is resolved. */
  readonly back: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant("replied" as const) },
    { weight: 3, arbitrary: fc.constantFrom(...OUTCOME_KINDS) },
  ),
  rttUs: fc.oneof(
    fc.double({ min: 0, max: 2_000_000, noNaN: true }),
    fc.constantFrom(0, 1, 20_000, 20_000.4567),
  ),
  flags: fc.constantFrom(0, 0, 0, 0, 0, 1, 6, 8),
  back: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(3)),
});

const stream = fc.record({
  window: fc.integer({ min: 1, max: 60 }),
  minSamples: fc.integer({ min: 1, max: 10 }),
  first: fc.constantFrom(0, 5, 0xffff_fff0),
  batch: fc.integer({ min: 1, max: 17 }),
  steps: fc.array(step, { maxLength: 150 }),
});

/** Distinct sequence numbers, resolved out of order where `back` says so. */
function outcomesOf(first: number, steps: readonly Step[]): ReferenceOutcome[] {
  const order: number[] = [];
  for (const [i, { back }] of steps.entries()) order.splice(Math.max(0, i - back), 0, i);
  return order.map((seq, i) => ({
    kind: steps[i]?.kind ?? "expired",
    rttUs: steps[i]?.rttUs ?? 0,
    flags: steps[i]?.flags ?? 0,
    seq: (first + seq) >>> 0,
  }));
}

function same(got: number, want: number): boolean {
  if (Number.isNaN(want) || Number.isNaN(got)) return Number.isNaN(want) && Number.isNaN(got);
  return Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want));
}

test("ingest() agrees with the reference on every metric of every stream", () => {
  const scorer = scorerOf(pathLayout());
  fc.assert(
    fc.property(stream, ({ window, minSamples, first, batch, steps }) => {
      const layout = pathLayout({ windowProbes: window, minSamples });
      scorer.configure([layout]);
      const outcomes = outcomesOf(first, steps);
      for (let from = 0; from < outcomes.length; from += batch) {
        const slice = outcomes.slice(from, from + batch);
        const bytes = new Uint8Array(slice.length * OUTCOME_SIZE);
        for (const [i, outcome] of slice.entries()) {
          writeOutcome(viewOf(bytes), i * OUTCOME_SIZE, {
            series: 0,
            sentUs: from + i,
            ...outcome,
          });
        }
        scorer.ingest(bytes);
      }
      const want = referenceResult(layout, outcomes);
      const wrong = METRICS.map(
        (metric) => [metric, scorer.series[metric][0] ?? Number.NaN, want[metric]] as const,
      ).filter(([, got, expected]) => !same(got, expected));
      expect(wrong).toEqual([]);
      expect(scorer.series.samples[0]).toBe(want.samples);
      for (const [i, kind] of OUTCOME_KINDS.entries()) {
        const count = outcomes.filter((outcome) => outcome.kind === kind).length;
        expect(scorer.series.totals[i]).toBe(count);
      }
    }),
    { numRuns: RUNS },
  );
});
