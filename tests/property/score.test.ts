/**
 * Properties of the score: bounded, monotone, continuous at every threshold, strict on its input.
 */

import { describe, expect, test } from "bun:test";
import { pathLayout, scorerOf } from "../support/core.ts";
import { fc } from "../support/property.ts";

const latency = fc.double({ min: 0, max: 20_000, noNaN: true });
const loss = fc.double({ min: 0, max: 100, noNaN: true });
const jitter = fc.double({ min: 0, max: 5_000, noNaN: true });
const scorer = scorerOf(pathLayout());

/** Any thresholds and weights that the configuration would take. */
const threshold = fc
  .tuple(
    fc.double({ min: 0.1, max: 500, noNaN: true }),
    fc.double({ min: 0.1, max: 500, noNaN: true }),
  )
  .chain(([max, more]) =>
    fc.record({ max: fc.constant(max), critical: fc.option(fc.constant(max + more)) }),
  );
const settings = fc
  .tuple(threshold, threshold, threshold, fc.nat(10), fc.nat(10), fc.integer({ min: 1, max: 10 }))
  .map(([latency_ms, loss_pct, jitter_ms, a, b, c]) =>
    pathLayout({
      thresholds: { latency_ms, loss_pct, jitter_ms },
      weights: { latency: a / (a + b + c), loss: b / (a + b + c), jitter: c / (a + b + c) },
    }),
  );

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

  test("is bounded and never rises when a metric gets worse, with any settings", () => {
    const one = scorerOf(pathLayout());
    const worse = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(settings, latency, loss, jitter, worse, (path, a, b, c, d) => {
        one.configure([path]);
        const of = (x: number, y: number, z: number) => one.scoreOf(0, x, y, z)?.score ?? -1;
        const value = of(a, b, c);
        expect(value >= 0 && value <= 100).toBe(true);
        // exp is exact to its last bit but not monotone in it.
        const most = value * (1 + 1e-14);
        expect(Math.max(of(a + d, b, c), of(a, b + d, c), of(a, b, c + d))).toBeLessThanOrEqual(
          most,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("has no step at any threshold, with any settings", () => {
    const one = scorerOf(pathLayout());
    fc.assert(
      fc.property(settings, latency, loss, jitter, (path, ...values) => {
        one.configure([path]);
        const { latency_ms, loss_pct, jitter_ms } = path.thresholds;
        for (const [i, { max, critical }] of [latency_ms, loss_pct, jitter_ms].entries()) {
          for (const edge of [max, critical ?? max]) {
            const at = (x: number) => {
              const [a = 0, b = 0, c = 0] = values.map((value, j) => (i === j ? x : value));
              return one.scoreOf(0, a, b, c)?.score ?? Number.NaN;
            };
            // No slope is steeper than 200 per max (loss) or 70 per critical - max.
            const step = Math.min(max, (critical ?? Number.POSITIVE_INFINITY) - max) * 1e-9;
            expect(Math.abs(at(edge + step) - at(edge - step))).toBeLessThan(1e-5);
          }
        }
      }),
      { numRuns: 500 },
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
