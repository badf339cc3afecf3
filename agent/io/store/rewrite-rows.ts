/** In the Worker: the newest rows of a history, as many as fit, into a new file. */

import { constants, Database } from "bun:sqlite";
import { closeSync, fsyncSync, openSync } from "node:fs";
import { databaseUri, openDatabase, PAGE_BYTES } from "./database.ts";
import type { RewriteJob } from "./rewrite.ts";
import { dropRewrite } from "./rewrite.ts";

/** Share of the budget, and octets of a row with its part of the index (measured). */
const NEWEST = {
  sdwan_path_health: { id: "health_id", share: 0.15, octets: 87.5 },
  rollup_5m: { id: "k", share: 0.4, octets: 101 },
  rollup_1h: { id: "k", share: 0.15, octets: 117 },
  rollup_1d: { id: "k", share: 0.08, octets: 173 },
  sdwan_failover_events: { id: "event_id", share: 0.02, octets: 400 },
  audit: { id: "audit_id", share: 0.02, octets: 400 },
  alert_messages: { id: "record", share: 0.02, octets: 1_000 },
  status_change: { id: "change_id", share: 0.02, octets: 100 },
} as const;

type Limited = keyof typeof NEWEST;

/** Throws what SQLite throws; the old file is as it was then. */
export class Rewrite {
  readonly #job: RewriteJob;
  readonly #old: Database;

  private constructor(job: RewriteJob, old: Database) {
    this.#job = job;
    this.#old = old;
  }

  /** Holds the old file, so that it stays open when the agent closes it. */
  static open(job: RewriteJob): Rewrite {
    const flags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI;
    const old = new Database(databaseUri(job.path), flags);
    old.run("PRAGMA busy_timeout = 5000");
    // Opening is lazy; reading is not.
    old.query("SELECT count(*) FROM sqlite_schema").get();
    return new Rewrite(job, old);
  }

  /** All handles of both files are closed after it. */
  run(): null {
    const { path, into, maxPages } = this.#job;
    dropRewrite(this.#job);
    try {
      const opened = openDatabase({ path: into, maxPages, openTimeoutMs: 0 });
      if (opened.kind === "fault") throw new Error(opened.fault.reason);
      try {
        fill(opened.value, path, maxPages * PAGE_BYTES);
      } finally {
        opened.value.close();
      }
    } finally {
      this.#old.close();
    }
    sync(into);
    return null;
  }
}

function fill(db: Database, path: string, budget: number): void {
  // Nobody needs half of it: no WAL and no journal, one fsync at the end.
  db.query("PRAGMA journal_mode = OFF").get();
  db.run("PRAGMA cache_spill = ON");
  db.run("ATTACH ? AS old", [databaseUri(path)]);
  db.run("BEGIN");
  for (const table of tablesOf(db)) copyTable(db, table, budget);
  db.run("COMMIT");
  db.run("DETACH old");
  db.query("PRAGMA journal_mode = WAL").get();
}

function tablesOf(db: Database): string[] {
  const sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY name";
  return db
    .query<{ name: string }, []>(sql)
    .all()
    .map(({ name }) => name);
}

function copyTable(db: Database, table: string, budget: number): void {
  // Migrations may have left rows of their own in the new file.
  db.run(`DELETE FROM main.${table}`);
  const columns = columnsOf(db, table).join(", ");
  const copy = `INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM old.${table}`;
  if (!isLimited(table)) {
    db.run(copy);
    return;
  }
  const { id, share, octets } = NEWEST[table];
  const rows = Math.floor((share * budget) / octets);
  const after = `SELECT ${id} FROM old.${table} ORDER BY ${id} DESC LIMIT 1 OFFSET ?`;
  // Fewer rows than that: there is no such row, and all of them go along.
  db.query(`${copy} WHERE ${id} > coalesce((${after}), -9223372036854775808) ORDER BY ${id}`).run(
    rows,
  );
}

/** Generated columns cannot be written. */
function columnsOf(db: Database, table: string): string[] {
  return db
    .query<{ name: string }, []>(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => name);
}

function isLimited(table: string): table is Limited {
  return table in NEWEST;
}

function sync(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
