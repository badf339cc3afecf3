/**
 * The guess at the time in this run: by how much rows are moved on their way to the journal while
 * the clock is not set. What it marks in the file is guessed-times.ts's.
 */

import type { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import type { Clock } from "../../controller/ports.ts";
import type { HealthRow } from "../../domain/path-health.ts";
import type { Rollup } from "../../domain/rollup.ts";
import { TIER_SECS } from "../../domain/rollup.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import { US_PER_MS, unixSeconds } from "../../domain/units.ts";
import { attempt } from "./fault.ts";
import { beginCorrection, beginGuess, guessedOffset } from "./guessed-times.ts";
import { newestTime } from "./rollup-reader.ts";

const GRID = TIER_SECS["5m"];

/** One per boot of the machine; "unknown" where the kernel does not say. */
export function readBootId(): string {
  const read = attempt("cannot read the boot id", () =>
    readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  );
  return read.kind === "ok" ? read.value : "unknown";
}

export class Guess {
  readonly #bootId: string;
  /** Added to the time of every row; null: times are not guessed. */
  #shift: number | null = null;

  constructor(bootId: string) {
    this.#bootId = bootId;
  }

  get isActive(): boolean {
    return this.#shift !== null;
  }

  dated(row: HealthRow): HealthRow {
    if (this.#shift === null) return row;
    return { ...row, timestamp: unixSeconds(row.timestamp + this.#shift) };
  }

  ended(row: Rollup): Rollup {
    if (this.#shift === null) return row;
    const whole = Math.round(this.#shift / GRID) * GRID;
    return { ...row, end: unixSeconds(row.end + whole) };
  }

  /** Guessed time goes on evenly whatever the clock does. */
  step(seconds: number): void {
    this.#shift = (this.#shift ?? 0) - seconds;
  }

  /** From now on; answers by how much the rows that wait must move. 0: the disk refused. */
  begin(
    db: Database,
    clock: Clock,
    { oldest, notBefore }: { readonly oldest: number; readonly notBefore: UnixSeconds },
  ): number {
    const begun = attempt("cannot mark guessed times", () => {
      const time = Math.ceil(Math.max(newestTime(db) ?? 0, notBefore) / GRID + 1) * GRID;
      const shift = time - Math.floor(oldest / GRID) * GRID;
      const offsetMs = clock.wall() - clock.monotonic() / US_PER_MS + shift * 1_000;
      beginGuess(db, { bootId: this.#bootId, offsetMs, time });
      return shift;
    });
    if (begun.kind === "fault") return 0;
    this.#shift = begun.value;
    return begun.value;
  }

  /** The time is known; answers by how much the rows that wait must move. */
  end(db: Database | null, clock: Clock): number {
    const seconds = this.#shift === null ? null : -this.#shift;
    this.#shift = null;
    // Without the file its rows stay marked.
    if (db === null) return seconds ?? 0;
    attempt("cannot correct guessed times", () => {
      const offsetMs = clock.wall() - clock.monotonic() / US_PER_MS;
      const before = guessedOffset(db, this.#bootId);
      // A guess of an earlier run in this boot counts as well.
      const behind = before === null ? null : Math.round((offsetMs - before) / 1_000);
      const move = seconds ?? behind;
      if (move !== null) beginCorrection(db, this.#bootId, move);
    });
    return seconds ?? 0;
  }
}
