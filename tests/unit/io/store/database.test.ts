import { constants, Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { databaseUri, openDatabase } from "../../../../agent/io/store/database.ts";
import { temporaryFolder } from "../../../support/journals.ts";

const MIGRATIONS = join(import.meta.dir, "../../../../agent/io/store/migrations");
const SCHEMA = join(import.meta.dir, "../../../vectors/schema.sql");

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "state", "a.db");
});

afterEach(() => folder.remove());

function open(at = path) {
  return openDatabase({ path: at, maxPages: 49_152, openTimeoutMs: 0 });
}

function opened(at = path): Database {
  const result = open(at);
  if (result.kind === "fault") throw new Error(result.fault.reason);
  return result.value;
}

function pragma(db: Database, name: string): unknown {
  return Object.values(db.query<Record<string, unknown>, []>(`PRAGMA ${name}`).get() ?? {})[0];
}

/** One statement per line, without comments and with single blanks. */
function statements(sql: string): string[] {
  return sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.replace(/\s+/g, " ").trim())
    .filter((statement) => statement !== "");
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** As version 1 of the schema left it, with a row and without a WAL. */
function fileOfFirstRelease(at: string): string {
  mkdirSync(join(folder.path, "state"), { recursive: true });
  const db = new Database(at);
  for (const name of ["page_size = 1024", "auto_vacuum = NONE", "journal_mode = WAL"]) {
    db.run(`PRAGMA ${name}`);
  }
  db.run(readFileSync(SCHEMA, "utf8"));
  db.run("INSERT INTO sdwan_path_health VALUES (7, 'fiber', 1700000000, 12.5, 0, 1, 99, 'up')");
  db.run("PRAGMA user_version = 1");
  db.close();
  return at;
}

describe("openDatabase()", () => {
  test("openDatabase() makes the three given tables to the letter", () => {
    const db = opened();
    const made = db
      .query<{ sql: string }, []>(
        "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      )
      .all()
      .flatMap(({ sql }) => statements(sql));
    db.close();
    const given = statements(readFileSync(SCHEMA, "utf8"));
    // Columns that a later migration has added are the only difference.
    const failover = statements(readFileSync(join(MIGRATIONS, "0003-failover.sql"), "utf8"));
    const added = failover.flatMap((one) => / ADD COLUMN (.*)$/.exec(one)?.[1] ?? []);
    expect(added.length).toBeGreaterThan(5);
    const bare = made
      .slice(0, given.length)
      .map((one) => added.reduce((text, column) => text.replace(` , ${column}`, ""), one))
      .map((one) => added.reduce((text, column) => text.replace(`, ${column}`, ""), one));
    // SQLite keeps the blanks before a column that it appends.
    const closed = (one: string) => one.replace(/ \)$/, ")");
    expect(bare.map(closed)).toEqual(given.map(closed));
  });

  test("openDatabase() sets every pragma, in an order that works", () => {
    const db = opened();
    const names = [
      "page_size",
      "auto_vacuum",
      "journal_mode",
      "synchronous",
      "wal_autocheckpoint",
      "journal_size_limit",
      "busy_timeout",
      "cache_size",
      "temp_store",
      "foreign_keys",
      "max_page_count",
      "user_version",
    ];
    const values = names.map((name) => pragma(db, name));
    db.close();
    expect(values).toEqual([1024, 0, "wal", 1, 0, -1, 0, -2000, 2, 0, 49_152, 3]);
  });

  test("openDatabase() makes the folder and a file that only we can read", () => {
    const db = opened();
    expect(statSync(join(folder.path, "state")).mode & 0o777).toBe(0o750 & ~process.umask());
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}-shm`)).toBe(false);
    db.close();
  });

  test("openDatabase() finds its tables again and removes the WAL at close", () => {
    opened().close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    const db = opened();
    expect(pragma(db, "user_version")).toBe(3);
    db.close();
  });

  test("openDatabase() brings a file of the first release up to date and keeps its rows", () => {
    const old = new Database(fileOfFirstRelease(path));
    const rows = old.query("SELECT * FROM sdwan_path_health").all();
    old.close();
    const db = opened();
    expect(pragma(db, "user_version")).toBe(3);
    expect(db.query("SELECT * FROM sdwan_path_health").all()).toEqual(rows);
    const fresh = opened(join(folder.path, "fresh.db"));
    const schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name";
    expect(db.query(schema).all()).toEqual(fresh.query(schema).all());
    fresh.close();
    db.close();
  });

  test("openDatabase() leaves an old file as it is when the migration fails half way", () => {
    const old = new Database(fileOfFirstRelease(path));
    // Stands in the way of the last table of the migration.
    old.run("CREATE TABLE boot (x)");
    old.close();
    expect(open().kind).toBe("fault");
    const after = new Database(path);
    expect(pragma(after, "user_version")).toBe(1);
    expect(after.query("SELECT 1 FROM sqlite_schema WHERE name = 'rollup_5m'").get()).toBeNull();
    after.close();
  });

  test.each(["a?b.db", "a#b.db", "a%41b.db", "a b.db", "ü.db"])(
    "openDatabase() opens exactly the file %p",
    (name) => {
      opened(join(folder.path, name)).close();
      expect(existsSync(join(folder.path, name))).toBe(true);
    },
  );

  test("openDatabase() does not touch a database from a newer release", () => {
    const db = opened();
    db.run("PRAGMA user_version = 99");
    db.close();
    const before = sha256(path);
    const result = open();
    expect(result.kind === "fault" && result.fault.kind).toBe("unsuited");
    expect(result.kind === "fault" && result.fault.reason).toContain("newer release (schema 99");
    expect(sha256(path)).toBe(before);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test("openDatabase() does not touch a database of another program", () => {
    const other = join(folder.path, "other.db");
    const db = new Database(other);
    db.run("CREATE TABLE mine (x)");
    db.close();
    const before = sha256(other);
    const result = open(other);
    expect(result.kind === "fault" && result.fault.kind).toBe("unsuited");
    expect(sha256(other)).toBe(before);
  });

  test("openDatabase() takes an empty file for a new one", () => {
    const empty = join(folder.path, "empty.db");
    new Database(empty, constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE).close();
    expect(statSync(empty).size).toBe(0);
    const db = opened(empty);
    expect(pragma(db, "page_size")).toBe(1024);
    db.close();
  });

  test("openDatabase() answers with a fault where the path is a folder", () => {
    const result = open(folder.path);
    expect(result.kind === "fault" && result.fault.kind).toBe("broken");
  });
});

describe("databaseUri()", () => {
  test("databaseUri() escapes what a URI would read as its own", () => {
    expect(databaseUri("/a/%41?x#y.db")).toBe("file:/a/%2541%3Fx%23y.db?vfs=unix-excl");
  });

  test("databaseUri() folds a leading double slash, which would be a host", () => {
    expect(databaseUri("//host/a.db")).toBe("file:/host/a.db?vfs=unix-excl");
  });
});
