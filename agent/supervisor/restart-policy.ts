/**
 * When a dead child is started again (pure). The first deaths after a quiet time are answered
 * at once, because a probe gap is what we are here to avoid; a child that keeps dying is slowed
 * down so that it cannot eat the box.
 */

import type { Instant, Micros } from "../domain/units.ts";
import { between, US_PER_MS, US_PER_S } from "../domain/units.ts";

/** A child that lived this long is well: its next death counts as the first. */
const SETTLED_US = 60 * US_PER_S;
/** Starts without a wait: five of them cost a tenth of a second. */
const AT_ONCE = 5;
const FIRST_DELAY_US = 100 * US_PER_MS;
const DELAY_MAX_US = 30 * US_PER_S;

export class RestartPolicy {
  #startedAt: Instant;
  #quickDeaths = 0;

  constructor(startedAt: Instant) {
    this.#startedAt = startedAt;
  }

  started(now: Instant): void {
    this.#startedAt = now;
  }

  /** How long to wait before the next start: five times 0, then 100 ms doubling up to 30 s. */
  died(now: Instant): Micros {
    if (between(this.#startedAt, now) >= SETTLED_US) this.#quickDeaths = 0;
    const delay =
      this.#quickDeaths < AT_ONCE
        ? 0
        : Math.min(DELAY_MAX_US, FIRST_DELAY_US * 2 ** (this.#quickDeaths - AT_ONCE));
    this.#quickDeaths++;
    return delay as Micros;
  }
}
