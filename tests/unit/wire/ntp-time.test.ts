/** Known moments, the roll of the era in 2036, and what a double must not lose. */

import { describe, expect, test } from "bun:test";
import {
  NTP_UNIX_SECONDS,
  ntpFraction,
  ntpSeconds,
  ntpSpanUs,
  ptpNanoseconds,
  ptpSeconds,
  ptpSpanUs,
  usOfNtp,
} from "../../../agent/wire/ntp-time.ts";

/** 2036-02-07 06:28:16 UTC: second 2^32 since 1900. */
const ROLL = 2 ** 32 - NTP_UNIX_SECONDS;
/** 2026-08-31 01:42:24 UTC. */
const SUMMER_2026 = 0xee3f5a80 - NTP_UNIX_SECONDS;

describe("ntp-time", () => {
  test("ntpSeconds() and ntpFraction() write half a second after a known moment", () => {
    expect(new Date(SUMMER_2026 * 1_000).toISOString()).toBe("2026-08-31T01:42:24.000Z");
    expect(ntpSeconds(SUMMER_2026, 500_000)).toBe(0xee3f5a80);
    expect(ntpFraction(500_000)).toBe(0x80000000);
    expect(ntpSeconds(SUMMER_2026, 1_000_000)).toBe(0xee3f5a81);
  });

  test("ntpSpanUs() keeps nanoseconds a double of Unix microseconds would lose", () => {
    const span = ntpSpanUs(SUMMER_2026, 0xee3f5a80, 0x80418937);
    expect(span).toBeCloseTo(500_999.999_8, 3);
    expect(usOfNtp(0x802f1aa0)).toBeCloseTo(500_718.75, 2);
  });

  test("ntpFraction() never reaches the next second", () => {
    expect(ntpFraction(999_999.999_999_999_9)).toBe(0xffff_ffff);
    expect(ntpFraction(0)).toBe(0);
    expect(ptpNanoseconds(999_999.999_999_999_9)).toBe(999_999_999);
  });

  const rolls = [
    { name: "the second before the roll", base: ROLL - 1, seconds: 0xffff_ffff },
    { name: "the roll itself", base: ROLL, seconds: 0 },
    { name: "the second behind it", base: ROLL + 1, seconds: 1 },
  ] as const;
  test.each(rolls)("ntpSeconds() and ntpSpanUs() agree at $name", ({ base, seconds }) => {
    expect(ntpSeconds(base, 0)).toBe(seconds);
    expect(ntpSpanUs(base, seconds, 0)).toBe(0);
  });

  test("ntpSpanUs() crosses the roll in both directions", () => {
    expect(ntpSpanUs(ROLL - 1, 1, 0)).toBe(2_000_000);
    expect(ntpSpanUs(ROLL + 1, 0xffff_ffff, 0)).toBe(-2_000_000);
  });

  test("ntpSpanUs() reads a clock that is 60 years off as 60 years off", () => {
    const years = 60 * 365 * 86_400;
    const late = (0xee3f5a80 + years) >>> 0;
    expect(ntpSpanUs(SUMMER_2026, late, 0)).toBe(years * 1e6);
    expect(ntpSpanUs(SUMMER_2026, 0xee3f5a80 - years, 0)).toBe(-years * 1e6);
  });

  test("a PTPv2 truncated timestamp counts nanoseconds, not a fraction, and rolls in 2106", () => {
    expect(ptpSeconds(SUMMER_2026, 1_500_000)).toBe(SUMMER_2026 + 1);
    expect(ptpNanoseconds(1_500_000.25)).toBe(500_000_250);
    expect(ptpSpanUs(SUMMER_2026, SUMMER_2026, 500_000_250)).toBe(500_000.25);
    expect(ptpSeconds(2 ** 32, 0)).toBe(0);
    expect(ptpSpanUs(2 ** 32 - 1, 0, 0)).toBe(1_000_000);
  });
});
