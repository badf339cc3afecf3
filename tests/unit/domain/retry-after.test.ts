import { describe, expect, test } from "bun:test";
import { parseRetryAfter } from "../../../agent/domain/retry-after.ts";

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
