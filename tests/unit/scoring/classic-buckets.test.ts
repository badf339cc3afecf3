import { expect, test } from "bun:test";
import { cumulativeCounts, RTT_BOUND_EXPONENTS } from "../../../agent/scoring/classic-buckets.ts";
import type { Histogram } from "../../../agent/scoring/histogram.ts";
import { fc } from "../../support/property.ts";

/** As OpenTelemetry defines it, without any cleverness. */
function histogramOf(values: readonly number[], scale: number): Histogram {
  const zeros = values.filter((value) => value === 0).length;
  const indices = values
    .filter((value) => value > 0)
    .map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
  if (indices.length === 0) return { scale, zeros, offset: 0, counts: [] };
  const offset = Math.min(...indices);
  const counts = new Array<number>(Math.max(...indices) - offset + 1).fill(0);
  for (const index of indices) counts[index - offset] = (counts[index - offset] ?? 0) + 1;
  return { scale, zeros, offset, counts };
}

test("cumulativeCounts() at powers of two counts what is at or below them, at every scale", () => {
  const value = fc.oneof(
    fc.constant(0),
    fc.constantFrom(...RTT_BOUND_EXPONENTS.map((exponent) => 2 ** exponent)),
    fc.double({ min: 1e-5, max: 10, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 50 }),
      fc.integer({ min: 0, max: 5 }),
      (all, scale) => {
        const counts = cumulativeCounts(histogramOf(all, scale), RTT_BOUND_EXPONENTS);
        const exact = RTT_BOUND_EXPONENTS.map(
          (exponent) => all.filter((one) => one <= 2 ** exponent).length,
        );
        expect(counts).toEqual(exact);
      },
    ),
  );
});

test("cumulativeCounts() of nothing is nothing", () => {
  const empty = { scale: 5, zeros: 2, offset: 0, counts: [] };
  expect(cumulativeCounts(empty, [-1, 0])).toEqual([2, 2]);
});
