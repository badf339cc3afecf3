/**
 * Units as types, and the only arithmetic on them. A unit lives in the type inside the program
 * and in the name at every edge (`rtt_us` in a frame, `_seconds` in a metric). The brands cost
 * nothing at run time; values from frames, rows and clocks enter through the constructors here.
 */

/** A moment on CLOCK_MONOTONIC, in microseconds since boot (fractions carry nanoseconds). */
export type Instant = number & { readonly brand: "instant" };
/** A span in microseconds. */
export type Micros = number & { readonly brand: "us" };
/** A span in milliseconds. */
export type Millis = number & { readonly brand: "ms" };
/** A wall-clock moment in Unix seconds (whole). */
export type UnixSeconds = number & { readonly brand: "unix-s" };
/** A wall-clock moment in Unix milliseconds. */
export type UnixMillis = number & { readonly brand: "unix-ms" };

export const US_PER_MS = 1_000;
export const US_PER_S = 1_000_000;

export function instant(us: number): Instant {
  return us as Instant;
}

export function micros(us: number): Micros {
  return us as Micros;
}

export function unixSeconds(s: number): UnixSeconds {
  return Math.floor(s) as UnixSeconds;
}

export function unixMillis(ms: number): UnixMillis {
  return ms as UnixMillis;
}

/** The moment `span` after `from`. */
export function after(from: Instant, span: Micros): Instant {
  return (from + span) as Instant;
}

/** The span between two moments; negative when `to` lies before `from`. */
export function between(from: Instant, to: Instant): Micros {
  return (to - from) as Micros;
}

/** The earlier of two moments where either may be absent. */
export function earliest(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}
