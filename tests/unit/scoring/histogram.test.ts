import { describe, expect, test } from "bun:test";
import type { Histogram } from "../../../agent/scoring/histogram.ts";
import {
  BUCKETS_MAX,
  decodeHistogram,
  EMPTY_HISTOGRAM,
  encodeHistogram,
  mergeHistograms,
  quantile,
  quantileErrorPct,
  totalOf,
} from "../../../agent/scoring/histogram.ts";
import { fc } from "../../support/property.ts";

const ERROR_PCT = 1.1;

/** One value per histogram, at the finest scale. */
function of(...seconds: readonly number[]): Histogram {
  return mergeHistograms(
    seconds.map((value) =>
      value === 0
        ? { ...EMPTY_HISTOGRAM, zeros: 1 }
        : { scale: 5, zeros: 0, offset: Math.ceil(Math.log2(value) * 32) - 1, counts: [1] },
    ),
  );
}

function nearestRank(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
}

const counts = fc
  .array(fc.oneof(fc.constant(0), fc.nat(300), fc.integer({ min: 1, max: 2 ** 31 })), {
    maxLength: BUCKETS_MAX - 2,
  })
  .map((inner) => [1, ...inner, 7]);
const histogram = fc.record({
  scale: fc.integer({ min: -11, max: 5 }),
  zeros: fc.nat(),
  offset: fc.integer({ min: -1_000, max: 400 }),
  counts: fc.oneof(fc.constant([]), counts),
});

describe("encodeHistogram()", () => {
  test("decodeHistogram() gives back what was written", () => {
    fc.assert(
      fc.property(histogram, (one) => {
        expect(decodeHistogram(encodeHistogram(one))).toEqual(one);
      }),
    );
  });

  test("writes a run of empty buckets in two octets", () => {
    const sparse = { scale: 5, zeros: 0, offset: -3, counts: [1, ...Array(100).fill(0), 2] };
    expect([...encodeHistogram(sparse)]).toEqual([10, 0, 5, 1, 0, 100, 2]);
  });
});

describe("decodeHistogram()", () => {
  test("refuses what is cut off, too long or of a scale that is not stored", () => {
    for (const bytes of [[], [10], [10, 0], [10, 0, 5, 0x80], [12, 0, 5, 1], [10, 0, 5, 0, 3]]) {
      expect(decodeHistogram(Uint8Array.from(bytes))).toBeNull();
    }
    expect(decodeHistogram(Uint8Array.from([10, 0, 5, 1, 0, 0xff, 0x7f, 1]))).toBeNull();
  });

  test("never throws, whatever the octets", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => void decodeHistogram(any)));
  });
});

describe("mergeHistograms()", () => {
  test("of nothing is empty", () => {
    expect(mergeHistograms([])).toEqual(EMPTY_HISTOGRAM);
  });

  test("loses no value, whatever the scales", () => {
    fc.assert(
      fc.property(fc.array(histogram, { maxLength: 5 }), (parts) => {
        const merged = mergeHistograms(parts);
        expect(totalOf(merged)).toBe(parts.reduce((sum, part) => sum + totalOf(part), 0));
        expect(merged.counts.length).toBeLessThanOrEqual(BUCKETS_MAX);
      }),
    );
  });

  test("gives the same in whatever order and grouping", () => {
    const seconds = fc.double({ min: 1e-6, max: 3_600, noNaN: true });
    fc.assert(
      fc.property(fc.array(seconds, { minLength: 1 }), fc.array(seconds), (a, b) => {
        const together = of(...a, ...b);
        expect(mergeHistograms([of(...b), of(...a)])).toEqual(together);
      }),
    );
  });

  test("lowers the scale for values that lie too far apart, and no further than needed", () => {
    expect(of(0.01, 0.3).scale).toBe(5);
    expect(of(0.01, 0.01 * 33).scale).toBe(4);
  });
});

describe("quantile()", () => {
  test("is within 1.1 % of the exact value where the scale was not lowered", () => {
    const near = fc.double({ min: 0.001, max: 0.0319, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(near, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const merged = of(...values);
          expect(merged.scale).toBe(5);
          const exact = nearestRank(values, share);
          const bounds = { min: Math.min(...values), max: Math.max(...values) };
          for (const got of [quantile(merged, share), quantile(merged, share, bounds)]) {
            expect((100 * Math.abs(got - exact)) / exact).toBeLessThanOrEqual(ERROR_PCT);
          }
        },
      ),
    );
  });

  test("is within quantileErrorPct() at every scale", () => {
    const far = fc.double({ min: 1e-6, max: 3_600, noNaN: true });
    fc.assert(
      fc.property(fc.array(far, { minLength: 1, maxLength: 50 }), (values) => {
        const merged = of(...values);
        const exact = nearestRank(values, 0.95);
        const error = (100 * Math.abs(quantile(merged, 0.95) - exact)) / exact;
        expect(error).toBeLessThanOrEqual(quantileErrorPct(merged) + 1e-9);
      }),
    );
  });

  test("promises 1.1 % at scale 5 and not at scale 4", () => {
    expect(quantileErrorPct({ ...EMPTY_HISTOGRAM, scale: 5 })).toBeLessThan(ERROR_PCT);
    expect(quantileErrorPct({ ...EMPTY_HISTOGRAM, scale: 4 })).toBeGreaterThan(ERROR_PCT);
  });

  test("without values does not exist, and knows zeros", () => {
    expect(quantile(EMPTY_HISTOGRAM, 0.5)).toBeNaN();
    expect(quantile(of(0, 0, 1), 0.5)).toBe(0);
  });
});
