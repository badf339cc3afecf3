/**
 * A file of the first release, with data, on its way to the newest schema: killed at every write
 * of the way, it is at one of the versions, whole, and the next start finishes.
 */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../agent/io/store/database.ts";
import { temporaryFolder } from "../support/journals.ts";

const MIGRATOR = join(import.meta.dir, "../support/migrator.ts");
const FIRST = join(import.meta.dir, "../../agent/io/store/migrations/0001-given-tables.sql");
const ROWS = 500;
const NEWEST = 5;
const CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink";

let folder: ReturnType<typeof temporaryFolder>;
let old: string;

beforeAll(() => {
  folder = temporaryFolder();
  old = join(folder.path, "old.db");
  const db = new Database(old);
  for (const name of ["page_size = 1024", "auto_vacuum = NONE", "journal_mode = WAL"]) {
    db.run(`PRAGMA ${name}`);
  }
  db.run(readFileSync(FIRST, "utf8"));
  db.run("PRAGMA user_version = 1");
  const check = db.query(
    "INSERT INTO sdwan_path_health VALUES (?, 'fiber', ?, 12.5, 0, 1, 9, 'up')",
  );
  for (let i = 1; i <= ROWS; i++) check.run(i, 1_700_000_000 + i * 60);
  db.run(
    "INSERT INTO sdwan_failover_policies VALUES (1, 'p', 'fiber', '[\"lte\"]', 50, 80, 60, 1)",
  );
  db.run(
    "INSERT INTO sdwan_failover_events VALUES (3, 1, 'completed', 'fiber', 'lte', 'loss', 1700000100)",
  );
  db.close();
});

afterAll(() => folder.remove());

/** A fresh copy of the old file. */
function copy(name: string): string {
  const path = join(folder.path, name);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  copyFileSync(old, path);
  return path;
}

/** The file and its WAL as they were left: to look at them in place would tidy them up. */
function apart(path: string): string {
  const other = join(folder.path, "left.db");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${other}${suffix}`, { force: true });
  copyFileSync(path, other);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${other}-wal`);
  return other;
}

function contents(path: string) {
  const db = new Database(path);
  const one = <T>(sql: string) => db.query<T, []>(sql).get();
  const all = {
    integrity: one("PRAGMA integrity_check"),
    version: one<{ user_version: number }>("PRAGMA user_version")?.user_version ?? -1,
    checks: db.query("SELECT * FROM sdwan_path_health").all(),
    events: db
      .query("SELECT event_id, event_type, reason, timestamp FROM sdwan_failover_events")
      .all(),
    schema: db.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all(),
  };
  db.close();
  return all;
}

/** false: the process ended by itself before its N-th call. */
async function killAt(path: string, n: number): Promise<boolean> {
  const inject = `inject=${CALLS}:signal=KILL:when=${n}`;
  const filter = ["-P", path, "-P", `${path}-wal`];
  const command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, ...filter];
  const child = Bun.spawn([...command, process.execPath, MIGRATOR, path], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await child.exited;
  return child.exitCode !== 0;
}

describe("the way of an old file to the newest schema", () => {
  test("keeps every row, and its tables are those of a new file", () => {
    const path = copy("whole.db");
    const before = contents(path);
    openNow(path);
    const after = contents(path);
    expect(after).toMatchObject({ version: NEWEST, integrity: { integrity_check: "ok" } });
    expect([after.checks, after.events]).toEqual([before.checks, before.events]);
    const fresh = join(folder.path, "fresh.db");
    openNow(fresh);
    expect(after.schema).toEqual(contents(fresh).schema);
  });

  test(
    "killed at any write of it, the next start finishes",
    async () => {
      const wanted = contents(openNow(copy("wanted.db")));
      let kills = 0;
      const seen = new Set<number>();
      const step = process.env["FULL"] === "1" ? 1 : 4;
      for (let n = 1; n < 500; n += step) {
        const path = copy("killed.db");
        if (!(await killAt(path, n))) break;
        kills++;
        const left = contents(apart(path));
        expect(left.integrity).toEqual({ integrity_check: "ok" });
        expect(left.checks).toEqual(wanted.checks);
        seen.add(left.version);
        expect(contents(openNow(path))).toEqual(wanted);
      }
      expect(kills).toBeGreaterThan(3);
      expect([...seen].every((version) => version >= 1 && version <= NEWEST)).toBe(true);
      expect(seen.size).toBeGreaterThan(1);
    },
    { timeout: 300_000 },
  );
});

function openNow(path: string): string {
  const opened = openDatabase({ path, maxPages: 49_152, openTimeoutMs: 0 });
  if (opened.kind === "fault") throw new Error(opened.fault.reason);
  opened.value.close();
  return path;
}
