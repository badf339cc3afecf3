/** Rows of sdwan_failover_events and audit: what a record becomes, and what it is read back as. */

import type { Database } from "bun:sqlite";
import type {
  AuditQuery,
  EventQuery,
  RecordedAudit,
  RecordedEvent,
} from "../../controller/failover/ports.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Micros } from "../../domain/units.ts";
import { unixMillis, unixSeconds } from "../../domain/units.ts";
import type { Evidence } from "../../engine/failover/effect.ts";
import { readNumber } from "./database.ts";

/** Where a record stands on CLOCK_MONOTONIC, until its wall time is known. */
export interface GuessedTime {
  readonly bootId: string;
  readonly monotonicUs: number;
}

export type StoredRecord = { readonly guessed: GuessedTime | null } & (
  | { readonly kind: "event"; readonly record: RecordedEvent }
  | { readonly kind: "audit"; readonly record: RecordedAudit }
);

export interface RecordIds {
  readonly event: number;
  readonly audit: number;
}

const SEQUENCE = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '";

/** The highest ids ever given in this file. */
export function lastIds(db: Database): RecordIds {
  return {
    event: readNumber(db, `${SEQUENCE}sdwan_failover_events'), 0)`),
    audit: readNumber(db, `${SEQUENCE}audit'), 0)`),
  };
}

const INSERT_EVENT = `INSERT INTO sdwan_failover_events (event_id, policy_id, event_type,
  from_path_id, to_path_id, reason, timestamp, timestamp_ms, family, order_id, cause,
  primary_health_score, backup_health_score, duration_us, evidence, boot_id, monotonic_us)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_AUDIT = `INSERT INTO audit (audit_id, action, author, reason, policy_id, path_id,
  outcome, detail, timestamp, timestamp_ms, boot_id, monotonic_us)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Within the caller's transaction. */
export function insertRecord(db: Database, stored: StoredRecord): void {
  if (stored.kind === "event") insertEvent(db, stored.record, stored.guessed);
  else insertAudit(db, stored.record, stored.guessed);
}

function insertEvent(db: Database, event: RecordedEvent, guessed: GuessedTime | null): void {
  const { id, policy, type, from, to, reason, at, family, order, cause, duration } = event;
  db.query(INSERT_EVENT).run(
    id,
    policy,
    type,
    from,
    to,
    reason,
    unixSeconds(at / 1_000),
    Math.round(at),
    family,
    order,
    cause,
    finite(event.primaryScore),
    finite(event.backupScore),
    duration === null ? null : Math.round(duration),
    event.evidence.length === 0 ? null : JSON.stringify(event.evidence),
    guessed?.bootId ?? null,
    guessed?.monotonicUs ?? null,
  );
}

/** SQLite stores NaN as NULL, but what is shown before and after must be the same. */
function finite(score: number | null): number | null {
  return score !== null && Number.isFinite(score) ? score : null;
}

function insertAudit(db: Database, audit: RecordedAudit, guessed: GuessedTime | null): void {
  const { id, action, author, reason, policy, path, outcome, detail, at } = audit;
  db.query(INSERT_AUDIT).run(
    id,
    action,
    author,
    reason,
    policy,
    path,
    outcome,
    detail,
    unixSeconds(at / 1_000),
    Math.round(at),
    guessed?.bootId ?? null,
    guessed?.monotonicUs ?? null,
  );
}

interface EventRow {
  event_id: number;
  policy_id: number;
  event_type: RecordedEvent["type"];
  from_path_id: PathId | null;
  to_path_id: PathId | null;
  reason: string;
  timestamp: number;
  timestamp_ms: number | null;
  family: RecordedEvent["family"];
  order_id: number | null;
  cause: RecordedEvent["cause"];
  primary_health_score: number | null;
  backup_health_score: number | null;
  duration_us: Micros | null;
  evidence: string | null;
}

function restoreEvent(row: EventRow): RecordedEvent {
  return {
    id: row.event_id,
    // Rows of earlier releases, or of another program, have whole seconds only.
    at: unixMillis(row.timestamp_ms ?? row.timestamp * 1_000),
    type: row.event_type,
    policy: row.policy_id,
    family: row.family,
    order: row.order_id,
    from: row.from_path_id,
    to: row.to_path_id,
    cause: row.cause,
    reason: row.reason,
    primaryScore: row.primary_health_score,
    backupScore: row.backup_health_score,
    evidence: parseEvidence(row.evidence),
    duration: row.duration_us,
  };
}

/** One unreadable value must not hide the page it stands on. */
function parseEvidence(text: string | null): readonly Evidence[] {
  if (text === null) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

interface AuditRow {
  audit_id: number;
  action: string;
  author: string;
  reason: string;
  policy_id: number | null;
  path_id: PathId | null;
  outcome: RecordedAudit["outcome"];
  detail: string;
  timestamp_ms: number;
}

function restoreAudit(row: AuditRow): RecordedAudit {
  const { audit_id, action, author, reason, policy_id, path_id, outcome, detail } = row;
  const at = unixMillis(row.timestamp_ms);
  const what = { action, author, reason, outcome, detail };
  return { id: audit_id, at, ...what, policy: policy_id, path: path_id };
}

type Condition = readonly [sql: string, ...values: (string | number | null)[]];

function pageSql(
  table: "sdwan_failover_events" | "audit",
  query: EventQuery | AuditQuery,
  more: readonly Condition[],
): readonly [string, (string | number | null)[]] {
  const id = table === "audit" ? "audit_id" : "event_id";
  const newestFirst = query.order === "newest-first";
  // Who follows has seen nearly all: from the cursor on by key, not through the policy's index.
  const policy = !newestFirst && query.cursor !== null ? "+policy_id" : "policy_id";
  const conditions: Condition[] = [
    [`${id} ${newestFirst ? "<" : ">"} ?`, query.cursor],
    ["timestamp >= ?", query.since],
    ["timestamp <= ?", query.until],
    [`${policy} = ?`, query.policy],
    ...more,
  ];
  const wanted = conditions.filter(([, first]) => first !== null);
  const where = wanted.length === 0 ? "" : ` WHERE ${wanted.map(([sql]) => sql).join(" AND ")}`;
  const order = newestFirst ? "DESC" : "ASC";
  // The ids first: with a policy they come from the given index, and whole rows are not sorted.
  const ids = `SELECT ${id} FROM ${table}${where} ORDER BY ${id} ${order} LIMIT ?`;
  const sql = `SELECT * FROM ${table} WHERE ${id} IN (${ids}) ORDER BY ${id} ${order}`;
  return [sql, wanted.flatMap(([, ...values]) => values)];
}

/** In the order asked for, at most `rows`. */
export function selectEvents(db: Database, query: EventQuery, rows: number): RecordedEvent[] {
  const [sql, values] = pageSql("sdwan_failover_events", query, [
    ["event_type = ?", query.type],
    ["(from_path_id = ? OR to_path_id = ?)", query.path, query.path],
  ]);
  type Row = (string | number | null)[];
  return db
    .query<EventRow, Row>(sql)
    .all(...values, rows)
    .map(restoreEvent);
}

export function selectAudits(db: Database, query: AuditQuery, rows: number): RecordedAudit[] {
  const [sql, values] = pageSql("audit", query, [
    ["action = ?", query.action],
    ["path_id = ?", query.path],
  ]);
  type Row = (string | number | null)[];
  return db
    .query<AuditRow, Row>(sql)
    .all(...values, rows)
    .map(restoreAudit);
}

/** Time of the newest record, Unix ms; 0: none. */
export function newestRecordMs(db: Database): number {
  const sql =
    "SELECT max(coalesce((SELECT timestamp FROM sdwan_failover_events ORDER BY event_id DESC" +
    " LIMIT 1), 0), coalesce((SELECT timestamp FROM audit ORDER BY audit_id DESC LIMIT 1), 0))";
  return readNumber(db, sql) * 1_000;
}

/** Are there rows of this boot whose time was guessed? */
export function hasGuessed(db: Database, bootId: string): boolean {
  const sql =
    "SELECT EXISTS (SELECT 1 FROM sdwan_failover_events WHERE boot_id = ?1)" +
    " OR EXISTS (SELECT 1 FROM audit WHERE boot_id = ?1) AS found";
  return db.query<{ found: number }, [string]>(sql).get(bootId)?.found === 1;
}

/** `offsetMs`: wall time minus CLOCK_MONOTONIC. Within the caller's transaction. */
export function correctGuessed(db: Database, bootId: string, offsetMs: number): void {
  for (const table of ["sdwan_failover_events", "audit"]) {
    const ms = "(monotonic_us / 1000 + ?1)";
    db.query(
      `UPDATE ${table} SET timestamp = ${ms} / 1000, timestamp_ms = ${ms},` +
        " boot_id = NULL, monotonic_us = NULL WHERE boot_id = ?2",
    ).run(Math.round(offsetMs), bootId);
  }
}
