/**
 * Rows of a time when the clock was not set. They were stamped as if they followed the newest row,
 * so that nothing sorts into the past or collides, and the table `boot` says which they are. Once
 * the clock is right they are moved to their true time, in steps that go on after a crash; when it
 * never was, they stay marked.
 */

import type { Database } from "bun:sqlite";
import type { Rollup } from "../../domain/rollup.ts";
import { unixSeconds } from "../../domain/units.ts";
import { readNumber } from "./database.ts";
import { LAST_ID } from "./health-rows.ts";
import { keyOf, takeRollups } from "./rollup-rows.ts";
import type { RollupWriter } from "./rollup-writer.ts";

const GRID = 300;
/** Of one step: about 1 ms each. */
const ROWS_PER_STEP = 500;
const ROLLUPS_PER_STEP = 100;

interface Marked {
  readonly boot_no: number;
  readonly first_health_id: number;
  readonly last_health_id: number;
  readonly first_k: number;
  readonly last_k: number;
  readonly corrected_ms: number;
}

/** Marks what is written from now on; `offsetMs`: guessed wall time minus CLOCK_MONOTONIC. */
export function beginGuess(
  db: Database,
  from: { readonly bootId: string; readonly offsetMs: number; readonly time: number },
): void {
  db.query(
    "INSERT INTO boot (boot_id, offset_ms, sane, first_health_id, first_k) VALUES (?, ?, 0, ?, ?)" +
      // A restart within this boot goes on with what it has marked.
      " ON CONFLICT (boot_id) DO UPDATE SET sane = 0, offset_ms = excluded.offset_ms," +
      " first_health_id = iif(sane = 0, first_health_id, excluded.first_health_id)," +
      " first_k = iif(sane = 0, first_k, excluded.first_k)",
  ).run(from.bootId, Math.round(from.offsetMs), readNumber(db, LAST_ID) + 1, keyOf(from.time, 0));
}

/** From here on the marked rows are moved, step by step. */
export function beginCorrection(db: Database, bootId: string, seconds: number): void {
  db.query(
    "UPDATE boot SET last_health_id = ?, last_k = (SELECT coalesce(max(k), 0) FROM rollup_5m)," +
      " corrected_ms = ? WHERE boot_id = ? AND sane = 0",
  ).run(readNumber(db, LAST_ID), seconds * 1_000, bootId);
}

/** A step in a transaction of its own; false: there is nothing to move. */
export function correctTimes(db: Database, writer: RollupWriter): boolean {
  const sql = "SELECT * FROM boot WHERE sane = 0 AND corrected_ms IS NOT NULL LIMIT 1";
  const marked = db.query<Marked, []>(sql).get();
  if (marked === null) return false;
  db.run("BEGIN IMMEDIATE");
  if (marked.first_health_id <= marked.last_health_id) moveChecks(db, marked);
  else if (!moveRollups(db, marked, writer)) {
    db.query("UPDATE boot SET sane = 1 WHERE boot_no = ?").run(marked.boot_no);
  }
  db.run("COMMIT");
  return true;
}

function moveChecks(db: Database, marked: Marked): void {
  const { boot_no, first_health_id, last_health_id, corrected_ms } = marked;
  const last = Math.min(last_health_id, first_health_id + ROWS_PER_STEP - 1);
  db.query(
    "UPDATE sdwan_path_health SET timestamp = timestamp + ? WHERE health_id BETWEEN ? AND ?",
  ).run(Math.round(corrected_ms / 1_000), first_health_id, last);
  db.query("UPDATE boot SET first_health_id = ? WHERE boot_no = ?").run(last + 1, boot_no);
}

/** From the side they move to, so that none meets one that has yet to move. False: none is left. */
function moveRollups(db: Database, marked: Marked, writer: RollupWriter): boolean {
  const { boot_no, first_k, last_k } = marked;
  const seconds = Math.round(marked.corrected_ms / 1_000 / GRID) * GRID;
  const isUp = seconds > 0;
  const range = { first: first_k, last: last_k, order: isUp ? "DESC" : "ASC" } as const;
  const taken = takeRollups(db, writer.numbers.all(db), range, ROLLUPS_PER_STEP);
  const edge = taken.at(-1)?.key;
  if (edge === undefined) return false;
  const moved = ({ row }: { readonly row: Rollup }): Rollup => ({
    ...row,
    end: unixSeconds(row.end + seconds),
  });
  writer.write(db, taken.map(moved));
  const column = isUp ? "last_k" : "first_k";
  const next = isUp ? edge - 1 : edge + 1;
  db.query(`UPDATE boot SET ${column} = ? WHERE boot_no = ?`).run(next, boot_no);
  return true;
}

/** Wall time minus CLOCK_MONOTONIC as guessed in this boot, ms; null: it is not guessed. */
export function guessedOffset(db: Database, bootId: string): number | null {
  const sql = "SELECT offset_ms FROM boot WHERE boot_id = ? AND sane = 0 AND corrected_ms IS NULL";
  return db.query<{ offset_ms: number }, [string]>(sql).get(bootId)?.offset_ms ?? null;
}
