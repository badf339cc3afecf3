/**
 * Rows of sdwan_path_health: how a check becomes a row, how a row becomes a check again, and the
 * statements for both. The given columns are NOT NULL, so absent values need a convention.
 */

import type { Database } from "bun:sqlite";
import type { PathId } from "../../domain/ids.ts";
import type { HealthRow } from "../../domain/path-health.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import type { NumberedRow } from "./pending-rows.ts";

/** What the table holds. */
interface StoredRow {
  health_id: number;
  path_id: PathId;
  timestamp: UnixSeconds;
  latency_ms: number;
  packet_loss_pct: number;
  jitter_ms: number;
  health_score: number;
  status: HealthRow["status"];
}

const ALL_LOST_PCT = 100;
/** The highest stored loss of a check that had a reply. */
const SOME_REPLIED_PCT = 99.99;

/**
 * The row as a reader will see it, before and after it was on disk. Latency and jitter are rounded
 * to 1 us, loss and score to 0.01: whole and short values cost fewer bytes, and replay the same.
 * A check without replies (loss 100) is down and has neither latency nor jitter. Where a check has
 * a latency but no pair of replies to take a jitter from, the jitter is 0, as the table has no
 * word for it. null: the row has a value that is no number, and would block every flush.
 */
export function storable(row: HealthRow): HealthRow | null {
  const loss = storableLoss(row.packet_loss_pct);
  const replied = loss < ALL_LOST_PCT;
  const latency = row.latency_ms === null ? 0 : round(row.latency_ms, 1000);
  const jitter = row.jitter_ms === null ? 0 : round(row.jitter_ms, 1000);
  const score = round(row.health_score, 100);
  const hasLatency = replied && latency !== 0;
  if (![row.timestamp, loss, latency, jitter, score].every(Number.isFinite)) return null;
  return {
    path_id: row.path_id,
    timestamp: row.timestamp,
    latency_ms: hasLatency ? latency : null,
    packet_loss_pct: loss,
    jitter_ms: hasLatency ? jitter : null,
    health_score: score,
    status: replied ? row.status : "down",
  };
}

/** 100 says that nothing replied, so 99.996 must not become it. */
function storableLoss(loss: number): number {
  if (loss >= ALL_LOST_PCT) return ALL_LOST_PCT;
  return Math.min(round(loss, 100), SOME_REPLIED_PCT);
}

function round(value: number, perUnit: number): number {
  return Math.round(value * perUnit) / perUnit;
}

/** A stored latency of 0 is no latency: no reply takes less than half a microsecond. */
function restore(stored: StoredRow): HealthRow {
  const hasLatency = stored.packet_loss_pct < ALL_LOST_PCT && stored.latency_ms !== 0;
  return {
    path_id: stored.path_id,
    timestamp: stored.timestamp,
    latency_ms: hasLatency ? stored.latency_ms : null,
    packet_loss_pct: stored.packet_loss_pct,
    jitter_ms: hasLatency ? stored.jitter_ms : null,
    health_score: stored.health_score,
    status: stored.status,
  };
}

const INSERT =
  "INSERT INTO sdwan_path_health (health_id, path_id, timestamp, latency_ms, packet_loss_pct," +
  " jitter_ms, health_score, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

/** Within the caller's transaction. */
export function insertRows(db: Database, rows: Iterable<NumberedRow>): void {
  const insert = db.query(INSERT);
  for (const { id, row } of rows) {
    insert.run(
      id,
      row.path_id,
      row.timestamp,
      row.latency_ms ?? 0,
      row.packet_loss_pct,
      row.jitter_ms ?? 0,
      row.health_score,
      row.status,
    );
  }
}

/** Rows of one path behind a place in the order (timestamp, id), up to and with `to`. */
export interface RowSpan {
  readonly path: PathId;
  readonly afterTimestamp: number;
  readonly afterId: number;
  readonly to: UnixSeconds;
  /** Besides the order: ids above this one only. */
  readonly idsAbove: number;
}

// The order is that of the given index, which ends with the rowid: no sorting.
const SELECT_SPAN =
  "SELECT * FROM sdwan_path_health WHERE path_id = ? AND (timestamp, health_id) > (?, ?)" +
  " AND timestamp <= ? AND health_id > ? ORDER BY timestamp, health_id LIMIT ?";

export function selectRows(db: Database, span: RowSpan, limit: number): NumberedRow[] {
  const { path, afterTimestamp, afterId, to, idsAbove } = span;
  return db
    .query<StoredRow, (string | number)[]>(SELECT_SPAN)
    .all(path, afterTimestamp, afterId, to, idsAbove, limit)
    .map((stored) => ({ id: stored.health_id, row: restore(stored) }));
}

/** null: no such row (any more). */
export function timestampOf(db: Database, id: number): number | null {
  const sql = "SELECT timestamp FROM sdwan_path_health WHERE health_id = ?";
  return db.query<{ timestamp: number }, [number]>(sql).get(id)?.timestamp ?? null;
}

/** The highest id ever given in this file: what AUTOINCREMENT remembers. */
export const LAST_ID =
  "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'sdwan_path_health'), 0)";
