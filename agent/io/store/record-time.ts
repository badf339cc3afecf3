/**
 * The time of a record. While the wall clock is not set, records are stamped as if they followed
 * the newest one, evenly, and keep where they stand on CLOCK_MONOTONIC: once the clock is right
 * they get their true time. Unlike checks they cannot wait in memory for that.
 */

import type { Clock } from "../../controller/ports.ts";
import type { UnixMillis, UnixSeconds } from "../../domain/units.ts";
import { US_PER_MS, unixMillis } from "../../domain/units.ts";
import type { GuessedTime } from "./failover-rows.ts";

export interface RecordTimeOptions {
  readonly clock: Clock;
  readonly bootId: string;
  /** The wall clock was set. */
  isClockSane(): boolean;
  /** No time is guessed before it. */
  readonly clockFloor: UnixSeconds;
}

export interface DatedTime {
  readonly at: UnixMillis;
  /** null: the clock said so. */
  readonly guessed: GuessedTime | null;
}

export class RecordTime {
  readonly #options: RecordTimeOptions;
  /** Guessed wall time minus CLOCK_MONOTONIC, ms; null: nothing was guessed yet. */
  #guessMs: number | null = null;

  constructor(options: RecordTimeOptions) {
    this.#options = options;
  }

  get isSane(): boolean {
    return this.#options.isClockSane();
  }

  /** `newestMs`: the newest record known. */
  date(at: UnixMillis, newestMs: number): DatedTime {
    const { clock, bootId, clockFloor } = this.#options;
    if (this.isSane) return { at, guessed: null };
    const monotonicUs = Math.round(clock.monotonic());
    const floorMs = Math.max(newestMs, clockFloor * 1_000);
    this.#guessMs ??= Math.ceil(floorMs - monotonicUs / US_PER_MS);
    const guessed = unixMillis(Math.round(this.#guessMs + monotonicUs / US_PER_MS));
    return { at: guessed, guessed: { bootId, monotonicUs } };
  }

  /** Wall time minus CLOCK_MONOTONIC, ms, as the clock has it now. */
  get offsetMs(): number {
    const { clock } = this.#options;
    return clock.wall() - clock.monotonic() / US_PER_MS;
  }

  trueTime({ monotonicUs }: GuessedTime): UnixMillis {
    return unixMillis(Math.round(monotonicUs / US_PER_MS + this.offsetMs));
  }

  /** What was guessed is corrected; a clock that is lost again begins a new guess. */
  forget(): void {
    this.#guessMs = null;
  }
}
