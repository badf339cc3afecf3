/** Rows of maintenance_span and status_change, and the statements for them. */

import type { Database } from "bun:sqlite";
import type { TimeSpan } from "../../controller/sla/ports.ts";
import type { PathId } from "../../domain/ids.ts";
import type { MaintenanceSpan, StatusMark } from "../../domain/sla.ts";
import { STATUSES } from "../../domain/status.ts";
import { unixSeconds } from "../../domain/units.ts";

export interface SpanRow {
  readonly id: number;
  readonly path: PathId;
  readonly began: number;
  readonly ended: number | null;
  readonly author: string;
  readonly reason: string;
}

const SPAN_COLUMNS = "span_id AS id, path_id AS path, began, ended, author, reason";

export function spanOf({ path, began, ended, author, reason }: SpanRow): MaintenanceSpan {
  const to = ended === null ? null : unixSeconds(ended);
  return { path, from: unixSeconds(began), to, author, reason };
}

export function putSpan(db: Database, row: SpanRow): void {
  db.query(
    "INSERT OR REPLACE INTO maintenance_span (span_id, path_id, began, ended, author, reason)" +
      " VALUES (?, ?, ?, ?, ?, ?)",
  ).run(row.id, row.path, row.began, row.ended, row.author, row.reason);
}

export function openSpans(db: Database): SpanRow[] {
  const sql = `SELECT ${SPAN_COLUMNS} FROM maintenance_span WHERE ended IS NULL ORDER BY span_id`;
  return db.query<SpanRow, []>(sql).all();
}

/** Operators make a few a month: a scan is cheaper than an index to keep. */
export function selectSpans(db: Database, path: PathId, { from, to }: TimeSpan): SpanRow[] {
  const sql =
    `SELECT ${SPAN_COLUMNS} FROM maintenance_span` +
    " WHERE path_id = ? AND began < ? AND (ended IS NULL OR ended > ?) ORDER BY began";
  return db.query<SpanRow, [string, number, number]>(sql).all(path, to, from);
}

export function insertMark(db: Database, { at, path, status, cause }: StatusMark): void {
  db.query("INSERT INTO status_change (timestamp, path_id, status, cause) VALUES (?, ?, ?, ?)").run(
    at,
    path,
    status,
    cause,
  );
}

interface MarkRow {
  readonly at: number;
  readonly status: string;
  readonly cause: string;
}

export function selectMarks(db: Database, path: PathId, { from, to }: TimeSpan): StatusMark[] {
  const sql =
    "SELECT timestamp AS at, status, cause FROM status_change" +
    " WHERE path_id = ? AND timestamp BETWEEN ? AND ? ORDER BY timestamp, change_id";
  return db
    .query<MarkRow, [string, number, number]>(sql)
    .all(path, from, to)
    .flatMap(({ at, status: name, cause }) => {
      const status = STATUSES.find((one) => one === name);
      return status === undefined ? [] : [{ path, at: unixSeconds(at), status, cause }];
    });
}
