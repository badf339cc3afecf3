/** What damage to the file does: the agent goes on with a new one, and the old one is kept. */

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenJournal } from "../support/journals.ts";
import { everything, healthRow, openJournal, temporaryFolder } from "../support/journals.ts";

const PAGE = 1024;
const ROWS = 2_000;

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
let opened: OpenJournal | null = null;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "a.db");
});

afterEach(() => {
  opened?.journal.close();
  opened = null;
  folder.remove();
});

function open(): OpenJournal {
  opened = openJournal(path);
  return opened;
}

/** A closed database with rows; answers with the first page of the table and of its index. */
function makeHistory(): { readonly table: number; readonly index: number } {
  const { journal } = openJournal(path);
  for (let i = 0; i < ROWS; i++) journal.recordCheck(healthRow(i));
  journal.close();
  // Not read-only: such a connection leaves a WAL behind.
  const db = new Database(path);
  const root = (name: string) =>
    db
      .query<{ rootpage: number }, [string]>("SELECT rootpage FROM sqlite_schema WHERE name = ?")
      .get(name)?.rootpage ?? 0;
  const roots = { table: root("sdwan_path_health"), index: root("idx_path_health_path_time") };
  db.close();
  return roots;
}

function damage(change: (file: Buffer) => Buffer | undefined): void {
  const file = readFileSync(path);
  writeFileSync(path, change(file) ?? file);
}

function corruptFiles(): string[] {
  return readdirSync(folder.path).filter((name) => name.includes(".corrupt-"));
}

/** Octets that are no valid page, the same at each run. */
function noise(length: number): Buffer {
  return Buffer.alloc(length, "no database page");
}

const ATSTART = [
  { name: "a file of noise", change: (file: Buffer) => noise(file.length) },
  {
    name: "a damaged first 100 octets",
    change: (file: Buffer) => void noise(100).copy(file, 0),
  },
  {
    name: "a damaged schema page",
    change: (file: Buffer) => void noise(PAGE - 100).copy(file, 100),
  },
  { name: "a file cut short", change: (file: Buffer) => file.subarray(0, PAGE * 3) },
];

describe("SqliteJournal and a corrupt file", () => {
  test.each(ATSTART)("$name is set aside at start and a new one made", ({ change }) => {
    makeHistory();
    damage(change);
    const { journal, log } = open();
    expect(journal.state).toEqual({ kind: "ok" });
    expect(journal.setAsides).toBe(1);
    expect(corruptFiles()).toEqual(["a.db.corrupt-1700000000"]);
    expect(log.messages).toContain("corrupt history database set aside");
    journal.recordCheck(healthRow(1));
    journal.flush();
    expect(everything(journal).rows).toHaveLength(1);
  });

  test("an empty file is a new database", () => {
    writeFileSync(path, "");
    const { journal } = open();
    journal.recordCheck(healthRow(1));
    journal.flush();
    expect(journal.state).toEqual({ kind: "ok" });
    expect(corruptFiles()).toEqual([]);
  });

  test("a damaged root page is found by flush(), which writes its rows into the new file", () => {
    const { table } = makeHistory();
    damage((file) => void noise(PAGE).copy(file, (table - 1) * PAGE));
    const { journal } = open();
    journal.recordCheck(healthRow(1));
    journal.recordCheck(healthRow(2));
    journal.flush();
    expect(journal.setAsides).toBe(1);
    expect(journal.pending).toBe(0);
    expect(journal.state).toEqual({ kind: "ok" });
    expect(everything(journal).rows).toHaveLength(2);
    expect(corruptFiles()).toHaveLength(1);
  });

  test("damaged leaves are found by history(), which answers with the unwritten rows", () => {
    const { table, index } = makeHistory();
    damage((file) => {
      for (let page = 8; page < file.length / PAGE; page++) {
        if (page !== table && page !== index) noise(PAGE).copy(file, (page - 1) * PAGE);
      }
      return file;
    });
    const { journal } = open();
    journal.recordCheck(healthRow(ROWS + 1));
    expect(everything(journal).rows).toHaveLength(1);
    expect(journal.setAsides).toBe(1);
    journal.flush();
    expect(journal.pending).toBe(0);
    expect(everything(journal).rows.map((row) => row.health_id)).toHaveLength(1);
  });

  test("a WAL of noise is ignored", () => {
    makeHistory();
    writeFileSync(`${path}-wal`, noise(40 * PAGE));
    const { journal } = open();
    expect(journal.setAsides).toBe(0);
    expect(everything(journal).rows).toHaveLength(ROWS);
  });

  test("a WAL beside a corrupt file goes with it and not into the new file", () => {
    makeHistory();
    damage((file) => noise(file.length));
    writeFileSync(`${path}-wal`, noise(40 * PAGE));
    const { journal } = open();
    expect(journal.state).toEqual({ kind: "ok" });
    expect(everything(journal).rows).toHaveLength(0);
    expect(corruptFiles()).toContain("a.db.corrupt-1700000000");
  });

  test("one corrupt file is kept, the newest", () => {
    writeFileSync(path, noise(4 * PAGE));
    writeFileSync(`${path}.corrupt-1600000000`, "older");
    open();
    expect(corruptFiles()).toEqual(["a.db.corrupt-1700000000"]);
  });

  test("a corrupt file waits for the end of a running checkpoint", () => {
    const { table } = makeHistory();
    damage((file) => void noise(PAGE).copy(file, (table - 1) * PAGE));
    const { journal, checkpointer } = open();
    checkpointer.start("", () => {});
    journal.recordCheck(healthRow(1));
    journal.flush();
    expect(journal.state.kind).toBe("failing");
    expect([journal.setAsides, journal.pending]).toEqual([0, 1]);
    checkpointer.end({ kind: "ok", value: null });
    journal.flush();
    expect(journal.state).toEqual({ kind: "ok" });
    expect([journal.setAsides, journal.pending]).toEqual([1, 0]);
  });
});
