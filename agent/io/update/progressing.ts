/** Ends a transfer that stands still: a link that drops must not hold an update for ever. */

import type { Clock, Disarm, Timers } from "../../controller/ports.ts";
import type { Instant } from "../../domain/units.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";

export type MonotonicClock = Pick<Clock, "monotonic">;

/** Longer than a switch of paths takes. */
const STALL = micros(60 * US_PER_S);
/** A timer per chunk would cost more than the chunk. */
const REARM = micros(5 * US_PER_S);

export class Progressing {
  readonly #timers: Timers;
  readonly #clock: MonotonicClock;
  #abort = new AbortController();
  #disarm: Disarm = () => {};
  #armedAt: Instant | null = null;

  constructor(timers: Timers, clock: MonotonicClock) {
    this.#timers = timers;
    this.#clock = clock;
  }

  begin(): AbortSignal {
    this.#disarm();
    this.#abort = new AbortController();
    this.#arm();
    return this.#abort.signal;
  }

  moved(): void {
    const now = this.#clock.monotonic();
    if (this.#armedAt !== null && now < after(this.#armedAt, REARM)) return;
    this.#disarm();
    this.#arm();
  }

  /** Nothing is being loaded any more. */
  end(): void {
    this.#disarm();
    this.#abort.abort(new Error("given up"));
  }

  #arm(): void {
    const abort = this.#abort;
    this.#armedAt = this.#clock.monotonic();
    this.#disarm = this.#timers.arm(after(this.#armedAt, STALL), () => {
      abort.abort(new Error(`nothing came for ${STALL / US_PER_S} s`));
    });
  }
}
