/**
 * An exponential histogram as the cumulative buckets of Prometheus' text formats. With powers of
 * two as bounds nothing is estimated: at every scale from 0 on they are edges of buckets.
 */

import type { Histogram } from "./histogram.ts";

/** Seconds: 1 ms to 2 s. */
export const RTT_BOUND_EXPONENTS = [-10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1] as const;

/** How many values are at or below 2^exponent, for each. */
export function cumulativeCounts(
  { scale, zeros, offset, counts }: Histogram,
  exponents: readonly number[],
): number[] {
  const result: number[] = [];
  let at = 0;
  let sum = zeros;
  for (const exponent of exponents) {
    // Bucket i ends at 2^((i + 1) / 2^scale), inclusive.
    const end = Math.floor(exponent * 2 ** scale) - offset;
    for (; at < counts.length && at < end; at++) sum += counts[at] ?? 0;
    result.push(sum);
  }
  return result;
}
