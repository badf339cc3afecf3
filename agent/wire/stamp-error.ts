/**
 * The Error Estimate of STAMP (RFC 4656 4.1.2, Z bit of RFC 8186 2.3): 16 bits that say how far the
 * sender of a timestamp trusts its clock. S: synchronised to UTC by an external source. Z: PTPv2
 * truncated timestamps instead of NTP. Error = multiplier * 2^scale * 2^-32 s.
 */

import { US_PER_S } from "../domain/units.ts";

const SYNCHRONISED = 0x8000;
const PTP = 0x4000;
const SCALE_SHIFT = 8;
const SCALE_MAX = 0x3f;
const MULTIPLIER_MAX = 0xff;
const UNIT_US = US_PER_S / 2 ** 32;

/** Nothing known: not synchronised, NTP format, multiplier 1 (0 is forbidden). */
export const ESTIMATE_UNKNOWN = 0x0001;

/** `errorUs` is rounded up to what the format can say; not finite or negative: the largest. */
export function encodeEstimate(errorUs: number, isSynchronised: boolean, isPtp = false): number {
  const flags = (isSynchronised ? SYNCHRONISED : 0) | (isPtp ? PTP : 0);
  const units = errorUs >= 0 ? errorUs / UNIT_US : Number.POSITIVE_INFINITY;
  let scale = 0;
  while (scale < SCALE_MAX && units > MULTIPLIER_MAX * 2 ** scale) scale++;
  const multiplier = Math.min(MULTIPLIER_MAX, Math.max(1, Math.ceil(units / 2 ** scale)));
  return flags | (scale << SCALE_SHIFT) | multiplier;
}

export function isSynchronised(estimate: number): boolean {
  return (estimate & SYNCHRONISED) !== 0;
}

export function isPtp(estimate: number): boolean {
  return (estimate & PTP) !== 0;
}

/** The error in us; 0 from a peer that breaks the rule of the multiplier. */
export function estimateUs(estimate: number): number {
  const scale = (estimate >>> SCALE_SHIFT) & SCALE_MAX;
  return (estimate & MULTIPLIER_MAX) * 2 ** scale * UNIT_US;
}
