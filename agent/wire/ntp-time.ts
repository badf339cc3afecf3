/**
 * The two timestamp formats of STAMP as pairs of 32-bit words: NTP (RFC 5905: seconds since 1900
 * and a binary fraction) and PTPv2 truncated (RFC 8186: seconds since 1970 and nanoseconds). Both
 * count seconds modulo 2^32 and roll over (NTP on 2036-02-07), so a moment is only read as a
 * distance from a base near it, and the era is that which lies nearest: 68 years either way.
 * Distances are exact to the nanosecond, which a double of Unix microseconds cannot hold.
 */

import { US_PER_S } from "../domain/units.ts";

/** 1900-01-01 to 1970-01-01. */
export const NTP_UNIX_SECONDS = 2_208_988_800;

const FRACTIONS_PER_US = 2 ** 32 / US_PER_S;
const FRACTION_MAX = 0xffff_ffff;
const NS_PER_US = 1_000;
const NS_PER_S = 1_000_000_000;

/** Seconds word of the moment `spanUs` (>= 0) after `baseSeconds` (Unix). */
export function ntpSeconds(baseSeconds: number, spanUs: number): number {
  return (baseSeconds + NTP_UNIX_SECONDS + Math.floor(spanUs / US_PER_S)) >>> 0;
}

/** Fraction word of the same moment: 2^-32 s, rounded down. */
export function ntpFraction(spanUs: number): number {
  return Math.min(FRACTION_MAX, Math.floor(withinSecond(spanUs) * FRACTIONS_PER_US));
}

/** Us from `baseSeconds` (Unix) to an NTP timestamp, in the era nearest to the base. */
export function ntpSpanUs(baseSeconds: number, seconds: number, fraction: number): number {
  return secondsApart(baseSeconds + NTP_UNIX_SECONDS, seconds) * US_PER_S + usOfNtp(fraction);
}

/** Seconds word of a PTPv2 truncated timestamp, on the Unix time scale (no leap second table). */
export function ptpSeconds(baseSeconds: number, spanUs: number): number {
  return (baseSeconds + Math.floor(spanUs / US_PER_S)) >>> 0;
}

/** Nanoseconds word of the same moment, below 10^9. */
export function ptpNanoseconds(spanUs: number): number {
  return Math.min(NS_PER_S - 1, Math.floor(withinSecond(spanUs) * NS_PER_US));
}

/** Us from `baseSeconds` (Unix) to a PTPv2 truncated timestamp, in the era nearest to the base. */
export function ptpSpanUs(baseSeconds: number, seconds: number, nanoseconds: number): number {
  return secondsApart(baseSeconds, seconds) * US_PER_S + nanoseconds / NS_PER_US;
}

/** Us of a fraction word. */
export function usOfNtp(fraction: number): number {
  return fraction / FRACTIONS_PER_US;
}

/** Signed seconds from one word to another, modulo 2^32. */
function secondsApart(from: number, to: number): number {
  return (to - from) | 0;
}

function withinSecond(spanUs: number): number {
  return spanUs - Math.floor(spanUs / US_PER_S) * US_PER_S;
}
