/**
 * Paces what comes out of the file after an outage: so many entries a second, and a start spread
 * over up to ten seconds, so that a fleet that lost one receiver does not come back as one. Pure.
 */

import type { Instant } from "../../domain/units.ts";
import { after, micros, US_PER_MS, US_PER_S } from "../../domain/units.ts";

const SPREAD_MAX_MS = 10_000;

export class Pace {
  readonly #gapUs: number;
  #next: Instant | null = null;

  constructor(perSec: number) {
    this.#gapUs = US_PER_S / perSec;
  }

  /** The moment from which the next entry may go; not later than it was before. */
  ready(now: Instant): Instant {
    return this.#next === null || this.#next < now ? now : this.#next;
  }

  /** An entry goes at `now`. */
  take(now: Instant): void {
    // From when it was due: a timer that fires late must not lower the rate. Never a burst either.
    const due = this.#next ?? now;
    const base = now - due > this.#gapUs ? now : due;
    this.#next = after(base as Instant, micros(this.#gapUs));
  }

  /** Something works again and `entries` wait: not all at once. `chance` in [0, 1). */
  spread(now: Instant, entries: number, chance: number): void {
    const ownMs = (entries * this.#gapUs) / US_PER_MS;
    const delayMs = Math.min(SPREAD_MAX_MS, ownMs) * chance;
    this.#next = after(now, micros(delayMs * US_PER_MS));
  }
}
