/**
 * Rows of rollup_5m, rollup_1h and rollup_1d: their keys and the statements. Time comes first in
 * the key, so a flush appends; reading lists keys instead of searching, because the grid is known.
 * A row that is already there is read, merged and replaced: a restart within a bucket or a clock
 * that stepped back adds to it and takes nothing away.
 */

import type { Database } from "bun:sqlite";
import type { PathId } from "../../domain/ids.ts";
import type { Rollup, Tier } from "../../domain/rollup.ts";
import { unixSeconds } from "../../domain/units.ts";
import { mergeRollups } from "../../scoring/rollup-merge.ts";

/** All tiers count in the steps of the finest. */
const STEP_SECS = 300;
const PATHS = 65_536;

const TABLES = { "5m": "rollup_5m", "1h": "rollup_1h", "1d": "rollup_1d" } as const;

export function tableOf(tier: Tier): (typeof TABLES)[Tier] {
  return TABLES[tier];
}

export function keyOf(end: number, pathNo: number): number {
  return (end / STEP_SECS) * PATHS + pathNo;
}

/** The end of the bucket of a key. */
export function endOf(key: number): number {
  return Math.floor(key / PATHS) * STEP_SECS;
}

export function pathNumberOf(key: number): number {
  return key % PATHS;
}

interface StoredRollup {
  k: number;
  n: number;
  lost: number;
  up_s: number;
  degraded_s: number;
  down_s: number;
  maint_s: number;
  rtt_sum_us: number;
  rtt_min_us: number | null;
  rtt_max_us: number | null;
  jitter_sum_us: number;
  jitter_max_us: number | null;
  loss_max_bp: number;
  score_sum_c: number;
  score_min_c: number | null;
  checks: number;
  rtt_hist: Uint8Array | null;
}

// Without the two virtual columns.
const COLUMNS =
  "k, n, lost, up_s, degraded_s, down_s, maint_s, rtt_sum_us, rtt_min_us, rtt_max_us," +
  " jitter_sum_us, jitter_max_us, loss_max_bp, score_sum_c, score_min_c, checks, rtt_hist";
const PLACES = COLUMNS.replace(/\w+/g, "?");

/** Writes a row as it is; one that was there is gone. */
export function putRollup(db: Database, tier: Tier, pathNo: number, row: Rollup): void {
  const { probes, lost, up_s, degraded_s, down_s, maint_s } = row;
  const { rtt_sum_us, rtt_min_us, rtt_max_us, jitter_sum_us, jitter_max_us } = row;
  db.query(`INSERT OR REPLACE INTO ${TABLES[tier]} (${COLUMNS}) VALUES (${PLACES})`).run(
    ...[keyOf(row.end, pathNo), probes, lost, up_s, degraded_s, down_s, maint_s],
    ...[rtt_sum_us, rtt_min_us, rtt_max_us, jitter_sum_us, jitter_max_us],
    ...[row.loss_max_bp, row.score_sum_c, row.score_min_c, row.checks, row.rtt_hist],
  );
}

/** Adds a row to the one of its bucket, if there is one. */
export function addRollup(db: Database, tier: Tier, pathNo: number, row: Rollup): void {
  const sql = `SELECT ${COLUMNS} FROM ${TABLES[tier]} WHERE k = ?`;
  const before = db.query<StoredRollup, [number]>(sql).get(keyOf(row.end, pathNo));
  const sum = before === null ? row : mergeRollups([restore(before, row.path_id), row], row.end);
  putRollup(db, tier, pathNo, sum);
}

/** Rows of one path with these ends, in their order; ends without a row are left out. */
export function selectRollups(
  db: Database,
  tier: Tier,
  path: { readonly id: PathId; readonly number: number },
  ends: readonly number[],
): Rollup[] {
  const keys = JSON.stringify(ends.map((end) => keyOf(end, path.number)));
  const sql =
    `SELECT ${COLUMNS} FROM json_each(?) AS wanted` +
    ` CROSS JOIN ${TABLES[tier]} AS r ON r.k = wanted.value`;
  return db
    .query<StoredRollup, [string]>(sql)
    .all(keys)
    .map((stored) => restore(stored, path.id));
}

export interface TakenRollup {
  readonly key: number;
  readonly row: Rollup;
}

/** Takes five-minute rows of a range of keys out of the file, at most `limit` from one side. */
export function takeRollups(
  db: Database,
  paths: ReadonlyMap<number, PathId>,
  range: { readonly first: number; readonly last: number; readonly order: "ASC" | "DESC" },
  limit: number,
): TakenRollup[] {
  const order = `ORDER BY k ${range.order} LIMIT ?`;
  const sql = `SELECT ${COLUMNS} FROM rollup_5m WHERE k BETWEEN ? AND ? ${order}`;
  const stored = db
    .query<StoredRollup, [number, number, number]>(sql)
    .all(range.first, range.last, limit);
  const remove = db.query("DELETE FROM rollup_5m WHERE k = ?");
  return stored.flatMap((one) => {
    remove.run(one.k);
    const path = paths.get(pathNumberOf(one.k));
    return path === undefined ? [] : [{ key: one.k, row: restore(one, path) }];
  });
}

/** The oldest key from this one on; null: there is none. */
export function firstKey(db: Database, tier: Tier, from = 0): number | null {
  const sql = `SELECT min(k) AS k FROM ${TABLES[tier]} WHERE k >= ?`;
  return db.query<{ k: number | null }, [number]>(sql).get(from)?.k ?? null;
}

export function lastKey(db: Database, tier: Tier): number | null {
  const sql = `SELECT max(k) AS k FROM ${TABLES[tier]}`;
  return db.query<{ k: number | null }, []>(sql).get()?.k ?? null;
}

function restore(stored: StoredRollup, path: PathId): Rollup {
  const { k, n, ...rest } = stored;
  return { path_id: path, end: unixSeconds(endOf(k)), probes: n, ...rest };
}
