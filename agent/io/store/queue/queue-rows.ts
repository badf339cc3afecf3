/** The statements of the queue's file. Each throws what SQLite throws; the caller has the frame. */

import type { Database } from "bun:sqlite";
import type {
  DeadLetter,
  EntryKind,
  QueueEntry,
  StoredEntry,
  StoredLane,
  Taken,
} from "../../../controller/queue/ports.ts";
import type { UnixMillis } from "../../../domain/units.ts";
import { unixMillis } from "../../../domain/units.ts";

interface ItemRow {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly id: string;
  readonly created_ms: number;
  readonly expires_ms: number | null;
  readonly content_type: string;
  readonly body: Uint8Array;
}

interface SizeRow {
  readonly seq: number;
  readonly size: number;
}

export function lane(db: Database, name: string): StoredLane {
  const known = db
    .query<{ dest: number; not_before_ms: number }, [string]>(
      "SELECT dest, not_before_ms FROM destination WHERE name = ?",
    )
    .get(name);
  if (known === null) return { count: 0, bytes: 0, notBefore: 0 };
  // length() of a BLOB reads the row's header only.
  const sums = db
    .query<Taken, [number]>(
      `SELECT count(*) AS count, coalesce(sum(length(body)), 0) AS bytes
       FROM item WHERE dest = ?`,
    )
    .get(known.dest);
  return { count: sums?.count ?? 0, bytes: sums?.bytes ?? 0, notBefore: known.not_before_ms };
}

export function insert(
  db: Database,
  name: string,
  entries: readonly QueueEntry[],
): readonly number[] {
  const dest = destOf(db, name) ?? addDestination(db, name);
  const statement = db.query(
    `INSERT INTO item (dest, kind, id, created_ms, expires_ms, content_type, body)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  return entries.map(({ kind, id, createdAt, expiresAt, contentType, body }) => {
    const done = statement.run(dest, kind, id, createdAt, expiresAt, contentType, body);
    return Number(done.lastInsertRowid);
  });
}

export function after(db: Database, name: string, seq: number): StoredEntry | null {
  const dest = destOf(db, name);
  if (dest === null) return null;
  const row = db
    .query<ItemRow, [number, number]>(
      `SELECT seq, kind, id, created_ms, expires_ms, content_type, body
       FROM item WHERE dest = ? AND seq > ? ORDER BY seq LIMIT 1`,
    )
    .get(dest, seq);
  if (row === null) return null;
  return {
    seq: row.seq,
    kind: row.kind,
    id: row.id,
    createdAt: unixMillis(row.created_ms),
    expiresAt: row.expires_ms === null ? null : unixMillis(row.expires_ms),
    contentType: row.content_type,
    body: row.body,
  };
}

export function oldest(db: Database, name: string, seq: number): UnixMillis | null {
  const dest = destOf(db, name);
  if (dest === null) return null;
  const row = db
    .query<{ created_ms: number }, [number, number]>(
      "SELECT created_ms FROM item WHERE dest = ? AND seq > ? ORDER BY seq LIMIT 1",
    )
    .get(dest, seq);
  return row === null ? null : unixMillis(row.created_ms);
}

export function has(db: Database, name: string, id: string): boolean {
  const dest = destOf(db, name);
  if (dest === null) return false;
  const query = "SELECT 1 FROM item WHERE dest = ? AND id = ? LIMIT 1";
  return db.query(query).get(dest, id) !== null;
}

export function removeThrough(db: Database, name: string, seq: number): null {
  const dest = destOf(db, name);
  if (dest !== null) db.query("DELETE FROM item WHERE dest = ? AND seq <= ?").run(dest, seq);
  return null;
}

export function removeOldest(
  db: Database,
  name: string,
  need: { readonly seq: number; readonly bytes: number },
): Taken {
  const dest = destOf(db, name);
  if (dest === null) return { count: 0, bytes: 0 };
  const sizes = db
    .query<SizeRow, [number, number]>(
      "SELECT seq, length(body) AS size FROM item WHERE dest = ? AND seq > ? ORDER BY seq",
    )
    .iterate(dest, need.seq);
  let last = need.seq;
  let count = 0;
  let bytes = 0;
  for (const { seq, size } of sizes) {
    if (bytes >= need.bytes) break;
    last = seq;
    count++;
    bytes += size;
  }
  const range = "DELETE FROM item WHERE dest = ? AND seq > ? AND seq <= ?";
  db.query(range).run(dest, need.seq, last);
  return { count, bytes };
}

export function holdUntil(db: Database, name: string, notBefore: number): null {
  db.query("UPDATE destination SET not_before_ms = ? WHERE name = ?").run(notBefore, name);
  return null;
}

export function removeOthers(db: Database, names: readonly string[]): Taken {
  const others = `dest NOT IN (
    SELECT dest FROM destination WHERE name IN (SELECT value FROM json_each(?)))`;
  const gone = db
    .query<Taken, [string]>(
      `SELECT count(*) AS count, coalesce(sum(length(body)), 0) AS bytes
       FROM item WHERE ${others}`,
    )
    .get(JSON.stringify(names));
  db.query(`DELETE FROM item WHERE ${others}`).run(JSON.stringify(names));
  return gone ?? { count: 0, bytes: 0 };
}

export function deadLetters(db: Database): readonly DeadLetter[] {
  const found = db.query<{ letter: string }, []>("SELECT letter FROM dead_letter ORDER BY n").all();
  // Written by keepDeadLetters of this schema's version.
  return found.map(({ letter }) => JSON.parse(letter) as DeadLetter);
}

export function keepDeadLetters(db: Database, letters: readonly DeadLetter[]): null {
  db.run("DELETE FROM dead_letter");
  const statement = db.query("INSERT INTO dead_letter (letter) VALUES (?)");
  for (const letter of letters) statement.run(JSON.stringify(letter));
  return null;
}

function destOf(db: Database, name: string): number | null {
  const row = db
    .query<{ dest: number }, [string]>("SELECT dest FROM destination WHERE name = ?")
    .get(name);
  return row?.dest ?? null;
}

function addDestination(db: Database, name: string): number {
  return Number(db.query("INSERT INTO destination (name) VALUES (?)").run(name).lastInsertRowid);
}
