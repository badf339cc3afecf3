/** What follows a flush, a step at a time: guessed times are corrected, hours and days are made. */

import type { Database } from "bun:sqlite";
import { transact } from "./database.ts";
import type { Attempt } from "./fault.ts";
import { correctTimes, guessedOffset } from "./guessed-times.ts";
import { RollupWriter } from "./rollup-writer.ts";

export class Upkeep {
  readonly writer = new RollupWriter();
  readonly #bootId: string;

  constructor(bootId: string) {
    this.#bootId = bootId;
  }

  /** The file is another one. */
  forget(): void {
    this.writer.forget();
  }

  /** True: there is more to do, in the next turn of the event loop. */
  step(db: Database): Attempt<boolean> {
    const made = transact(db, "cannot roll history up", () => this.#derive(db));
    if (made.kind === "fault") this.writer.forget();
    return made;
  }

  #derive(db: Database): boolean {
    if (correctTimes(db, this.writer)) return true;
    // Hours made of guessed times would have to be moved as well.
    return guessedOffset(db, this.#bootId) === null && this.writer.derive(db);
  }
}
