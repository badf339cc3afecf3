import { describe, expect, test } from "bun:test";
import {
  askedMs,
  backoffMs,
  DEFAULT_BACKOFF,
  parseRetryAfter,
} from "../../../../agent/controller/queue/backoff.ts";

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

describe("parseRetryAfter()", () => {
  test("reads seconds and HTTP dates, and nothing else", () => {
    const now = Date.UTC(2026, 10, 23, 12, 0, 0);
    expect(parseRetryAfter("120", now)).toBe(120_000);
    expect(parseRetryAfter(" 0 ", now)).toBe(0);
    expect(parseRetryAfter("Mon, 23 Nov 2026 12:00:07 GMT", now)).toBe(7_000);
    expect(parseRetryAfter("Mon, 23 Nov 2026 11:00:00 GMT", now)).toBe(0);
    for (const odd of [null, "", "-5", "1.5", "soon", "99999999999"]) {
      expect(parseRetryAfter(odd, now)).toBeNull();
    }
  });
});
