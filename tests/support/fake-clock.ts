/** Time that moves only when a test moves it: the Clock and the Timers of ports.ts. */

import type { Clock, Disarm, Timers } from "../../agent/controller/ports.ts";
import type { Instant, UnixMillis } from "../../agent/domain/units.ts";
import { instant, US_PER_MS, unixMillis } from "../../agent/domain/units.ts";

interface Armed {
  readonly at: Instant;
  readonly wake: () => void;
}

export class FakeClock implements Clock, Timers {
  #monotonic: Instant;
  #wall: UnixMillis;
  readonly #armed = new Set<Armed>();

  constructor(monotonicUs = 1_000_000, wallMs = 1_700_000_000_000) {
    this.#monotonic = instant(monotonicUs);
    this.#wall = unixMillis(wallMs);
  }

  monotonic(): Instant {
    return this.#monotonic;
  }

  wall(): UnixMillis {
    return this.#wall;
  }

  arm(at: Instant, wake: () => void): Disarm {
    const armed = { at, wake };
    this.#armed.add(armed);
    return () => this.#armed.delete(armed);
  }

  /** Timers that wait. */
  get armed(): number {
    return this.#armed.size;
  }

  /** Moves both clocks; due timers fire in their order, each at its own moment. */
  advance(ms: number): void {
    const end = instant(this.#monotonic + ms * US_PER_MS);
    for (let next = this.#nextUntil(end); next !== null; next = this.#nextUntil(end)) {
      this.#moveTo(next.at);
      this.#armed.delete(next);
      next.wake();
    }
    this.#moveTo(end);
  }

  /** Time passes and nothing runs: due timers fire at the next `advance`, late. */
  stopFor(ms: number): void {
    this.#moveTo(instant(this.#monotonic + ms * US_PER_MS));
  }

  /** A step of the wall clock alone. */
  stepWall(ms: number): void {
    this.#wall = unixMillis(this.#wall + ms);
  }

  #nextUntil(end: Instant): Armed | null {
    const due = [...this.#armed].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    return due[0] ?? null;
  }

  #moveTo(at: Instant): void {
    if (at <= this.#monotonic) return;
    this.#wall = unixMillis(this.#wall + (at - this.#monotonic) / US_PER_MS);
    this.#monotonic = at;
  }
}
