import { describe, expect, test } from "bun:test";
import { bucketEnd, coarserEnd, lastEnd } from "../../../agent/domain/rollup.ts";

describe("the grid of buckets", () => {
  test("bucketEnd() is behind a moment, and a whole bucket behind an edge", () => {
    expect([bucketEnd(599.9, "5m"), bucketEnd(600, "5m"), bucketEnd(601, "1h")]).toEqual(
      [600, 900, 3_600].map((end) => end as ReturnType<typeof bucketEnd>),
    );
  });

  test("lastEnd() is the edge at or before a moment", () => {
    expect(Number(lastEnd(599, "5m"))).toBe(300);
    expect(Number(lastEnd(600, "5m"))).toBe(600);
  });

  test("coarserEnd() keeps a bucket that ends with the hour in that hour", () => {
    expect(Number(coarserEnd(3_600, "1h"))).toBe(3_600);
    expect(Number(coarserEnd(3_900, "1h"))).toBe(7_200);
  });
});
