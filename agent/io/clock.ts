/**
 * The real clock and the real timers: with the supervisor's timers the only place where time
 * enters the program. Durations are on CLOCK_MONOTONIC, the clock of the worker's stamps; wall time
 * is for people and rows.
 */

import type { Clock, Disarm, Timers } from "../controller/ports.ts";
import type { Instant } from "../domain/units.ts";
import { between, US_PER_MS, unixMillis } from "../domain/units.ts";
import { isClockSynchronised, monotonicNow } from "../worker/libc.ts";

export function createClock(): Clock {
  return { monotonic: monotonicNow, wall: () => unixMillis(Date.now()) };
}

export { isClockSynchronised };

/** The runtime's one-shot timer, as far as it is needed here. */
export interface TimerHost {
  set(wake: () => void, delayMs: number): () => void;
}

const RUNTIME: TimerHost = {
  set(wake, delayMs) {
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
};

/** setTimeout takes a signed 32-bit number; a longer delay would fire at once. */
export const DELAY_MAX_MS = 2 ** 31 - 1;

/** One runtime timer per armed wake-up. The runtime fires early at times; `wake` never does. */
export function createTimers(clock = createClock(), host: TimerHost = RUNTIME): Timers {
  return { arm: (at, wake) => arm(clock, host, at, wake) };
}

function arm(clock: Clock, host: TimerHost, at: Instant, wake: () => void): Disarm {
  let disarm: Disarm = host.set(onTimer, delayUntil(clock, at));

  function onTimer(): void {
    if (clock.monotonic() < at) disarm = host.set(onTimer, delayUntil(clock, at));
    else wake();
  }

  return () => disarm();
}

/** Whole milliseconds, rounded up: the runtime truncates fractions, which would fire early. */
function delayUntil(clock: Clock, at: Instant): number {
  const ms = Math.ceil(between(clock.monotonic(), at) / US_PER_MS);
  return Math.min(Math.max(0, ms), DELAY_MAX_MS);
}
