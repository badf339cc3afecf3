/**
 * Is the wall clock fit for history? A box without a battery boots in 1970 and learns the time when
 * an uplink works: until then rows wait in memory. And a clock that went wrong at night must not
 * make everything look old: before anything is deleted by age it must have been right for an hour.
 */

import type { Instant } from "../domain/units.ts";
import { between, micros, US_PER_MS, US_PER_S, unixSeconds } from "../domain/units.ts";
import type { Clock } from "./ports.ts";

export interface ClockGuardParts {
  readonly clock: Clock;
  /** The kernel knows a source of time and follows it. */
  isSynchronised(): boolean;
  /** Newest time in the file when it was opened, Unix seconds; null: none. */
  newestStored(): number | null;
}

/** No release is older: 2026-01-01. A clock before it was never set. */
export const CLOCK_FLOOR = unixSeconds(1_767_225_600);
/** Below, it is slewing or the delay of a timer. */
const STEP_MS = 1_000;
/** A correction of this much back is no reason to doubt the clock. */
const BACK_MAX_SECS = 3_600;
/** A clock that nobody keeps is believed this far ahead of the newest row. */
const AHEAD_MAX_SECS = 86_400;
const STEADY = micros(3_600 * US_PER_S);

export class ClockGuard {
  readonly #parts: ClockGuardParts;
  /** Wall minus monotonic, ms, as of the last look. */
  #offsetMs: number;
  #steadySince: Instant;

  constructor(parts: ClockGuardParts) {
    this.#parts = parts;
    this.#offsetMs = this.#offset();
    this.#steadySince = parts.clock.monotonic();
  }

  /** By how much the wall clock stepped since the last look, ms; 0: it did not. */
  look(): number {
    const offset = this.#offset();
    const stepMs = offset - this.#offsetMs;
    this.#offsetMs = offset;
    if (Math.abs(stepMs) < STEP_MS) return 0;
    this.#steadySince = this.#parts.clock.monotonic();
    return stepMs;
  }

  /** Rows may carry this time. */
  get isSane(): boolean {
    if (this.#parts.isSynchronised()) return true;
    const now = this.#seconds();
    const newest = this.#parts.newestStored();
    return now >= CLOCK_FLOOR && (newest === null || now >= newest - BACK_MAX_SECS);
  }

  /** What is old by this time may be deleted. */
  get isTrusted(): boolean {
    this.look();
    if (!this.isSane) return false;
    if (between(this.#steadySince, this.#parts.clock.monotonic()) < STEADY) return false;
    const newest = this.#parts.newestStored();
    const isNear = newest === null || this.#seconds() < newest + AHEAD_MAX_SECS;
    return isNear || this.#parts.isSynchronised();
  }

  #seconds(): number {
    return this.#parts.clock.wall() / 1_000;
  }

  #offset(): number {
    const { clock } = this.#parts;
    return clock.wall() - clock.monotonic() / US_PER_MS;
  }
}
