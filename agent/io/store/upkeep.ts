/**
 * What follows a flush, a step at a time: guessed times are corrected, hours and days are made, old
 * rows deleted.
 */

import type { Database } from "bun:sqlite";
import { isCheckpointDue } from "./checkpoint.ts";
import { transact, walBacklog } from "./database.ts";
import type { Attempt } from "./fault.ts";
import { attempt } from "./fault.ts";
import { correctTimes, guessedOffset } from "./guessed-times.ts";
import type { RetentionOptions } from "./retention.ts";
import { Retention } from "./retention.ts";
import { RollupWriter } from "./rollup-writer.ts";

export class Upkeep {
  readonly writer = new RollupWriter();
  readonly #retention: Retention;
  #isCutShort = false;

  readonly #bootId: string;

  constructor(options: RetentionOptions, bootId: string) {
    this.#retention = new Retention(options);
    this.#bootId = bootId;
  }

  /** The file is another one. */
  forget(): void {
    this.writer.forget();
    this.#retention.forget();
  }

  /** True, once: there was much to delete, and it goes on after the checkpoint. */
  takeCutShort(): boolean {
    const was = this.#isCutShort;
    this.#isCutShort = false;
    return was;
  }

  /** True: there is more to do, in the next turn of the event loop. */
  step(db: Database): Attempt<boolean> {
    const made = transact(db, "cannot roll history up", () => this.#derive(db));
    if (made.kind === "fault") this.writer.forget();
    if (made.kind === "fault" || made.value) return made;
    return attempt("cannot delete old history", () => {
      this.#isCutShort = isCheckpointDue(walBacklog(db), false);
      return !this.#isCutShort && this.#retention.step(db);
    });
  }

  #derive(db: Database): boolean {
    if (correctTimes(db, this.writer)) return true;
    // Hours made of guessed times would have to be moved as well.
    return guessedOffset(db, this.#bootId) === null && this.writer.derive(db);
  }
}
