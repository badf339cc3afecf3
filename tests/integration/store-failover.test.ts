/**
 * A17 and P12: the failover outlives its disk. Whatever the disk does, a record is taken at once
 * and shown at once, and written in order when the disk is back.
 */

import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instant } from "../../agent/domain/units.ts";
import type { OpenBook } from "../support/failover-books.ts";
import {
  auditRecord,
  completed,
  EVERY_AUDIT,
  EVERY_EVENT,
  openBook,
  persistedState,
  reasons,
  triggered,
} from "../support/failover-books.ts";
import { policyConfig } from "../support/failover-steps.ts";
import { temporaryFolder } from "../support/journals.ts";
import { makeSmallDisk } from "../support/small-disk.ts";

const disk = makeSmallDisk();
const skipped = "skipped" in disk ? ` (skipped: ${disk.skipped})` : "";
const diskPath = "skipped" in disk ? "" : disk.path;
const POLICY = { config: policyConfig({ id: 1 }), origin: "file" } as const;

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

afterAll(() => {
  if (!("skipped" in disk)) disk.remove();
});

/** Takes the last octet of the disk. */
function fill(path: string): void {
  for (let size = 2 * 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      writeFileSync(path, new Uint8Array(size), { flag: "a" });
    } catch {
      // Too large: half of it may fit.
    }
  }
}

function orders(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `order ${from + i}`);
}

function expectWhole(path: string, wanted: readonly string[]): void {
  const db = new Database(path);
  const check = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
  const sql = "SELECT reason FROM sdwan_failover_events ORDER BY event_id";
  const found = db.query<{ reason: string }, []>(sql).all();
  db.close();
  expect(check?.integrity_check).toBe("ok");
  expect(found.map(({ reason }) => reason)).toEqual([...wanted]);
}

/** A switch while the disk is away: taken, shown, and no fault of the caller's. */
function switchMeanwhile(open: OpenBook, first: number, count: number): void {
  for (let order = first; order < first + count; order++) open.record(triggered(order));
  open.audit(auditRecord({ author: "carl" }));
  open.book.saveState(persistedState(first + count), instant(1));
  expect(open.book.state).toMatchObject({ store: { kind: "failing" }, pending: count + 1 });
  expect(reasons(open.book).slice(-count)).toEqual(orders(first, first + count - 1));
}

function expectReplayed(open: OpenBook, last: number): void {
  open.clock.advance(31_000);
  open.clock.advance(31_000);
  expect(open.book.state).toEqual({ store: { kind: "ok" }, pending: 0, dropped: 0 });
  expect(reasons(open.book)).toEqual(orders(1, last));
  expect(open.book.audits(EVERY_AUDIT).records.map(({ author }) => author)).toContain("carl");
}

describe("SqliteFailoverBook and its disk", () => {
  test.skipIf(skipped !== "")(`A17: a full disk delays the writing, nothing else${skipped}`, () => {
    const path = join(diskPath, "full", "a.db");
    const open = openBook(path);
    open.record(triggered(1));
    const filler = join(diskPath, "filler");
    fill(filler);
    // The WAL may have room for a few more.
    let order = 2;
    for (; open.book.state.store.kind === "ok" && order < 50; order++)
      open.record(triggered(order));
    const waiting = open.book.state.pending;
    expect(waiting).toBe(1);
    open.clock.advance(60_000);
    expect(open.book.state.pending).toBe(1);
    open.record(completed(order));
    rmSync(filler);
    open.clock.advance(31_000);
    expect(open.book.state).toEqual({ store: { kind: "ok" }, pending: 0, dropped: 0 });
    expect(open.log.messages).toEqual([
      "failover records wait in memory",
      "failover records are written again",
    ]);
    open.close();
    expectWhole(path, orders(1, order));
  });

  test("A17: a locked database is not waited for, and gets everything in order later", async () => {
    const path = join(folder.path, "a.db");
    const first = openBook(path);
    first.record(triggered(1));
    first.close();
    const holder = Bun.spawn(
      [
        process.execPath,
        "-e",
        `const { Database } = require("bun:sqlite");
         const db = new Database(process.argv[1]);
         db.run("PRAGMA locking_mode = EXCLUSIVE");
         db.run("BEGIN IMMEDIATE");
         db.run("CREATE TABLE held (x)");
         console.log("held");
         process.stdin.once("data", () => { db.run("ROLLBACK"); db.close(); process.exit(0); });`,
        path,
      ],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
    await holder.stdout.getReader().read();
    const open = openBook(path);
    expect(open.book.state.store).toMatchObject({
      kind: "failing",
      reason: expect.stringContaining("locked"),
    });
    const began = Bun.nanoseconds();
    for (let order = 2; order <= 101; order++) open.record(triggered(order));
    open.clock.advance(5_000);
    expect((Bun.nanoseconds() - began) / 1e6).toBeLessThan(500);
    expect(open.book.state.pending).toBe(100);
    expect(reasons(open.book)).toEqual(orders(2, 101));
    holder.stdin.write("go\n");
    holder.stdin.flush();
    await holder.exited;
    open.audit(auditRecord({ author: "carl" }));
    expectReplayed(open, 101);
    open.close();
    expectWhole(path, orders(1, 101));
  });

  test("a file that cannot be opened at start is followed when it can, ids above its own", () => {
    const path = join(folder.path, "a.db");
    const first = openBook(path);
    for (let order = 1; order <= 3; order++) first.record(triggered(order));
    first.book.putApiPolicy({ id: 9, document: { name: "voice" } });
    first.book.putApiPolicy({ id: 8, document: { name: "old" } });
    first.close();
    // A folder in the place of the WAL keeps it from being opened.
    mkdirSync(`${path}-wal`);
    let found = 0;
    const onPoliciesFound = () => {
      found++;
    };
    const open = openBook(path, { book: { onPoliciesFound } });
    expect(open.book.apiPolicies()).toEqual([]);
    open.book.deleteApiPolicy(8);
    open.book.putApiPolicy({ id: 7, document: { name: "new" } });
    switchMeanwhile(open, 4, 2);
    expect(found).toBe(0);
    rmdirSync(`${path}-wal`);
    expectReplayed(open, 5);
    expect(found).toBe(1);
    expect(open.book.events(EVERY_EVENT).records.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(open.book.apiPolicies().map(({ id }) => id)).toEqual([7, 9]);
    open.close();
    const last = openBook(path);
    expect(last.book.apiPolicies().map(({ id }) => id)).toEqual([7, 9]);
    last.close();
  });

  test("a corrupt file is set aside, and all that is still known stands in the new one", () => {
    const path = join(folder.path, "a.db");
    const open = openBook(path);
    open.book.syncPolicies([POLICY]);
    open.book.putApiPolicy({ id: 9, document: { name: "voice" } });
    open.book.saveState(persistedState(4), instant(1));
    open.record(triggered(1));
    open.close();
    truncateSync(path, 3_000);
    const again = openBook(path, { book: { bootId: "boot-1" } });
    expect(again.journal.setAsides).toBe(1);
    again.book.syncPolicies([POLICY]);
    again.record(triggered(2));
    expect(again.book.state.store).toEqual({ kind: "ok" });
    again.close();
    expectWhole(path, ["order 2"]);
  });

  test("a file that turns out corrupt while running costs no state, policy or new record", () => {
    const path = join(folder.path, "a.db");
    const open = openBook(path);
    open.book.syncPolicies([POLICY]);
    open.book.putApiPolicy({ id: 9, document: { name: "voice" } });
    open.book.saveState(persistedState(4), instant(1));
    // What SQLite would say of a damaged page, without one.
    open.journal.handle.fail({ kind: "corrupt", reason: "damaged page" });
    open.record(triggered(1));
    open.clock.advance(1_000);
    expect(open.book.state).toEqual({ store: { kind: "ok" }, pending: 0, dropped: 0 });
    open.close();
    const again = openBook(path);
    expect(again.journal.setAsides).toBe(0);
    expect(reasons(again.book)).toEqual(["order 1"]);
    expect(again.book.apiPolicies().map(({ id }) => id)).toEqual([9]);
    expect(again.book.loadState(instant(1))?.state).toEqual(persistedState(4));
    again.close();
    const db = new Database(path);
    expect(db.query("SELECT policy_id FROM sdwan_failover_policies").all()).toHaveLength(1);
    db.close();
  });

  test("memory is bounded: the oldest go first, and are counted", () => {
    const open = openBook(folder.path, { book: { pendingMax: 5 } });
    for (let order = 1; order <= 8; order++) open.record(triggered(order));
    expect(open.book.state).toMatchObject({ pending: 5, dropped: 3 });
    expect(reasons(open.book)).toEqual(orders(4, 8));
    open.close();
    expect(open.log.messages).toContain("failover records lost at shutdown");
  });

  test("many records replay in slices, an event loop's turn between", () => {
    const path = join(folder.path, "a.db");
    mkdirSync(`${path}-wal`);
    const open = openBook(path);
    for (let order = 1; order <= 1_200; order++) open.record(triggered(order));
    rmdirSync(`${path}-wal`);
    open.clock.advance(60_000);
    expect(open.book.state.pending).toBe(0);
    open.close();
    expectWhole(path, orders(1, 1_200));
  });
});
