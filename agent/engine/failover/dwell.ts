/**
 * The least time between two moves that nothing dead has forced. It doubles with each such move
 * within ten minutes, because two paths that swing in turn would otherwise move traffic for ever.
 */

import type { Instant, Micros } from "../../domain/units.ts";
import { after, between, micros, US_PER_S } from "../../domain/units.ts";

const MEMORY = micros(600 * US_PER_S);
const SPAN_MAX = micros(300 * US_PER_S);

export class Dwell {
  #base: Micros;
  #moves: Instant[] = [];

  constructor(base: Micros) {
    this.#base = base;
  }

  /** The last move keeps the number that it had among those before it. */
  note(now: Instant): void {
    this.#moves = [...this.#recent(now), now];
  }

  #recent(now: Instant): Instant[] {
    return this.#moves.filter((moved) => between(moved, now) < MEMORY);
  }

  /** Before this moment no further one; null: none happened yet. */
  until(): Instant | null {
    const last = this.#moves.at(-1);
    if (last === undefined) return null;
    // 300 s are reached after five doublings; a longer list would only overflow.
    const doublings = Math.min(this.#moves.length - 1, 16);
    const span = Math.max(this.#base, Math.min(this.#base * 2 ** doublings, SPAN_MAX));
    return after(last, micros(span));
  }

  adjust(base: Micros): void {
    this.#base = base;
  }

  /** Ages of the moves that still count, oldest first. */
  persisted(now: Instant): number[] {
    return this.#recent(now).map((moved) => between(moved, now));
  }

  restore(ages: readonly number[], elapsed: Micros, now: Instant): void {
    this.#moves = ages.map((age) => after(now, micros(-age - elapsed)));
  }
}
