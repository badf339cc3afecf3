/**
 * What the four timestamps of a STAMP exchange say: T1 and T4 on our clock, T2 and T3 on the
 * reflector's. RTT = (T4 - T1) - (T3 - T2) uses each clock with itself only, so it needs no
 * synchronisation. One-way delays subtract one clock from the other: they exist only where both
 * ends say that they are synchronised to UTC. Pure; times are us from one base.
 */

/** A delay that does not exist, or that nobody may believe. */
export const WITHHELD = Number.NaN;

/** Beyond half an hour it is the clocks that differ: a synchronised bit that is a lie. */
const ONE_WAY_MAX_US = 1_800_000_000;

/**
 * How long the reflector kept the packet; 0 where it cannot be taken off: T3 before T2, or longer
 * than the `spanUs` (T4 - T1) in which it must lie.
 */
export function dwellUs(t2Us: number, t3Us: number, spanUs: number): number {
  const dwell = t3Us - t2Us;
  return dwell >= 0 && dwell <= spanUs ? dwell : 0;
}

/**
 * Delay from us to the reflector, T2 - T1; negative by as much as the clocks are apart. The way
 * back is what remains of the RTT.
 */
export function forwardUs(t1Us: number, t2Us: number, areClocksTrusted: boolean): number {
  const delay = t2Us - t1Us;
  return areClocksTrusted && Math.abs(delay) < ONE_WAY_MAX_US ? delay : WITHHELD;
}
