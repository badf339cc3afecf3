/**
 * Writes finished buckets and makes hours of five minutes and days of hours once they have ended.
 * How far that went is in the table `state`: hours and days up to there exist, and a row that comes
 * late (a restart within a bucket, a clock stepped back) is added to them in the same transaction.
 * Beyond, they are made from the finer rows, and made again after a crash: nothing counts twice.
 */

import type { Database } from "bun:sqlite";
import type { PathId } from "../../domain/ids.ts";
import type { Rollup, Tier } from "../../domain/rollup.ts";
import { coarserEnd, lastEnd, TIER_SECS } from "../../domain/rollup.ts";
import { unixSeconds } from "../../domain/units.ts";
import { mergeRollups } from "../../scoring/rollup-merge.ts";
import { PathNumbers } from "./path-numbers.ts";
import {
  addRollup,
  endOf,
  firstKey,
  keyOf,
  lastKey,
  putRollup,
  selectRollups,
} from "./rollup-rows.ts";
import { readState, writeState } from "./state-rows.ts";

type Coarse = Exclude<Tier, "5m">;

const FINER = { "1h": "5m", "1d": "1h" } as const satisfies Record<Coarse, Tier>;
/** Paths of one step: 24 rows each, about 3 ms. */
const PATHS_PER_STEP = 16;

interface Unfinished {
  readonly tier: Coarse;
  readonly end: number;
  /** Paths that are done. */
  readonly done: number;
}

export class RollupWriter {
  readonly numbers = new PathNumbers();
  #unfinished: Unfinished | null = null;

  /** The file is another one, or a transaction was rolled back. */
  forget(): void {
    this.numbers.forget();
    this.#unfinished = null;
  }

  /** Within the caller's transaction. */
  write(db: Database, rows: Iterable<Rollup>): void {
    const until = { "1h": rolledUntil(db, "1h"), "1d": rolledUntil(db, "1d") };
    for (const row of rows) {
      const number = this.numbers.findOrGive(db, row.path_id);
      if (number === null) continue;
      addRollup(db, "5m", number, row);
      for (const tier of ["1h", "1d"] as const) {
        const end = coarserEnd(row.end, tier);
        if (end <= until[tier]) addRollup(db, tier, number, { ...row, end });
      }
      // What is half made would miss this row.
      this.#unfinished = null;
    }
  }

  /** One step in a transaction of its own; false: nothing has ended that is not made yet. */
  derive(db: Database): boolean {
    const next = this.#unfinished ?? nextEnded(db, "1h") ?? nextEnded(db, "1d");
    if (next === null) return false;
    const paths = [...this.numbers.all(db)].sort(([a], [b]) => a - b);
    const slice = paths.slice(next.done, next.done + PATHS_PER_STEP);
    const done = next.done + slice.length;
    db.run("BEGIN IMMEDIATE");
    for (const [number, id] of slice) deriveOne(db, next, { number, id });
    if (done >= paths.length) writeState(db, stateName(next.tier), String(next.end));
    db.run("COMMIT");
    this.#unfinished = done >= paths.length ? null : { ...next, done };
    return true;
  }
}

/** Buckets of this tier exist up to here, Unix seconds. */
export function rolledUntil(db: Database, tier: Coarse): number {
  return Number(readState(db, stateName(tier)) ?? 0);
}

function stateName(tier: Coarse): string {
  return `rolled_${tier}`;
}

/** The first bucket behind the made ones that has ended and has finer rows. */
function nextEnded(db: Database, tier: Coarse): Unfinished | null {
  const until = rolledUntil(db, tier);
  const first = firstKey(db, FINER[tier], keyOf(until + TIER_SECS["5m"], 0));
  const newest = tier === "1h" ? endOf(lastKey(db, "5m") ?? 0) : rolledUntil(db, "1h");
  if (first === null) return null;
  const end = coarserEnd(endOf(first), tier);
  return end <= lastEnd(newest, tier) ? { tier, end, done: 0 } : null;
}

function deriveOne(
  db: Database,
  { tier, end }: Unfinished,
  path: { readonly id: PathId; readonly number: number },
): void {
  const finer = FINER[tier];
  const step = TIER_SECS[finer];
  const count = TIER_SECS[tier] / step;
  const ends = Array.from({ length: count }, (_, i) => end - (count - 1 - i) * step);
  const rows = selectRollups(db, finer, path, ends);
  if (rows.length === 0) return;
  putRollup(db, tier, path.number, mergeRollups(rows, unixSeconds(end)));
}
