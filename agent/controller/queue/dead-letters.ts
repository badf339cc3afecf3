/**
 * What a receiver refused for good, with its words. Bounded, and the same answer again only counts:
 * a receiver that refuses everything must neither fill the list nor wear the flash.
 */

import type { Instant } from "../../domain/units.ts";
import { between, micros, US_PER_S } from "../../domain/units.ts";
import type { DeadLetter } from "./ports.ts";

export const DEAD_LETTERS_MAX = 100;
export const ANSWER_CHARACTERS_MAX = 2_048;
/** Between writes of a list in which only counts have grown. */
const REWRITE = micros(900 * US_PER_S);

export class DeadLetters {
  #letters: DeadLetter[] = [];
  #writtenAt: Instant | null = null;
  #isDirty = false;

  get all(): readonly DeadLetter[] {
    return this.#letters;
  }

  load(letters: readonly DeadLetter[]): void {
    this.#letters = [...letters.slice(-DEAD_LETTERS_MAX), ...this.#letters];
  }

  /** True: the list should be written now. */
  add(letter: Omit<DeadLetter, "count">, now: Instant): boolean {
    const answer = letter.answer.slice(0, ANSWER_CHARACTERS_MAX);
    const same = this.#letters.findIndex(
      (known) =>
        known.destination === letter.destination &&
        known.status === letter.status &&
        known.answer === answer,
    );
    const count = 1 + (this.#letters[same]?.count ?? 0);
    if (same >= 0) this.#letters.splice(same, 1);
    this.#letters.push({ ...letter, answer, count });
    this.#letters = this.#letters.slice(-DEAD_LETTERS_MAX);
    this.#isDirty = true;
    const isRested = this.#writtenAt === null || between(this.#writtenAt, now) >= REWRITE;
    return same < 0 || isRested;
  }

  /** There are letters that the file does not have. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  written(now: Instant): void {
    this.#writtenAt = now;
    this.#isDirty = false;
  }
}
