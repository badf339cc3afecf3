/**
 * A time in which no path can take over: told once, however long it lasts. It ends when any path is
 * usable; if the active path was only bad, that must have lasted for failback_delay, else a score
 * that swings around the line would tell it with every swing.
 */

import type { Instant, Micros } from "../../domain/units.ts";
import { between } from "../../domain/units.ts";

export interface PersistedEpisode {
  readonly failed: boolean;
  readonly hard: boolean;
}

export class Episode {
  #failed = false;
  #hard = false;
  #usableSince: Instant | null = null;

  /** Nobody can take over; true when this is to be told. */
  begin(hard: boolean): boolean {
    const isNew = !this.#failed;
    this.#failed = true;
    this.#hard = hard || (this.#hard && !isNew);
    this.#usableSince = null;
    return isNew;
  }

  /** True when the episode is over by this. */
  settle(isAnyUsable: boolean, calm: Micros, now: Instant): boolean {
    if (!this.#failed) return false;
    if (!isAnyUsable) {
      this.#usableSince = null;
      return false;
    }
    this.#usableSince ??= now;
    if (!this.#hard && between(this.#usableSince, now) < calm) return false;
    this.end();
    return true;
  }

  end(): void {
    this.#failed = false;
    this.#hard = false;
    this.#usableSince = null;
  }

  /** There is nothing to end. */
  get isOver(): boolean {
    return !this.#failed;
  }

  /** No path is usable, as far as was told. */
  get isOpen(): boolean {
    return this.#failed && this.#usableSince === null;
  }

  persisted(): PersistedEpisode {
    return { failed: this.#failed, hard: this.#hard };
  }

  restore({ failed, hard }: PersistedEpisode): void {
    this.#failed = failed;
    this.#hard = hard;
  }
}
