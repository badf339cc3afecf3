/** The tally of a path in the core against the values it was fed, over random streams. */

import { expect, test } from "bun:test";
import { pathIndex } from "../../agent/domain/ids.ts";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import {
  BUCKETS_MAX,
  decodeHistogram,
  quantile,
  quantileErrorPct,
  totalOf,
} from "../../agent/scoring/histogram.ts";
import type { PathTally } from "../../agent/scoring/scorer.ts";
import { feed, pathLayout, scorerOf } from "../support/core.ts";
import { fc } from "../support/property.ts";

const RUNS = process.env["FULL"] === "1" ? 5_000 : 500;
const { confirmation: CONFIRMATION, rttVoid: VOID, seed: SEED } = OUTCOME_FLAG;
const PATH = pathIndex(0);
const US_PER_S = 1e6;

const outcome = fc.record({
  series: fc.nat(1),
  kind: fc.constantFrom("replied", "replied", "replied", "expired", "late", "unsent", "corrupt"),
  flags: fc.constantFrom(0, 0, 0, 6, CONFIRMATION, VOID, SEED),
  rttUs: fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0.001, max: 900_000, noNaN: true }) },
    { weight: 2, arbitrary: fc.double({ min: 20_000, max: 30_000, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 0.001, 1_000, 15_625, 1_000_000, 3.6e9) },
  ),
});

function histogramOf(tally: PathTally) {
  const histogram = decodeHistogram(tally.rtt?.histogram ?? new Uint8Array());
  if (histogram === null) throw new Error("the core exported no histogram");
  return histogram;
}

test("takeTally() counts scheduled probes and the RTTs of their replies, and nothing else", () => {
  const scorer = scorerOf(pathLayout());
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 400 }), (outcomes) => {
      scorer.configure([pathLayout({ seriesCount: 2 })]);
      for (const [i, one] of outcomes.entries()) feed(scorer, [{ ...one, seq: i }]);
      const tally = scorer.takeTally(PATH);
      const scheduled = outcomes.filter(
        ({ kind, flags }) =>
          kind !== "late" && kind !== "unsent" && (flags & (CONFIRMATION | SEED)) === 0,
      );
      const replies = scheduled.filter(({ kind }) => kind === "replied");
      const ns = replies
        .filter(({ flags }) => (flags & VOID) === 0)
        .map(({ rttUs }) => Math.floor(rttUs * 1_000 + 0.5))
        .sort((a, b) => a - b);
      expect(tally.probes).toBe(scheduled.length);
      expect(tally.lost).toBe(scheduled.length - replies.length);
      if (ns.length === 0) return expect(tally.rtt).toBeNull();
      expect(tally.rtt?.minUs).toBe((ns[0] ?? 0) / 1_000);
      expect(tally.rtt?.maxUs).toBe((ns.at(-1) ?? 0) / 1_000);
      expect(tally.rtt?.sumUs).toBe(ns.reduce((sum, value) => sum + value, 0) / 1_000);
      const histogram = histogramOf(tally);
      expect(totalOf(histogram)).toBe(ns.length);
      expect(histogram.zeros).toBe(ns.filter((value) => value === 0).length);
      expect(histogram.counts.length).toBeLessThanOrEqual(BUCKETS_MAX);
      for (const [i, value] of ns.entries()) {
        const got = quantile(histogram, (i + 1) / ns.length - 1e-9) * 1e9;
        const error = value === 0 ? got : (100 * Math.abs(got - value)) / value;
        expect(error).toBeLessThanOrEqual(quantileErrorPct(histogram) + 1e-9);
      }
    }),
    { numRuns: RUNS },
  );
});

test("takeTally() begins anew after each call, and resetPath() takes nothing away", () => {
  const scorer = scorerOf(pathLayout());
  feed(scorer, [{ kind: "replied", seq: 0, rttUs: 1_000 }]);
  scorer.resetPath(PATH);
  expect(scorer.takeTally(PATH).probes).toBe(1);
  expect(scorer.takeTally(PATH)).toEqual({ probes: 0, lost: 0, rtt: null });
  feed(scorer, [{ kind: "replied", seq: 1, rttUs: 2_000 }]);
  expect(totalOf(histogramOf(scorer.takeTally(PATH)))).toBe(1);
});

test("takeTally() keeps paths apart", () => {
  const scorer = scorerOf(pathLayout(), pathLayout({ firstSeries: 1 }));
  for (let seq = 0; seq < 100; seq++) {
    feed(scorer, [{ kind: "replied", series: 1, seq, rttUs: 5_000 }]);
  }
  expect(scorer.takeTally(PATH).rtt).toBeNull();
  const { rtt } = scorer.takeTally(pathIndex(1));
  expect(rtt?.sumUs).toBe(100 * 5_000);
});

test("a bound belongs to the bucket that it ends", () => {
  const scorer = scorerOf(pathLayout());
  // 2^-6 s: the upper bound of bucket -193 at scale 5.
  feed(scorer, [{ kind: "replied", seq: 0, rttUs: US_PER_S / 64 }]);
  expect(histogramOf(scorer.takeTally(PATH))).toEqual({
    scale: 5,
    zeros: 0,
    offset: -193,
    counts: [1],
  });
});
