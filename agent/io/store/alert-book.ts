/**
 * What alerts remember: which were told and not ended, and the newest messages. It writes into the
 * history's file; while that cannot be written everything waits in memory, and goes with the next
 * write that works. Nobody waits for the disk or learns of its faults here.
 */

import type { Database } from "bun:sqlite";
import type {
  AlertBook,
  NotificationPage,
  NotificationQuery,
  RecordedNotification,
} from "../../controller/alerts/ports.ts";
import type { Notification } from "../../domain/alerts.ts";
import type { SavedAlerts } from "../../engine/alerts/persisted.ts";
import { parseSavedAlerts } from "../../engine/alerts/persisted.ts";
import { readNumber, transact } from "./database.ts";
import { attempt } from "./fault.ts";
import type { StoreHandle } from "./handle.ts";
import { readState, writeState } from "./state-rows.ts";

const STATE = "alerts";
/** Of memory, while the disk is away. */
const PENDING_MAX = 500;

interface Row {
  readonly record: number;
  readonly body: string;
}

export class SqliteAlertBook implements AlertBook {
  readonly #handle: StoreHandle;
  #keep = PENDING_MAX;
  #next = 1;
  #pending: RecordedNotification[] = [];
  /** As JSON; null: written. */
  #state: string | null = null;
  #restored: SavedAlerts | null = null;

  constructor(handle: StoreHandle) {
    this.#handle = handle;
    handle.watch({
      opened: (db) => this.#opened(db),
      closed: () => {},
      failed: () => {},
    });
  }

  load(): SavedAlerts | null {
    return this.#restored;
  }

  save(state: SavedAlerts): void {
    this.#state = JSON.stringify(state);
    this.#write();
  }

  record(notification: Notification): void {
    this.#pending.push({ ...notification, record: this.#next++ });
    if (this.#pending.length > PENDING_MAX) this.#pending.shift();
    this.#write();
  }

  history({ limit, cursor, severity }: NotificationQuery): NotificationPage {
    const before = cursor ?? Number.MAX_SAFE_INTEGER;
    const wanted = (one: RecordedNotification) =>
      one.record < before && (severity === null || one.severity === severity);
    const waiting = this.#pending.filter(wanted).reverse();
    // One more than asked for tells whether there is another page.
    const stored = this.#stored({ limit: limit + 1, cursor: before, severity });
    const all = [...waiting, ...stored].slice(0, limit + 1);
    const records = all.slice(0, limit);
    const last = records.at(-1);
    return { records, next: all.length > limit && last !== undefined ? last.record : null };
  }

  keep(count: number): void {
    this.#keep = count;
  }

  close(): void {
    this.#write();
  }

  #opened(db: Database): void {
    const newest = readNumber(db, "SELECT coalesce(max(record), 0) FROM alert_messages");
    this.#next = Math.max(this.#next, newest + 1);
    // Another file after a corrupt one does not know what is firing: what we know counts.
    if (this.#state !== null) return;
    const text = readState(db, STATE);
    this.#restored ??= text === null ? null : parseSavedAlerts(parsed(text));
  }

  #stored({ limit, cursor, severity }: NotificationQuery): RecordedNotification[] {
    const db = this.#handle.db;
    if (db === null) return [];
    const read = attempt("cannot read alerts", () =>
      db
        .query<Row, [number, string | null, number]>(
          `SELECT record, body FROM alert_messages
           WHERE record < ?1 AND (?2 IS NULL OR severity = ?2) ORDER BY record DESC LIMIT ?3`,
        )
        .all(cursor ?? 0, severity, limit),
    );
    if (read.kind === "fault") return [];
    // Our own rows: the shape is domain/alerts.ts's.
    return read.value.map(({ record, body }) => ({ ...JSON.parse(body), record }));
  }

  #write(): void {
    const db = this.#handle.db;
    if (db === null || !this.#handle.isWell) return;
    if (this.#state === null && this.#pending.length === 0) return;
    const done = transact(db, "cannot write alerts", () => {
      db.run("BEGIN IMMEDIATE");
      if (this.#state !== null) writeState(db, STATE, this.#state);
      for (const one of this.#pending) insert(db, one);
      db.query("DELETE FROM alert_messages WHERE record <= ?").run(this.#next - 1 - this.#keep);
      db.run("COMMIT");
    });
    if (done.kind === "fault") {
      this.#handle.fail(done.fault);
      return;
    }
    this.#state = null;
    this.#pending = [];
  }
}

function insert(db: Database, { record, ...notification }: RecordedNotification): void {
  db.query("INSERT OR REPLACE INTO alert_messages (record, severity, body) VALUES (?, ?, ?)").run(
    record,
    notification.severity,
    JSON.stringify(notification),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
