import { describe, expect, test } from "bun:test";
import { askedMs, backoffMs, DEFAULT_BACKOFF } from "../../../../agent/controller/queue/backoff.ts";

describe("backoffMs()", () => {
  test("doubles its ceiling per failure and stays within its limits", () => {
    const ceilings = [1, 2, 3, 4, 9, 10, 1_000].map((n) => backoffMs(DEFAULT_BACKOFF, n, 1));
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000]);
    expect(backoffMs(DEFAULT_BACKOFF, 9, 0)).toBe(1_000);
    expect(backoffMs(DEFAULT_BACKOFF, 9, 0.5)).toBe(128_000);
  });
});

describe("askedMs()", () => {
  test("keeps a wish between a second and an hour, with up to a tenth on top", () => {
    expect([0, 5_000, 1e12].map((wish) => askedMs(wish, 0))).toEqual([1_000, 5_000, 3_600_000]);
    expect(askedMs(10_000, 0.5)).toBe(10_500);
  });
});
