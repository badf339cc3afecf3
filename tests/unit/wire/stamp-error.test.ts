/** The sixteen bits of RFC 4656 4.1.2, with the values other implementations send. */

import { describe, expect, test } from "bun:test";
import {
  ESTIMATE_UNKNOWN,
  encodeEstimate,
  estimateUs,
  isPtp,
  isSynchronised,
} from "../../../agent/wire/stamp-error.ts";

describe("stamp-error", () => {
  test("estimateUs() reads 0x8a05 as 1.19 us, synchronised, NTP", () => {
    expect(estimateUs(0x8a05)).toBeCloseTo(1.192, 3);
    expect(isSynchronised(0x8a05)).toBe(true);
    expect(isPtp(0x8a05)).toBe(false);
    expect(isPtp(0x4001)).toBe(true);
    expect(isSynchronised(ESTIMATE_UNKNOWN)).toBe(false);
  });

  const errors = [0, 0.000_1, 0.5, 1, 1_192, 16_000_000, 1e12];
  test.each(errors)("encodeEstimate(%p us) never says less and hardly more", (errorUs) => {
    const said = estimateUs(encodeEstimate(errorUs, true));
    expect(said).toBeGreaterThanOrEqual(errorUs);
    expect(said).toBeLessThanOrEqual(Math.max(errorUs * 1.01, 2 ** -32 * 1e6));
  });

  test("encodeEstimate() never writes the forbidden multiplier 0", () => {
    expect(encodeEstimate(0, false)).toBe(ESTIMATE_UNKNOWN);
    expect(encodeEstimate(0, true, true)).toBe(0xc001);
  });

  test("encodeEstimate() says the largest error for one that is not known", () => {
    expect(encodeEstimate(Number.NaN, false)).toBe(0x3fff);
    expect(encodeEstimate(Number.POSITIVE_INFINITY, false)).toBe(0x3fff);
    expect(encodeEstimate(-1, false)).toBe(0x3fff);
  });
});
