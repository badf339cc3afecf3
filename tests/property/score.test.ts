/**
 * Properties of the score: bounded, monotone, continuous at every threshold, strict on its input.
 */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { pathLayout, scorerOf } from "../support/core.ts";

const latency = fc.double({ min: 0, max: 20_000, noNaN: true });
const loss = fc.double({ min: 0, max: 100, noNaN: true });
const jitter = fc.double({ min: 0, max: 5_000, noNaN: true });
const scorer = scorerOf(pathLayout());

function score(a: number, b: number, c: number): number {
  return scorer.scoreOf(0, a, b, c)?.score ?? Number.NaN;
}

describe("scoreOf()", () => {
  test("is bounded by 0 and 100", () => {
    fc.assert(
      fc.property(latency, loss, jitter, (a, b, c) => {
        const value = score(a, b, c);
        return value >= 0 && value <= 100;
      }),
    );
  });

  test("never rises when a metric gets worse", () => {
    const worse = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(latency, loss, jitter, worse, (a, b, c, d) => {
        const value = score(a, b, c);
        return (
          score(a + d, b, c) <= value && score(a, b + d, c) <= value && score(a, b, c + d) <= value
        );
      }),
    );
  });

  const thresholds = [
    ["latency max", [100, 0, 0]],
    ["latency critical", [400, 0, 0]],
    ["loss max", [0, 2, 0]],
    ["loss critical", [0, 20, 0]],
    ["jitter max", [0, 0, 10]],
    ["jitter critical", [0, 0, 80]],
  ] as const;
  test.each(thresholds)("is continuous at %s", (_, [a, b, c]) => {
    const step = 1e-7;
    const nudge = (value: number) => (value === 0 ? 0 : value + step);
    expect(Math.abs(score(nudge(a), nudge(b), nudge(c)) - score(a, b, c))).toBeLessThan(1e-4);
  });

  test("any one metric past its critical value takes the path below 50", () => {
    expect(score(401, 0, 0)).toBeLessThan(50);
    expect(score(0, 20.1, 0)).toBeLessThan(50);
    expect(score(0, 0, 80.1)).toBeLessThan(50);
  });

  test("a cap that is switched off leaves the composite", () => {
    const { thresholds: base } = pathLayout();
    const off = scorerOf(
      pathLayout({ thresholds: { ...base, latency_ms: { max: 100, critical: null } } }),
    );
    const parts = off.scoreOf(0, 5_000, 0, 0);
    expect(parts?.caps.latency).toBe(100);
    expect(parts?.score).toBeCloseTo(60, 6);
  });

  const impossible = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
  test.each(impossible)("rejects %p in every place", (value) => {
    expect(scorer.scoreOf(0, value, 0, 0)).toBeNull();
    expect(scorer.scoreOf(0, 0, value, 0)).toBeNull();
    expect(scorer.scoreOf(0, 0, 0, value)).toBeNull();
  });
});
