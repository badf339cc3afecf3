/**
 * Opens the history database: pragmas in the one order that works, then migrations by
 * `user_version`, each in a transaction of its own. The VFS `unix-excl` keeps the WAL index in the
 * heap and locks the file for this process: no `-shm` file on flash, no other process beside us.
 *
 * Trap: nothing else in this process may open the file or its WAL by other means, not even to read
 * it. Closing such a descriptor drops SQLite's POSIX locks. `stat` and `chmod` by name are safe.
 */

import { constants, Database } from "bun:sqlite";
import { accessSync, chmodSync, existsSync, constants as fs, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Attempt } from "./fault.ts";
import { attempt } from "./fault.ts";
import givenTables from "./migrations/0001-given-tables.sql" with { type: "text" };
import rollups from "./migrations/0002-rollups.sql" with { type: "text" };
import failover from "./migrations/0003-failover.sql" with { type: "text" };

/** The file's `user_version` is the number of these it has. Append only. */
const MIGRATIONS: readonly string[] = [givenTables, rollups, failover];

/** Below the flash's 4 KiB on purpose: a flush dirties scattered pages, and the WAL is small. */
export const PAGE_BYTES = 1024;
/** A page in the WAL with its frame header. */
export const WAL_FRAME_BYTES = PAGE_BYTES + 24;

export interface DatabaseOptions {
  readonly path: string;
  /** Growth beyond it is a clean SQLITE_FULL. Not stored in the file. */
  readonly maxPages: number;
  /** How long to wait for an old process to let go of the file; this blocks the event loop. */
  readonly openTimeoutMs: number;
  /** Default: those of the history. */
  readonly migrations?: readonly string[];
}

/** The URI of the file; `?`, `#` and `%` of the path are escaped. */
export function databaseUri(path: string): string {
  // resolve() also folds a leading "//", which SQLite would read as a host.
  const escaped = resolve(path).replace(/[%?#]/g, (mark) => encodeURIComponent(mark));
  return `file:${escaped}?vfs=unix-excl`;
}

/** Never throws for a fault of the disk or the file. */
export function openDatabase(options: DatabaseOptions): Attempt<Database> {
  const made = attempt("cannot open history database", () => openFile(options.path));
  if (made.kind === "fault") return made;
  const db = made.value;
  const prepared = attempt("cannot open history database", () => prepare(db, options));
  if (prepared.kind === "ok" && prepared.value === null) return made;
  db.close();
  if (prepared.kind === "fault") return prepared;
  return { kind: "fault", fault: { kind: "unsuited", reason: prepared.value ?? "" } };
}

function openFile(path: string): Database {
  const folder = dirname(resolve(path));
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const isNew = !existsSync(path);
  // Whoever may not write cannot even read: unix-excl locks for writing, and there is a WAL to
  // make. SQLite would only say "unable to open", this names the reason.
  for (const needed of isNew ? [folder] : [folder, path]) accessSync(needed, fs.R_OK | fs.W_OK);
  const flags =
    constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE | constants.SQLITE_OPEN_URI;
  const db = new Database(databaseUri(path), flags);
  // The WAL takes the mode of the file.
  if (isNew) chmodSync(path, 0o600);
  return db;
}

/** null, or why this file is not ours to use. Nothing is written before that is known. */
function prepare(db: Database, options: DatabaseOptions): string | null {
  db.run(`PRAGMA busy_timeout = ${options.openTimeoutMs}`);
  // A damaged file may still answer user_version 0: reading the schema tells it from a new one.
  const objects = readNumber(db, "SELECT count(*) FROM sqlite_schema");
  const version = readNumber(db, "PRAGMA user_version");
  const migrations = options.migrations ?? MIGRATIONS;
  const file = { path: options.path, known: migrations.length };
  const problem = refusal(version, objects, file) ?? applyPragmas(db, options);
  if (problem !== null) return problem;
  migrate(db, version, migrations);
  // While serving a wait would block the event loop.
  db.run("PRAGMA busy_timeout = 0");
  return null;
}

function refusal(
  version: number,
  objects: number,
  { path, known }: { readonly path: string; readonly known: number },
): string | null {
  if (version > known) {
    return `cannot use ${path}: it is from a newer release (schema ${version}, known ${known})`;
  }
  if (version === 0 && objects > 0) {
    return `cannot use ${path}: it is a database of another program (schema 0, ${objects} objects)`;
  }
  return null;
}

function applyPragmas(db: Database, options: DatabaseOptions): string | null {
  // These two count only before the first write of any kind, WAL mode included.
  db.run(`PRAGMA page_size = ${PAGE_BYTES}`);
  db.run("PRAGMA auto_vacuum = NONE");
  const mode = db.query<{ journal_mode: string }, []>("PRAGMA journal_mode = WAL").get();
  if (mode?.journal_mode !== "wal") {
    return `cannot use ${options.path}: journal_mode is ${mode?.journal_mode}, wanted wal`;
  }
  const pageBytes = readNumber(db, "PRAGMA page_size");
  if (pageBytes !== PAGE_BYTES) {
    return `cannot use ${options.path}: page_size is ${pageBytes}, wanted ${PAGE_BYTES}`;
  }
  db.run("PRAGMA synchronous = NORMAL");
  // Checkpoints hold the only fsyncs; see checkpoint.ts.
  db.run("PRAGMA wal_autocheckpoint = 0");
  // The WAL keeps its blocks and is overwritten in place.
  db.run("PRAGMA journal_size_limit = -1");
  // A smaller cache spills a large flush into the WAL twice.
  db.run("PRAGMA cache_size = -2000");
  db.run("PRAGMA cache_spill = OFF");
  db.run("PRAGMA temp_store = MEMORY");
  // Deleting a policy keeps its events.
  db.run("PRAGMA foreign_keys = OFF");
  // An I/O error under mmap would be SIGBUS.
  db.run("PRAGMA mmap_size = 0");
  db.run(`PRAGMA max_page_count = ${options.maxPages}`);
  return null;
}

function migrate(db: Database, version: number, migrations: readonly string[]): void {
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    // A handle that fails here is closed, which rolls back.
    db.run("BEGIN IMMEDIATE");
    db.run(sql);
    db.run(`PRAGMA user_version = ${index + 1}`);
    db.run("COMMIT");
  }
}

/** Runs a step that begins and commits a transaction; a fault leaves none behind. */
export function transact<T>(db: Database, action: string, step: () => T): Attempt<T> {
  const done = attempt(action, step);
  // SQLite rolls back by itself after some faults only.
  if (done.kind === "fault" && db.inTransaction) {
    attempt("cannot roll back", () => db.run("ROLLBACK"));
  }
  return done;
}

/** The single number of a statement that answers one row of one column. */
export function readNumber(db: Database, sql: string): number {
  const row = db.query<Record<string, number>, []>(sql).get();
  return Object.values(row ?? {})[0] ?? 0;
}

/** Pages in the WAL that are not yet in the database file. NOOP only asks. */
export function walBacklog(db: Database): number {
  const answer = db
    .query<{ log: number; checkpointed: number }, []>("PRAGMA wal_checkpoint(NOOP)")
    .get();
  return answer === null ? 0 : Math.max(0, answer.log - answer.checkpointed);
}
