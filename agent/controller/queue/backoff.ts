/**
 * How long to wait before the next attempt: exponential with full jitter, or what the receiver
 * asked for (OTLP 1.5, "OTLP/HTTP Throttling"; RFC 9110 10.2.3).
 */

import type { Backoff } from "./ports.ts";

/** Without a limit of attempts: only age and size end the wait. */
export const DEFAULT_BACKOFF: Backoff = { minMs: 1_000, maxMs: 300_000 };

/** A receiver's wish is kept within these: 0 would spin, a year would be an outage of its own. */
const ASKED_MIN_MS = 1_000;
const ASKED_MAX_MS = 3_600_000;
/** Of a wish, added: a throttled fleet must not come back in the same second. */
const ASKED_JITTER = 0.1;
/** 2^40 ms is past every limit and still an exact number. */
const EXPONENT_MAX = 40;

/** `failures`: attempts that failed in a row, from 1; `chance` in [0, 1). */
export function backoffMs(backoff: Backoff, failures: number, chance: number): number {
  const exponent = Math.min(EXPONENT_MAX, failures - 1);
  const ceiling = Math.min(backoff.maxMs, backoff.minMs * 2 ** exponent);
  return Math.max(Math.min(backoff.minMs, ceiling), ceiling * chance);
}

export function askedMs(afterMs: number, chance: number): number {
  const wish = Math.min(ASKED_MAX_MS, Math.max(ASKED_MIN_MS, afterMs));
  return wish * (1 + ASKED_JITTER * chance);
}
