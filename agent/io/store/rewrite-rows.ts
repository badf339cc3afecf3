/** In the Worker: the newest rows of a history, as many as fit, into a new file. */

import type { Database } from "bun:sqlite";
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
export function rewriteRows(job: RewriteJob): void {
  dropRewrite(job);
  const opened = openDatabase({ path: job.into, maxPages: job.maxPages, openTimeoutMs: 0 });
  if (opened.kind === "fault") throw new Error(opened.fault.reason);
  const db = opened.value;
  try {
    // Nobody needs half of it: no WAL and no journal, one fsync at the end.
    db.query("PRAGMA journal_mode = OFF").get();
    db.run("PRAGMA cache_spill = ON");
    db.run("ATTACH ? AS old", [databaseUri(job.path)]);
    db.run("BEGIN");
    for (const table of tablesOf(db)) copyTable(db, table, job.maxPages * PAGE_BYTES);
    db.run("COMMIT");
    db.run("DETACH old");
    db.query("PRAGMA journal_mode = WAL").get();
  } finally {
    db.close();
  }
  sync(job.into);
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
