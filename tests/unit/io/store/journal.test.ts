import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathId } from "../../../../agent/domain/ids.ts";
import { WAL_PAGES_MAX } from "../../../../agent/io/store/checkpoint.ts";
import { openDatabase, walBacklog } from "../../../../agent/io/store/database.ts";
import { SLICE_ROWS } from "../../../../agent/io/store/journal.ts";
import type { OpenJournal } from "../../../support/journals.ts";
import { everything, healthRow, openJournal, temporaryFolder } from "../../../support/journals.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
const opened: OpenJournal[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "a.db");
});

afterEach(() => {
  for (const { journal } of opened.splice(0)) journal.close();
  folder.remove();
});

function open(overrides: Parameters<typeof openJournal>[1] = {}): OpenJournal {
  const made = openJournal(path, overrides);
  opened.push(made);
  return made;
}

/** A row of 8 KB: its path's name lies in the table and in the index. */
const WIDE = pathId("x".repeat(4000));

/** Rows that fill the WAL with so many megabytes and a little more. */
function fillWal({ journal }: OpenJournal, megabytes: number): void {
  for (let i = 0; i < megabytes * 128; i++) {
    journal.recordCheck(healthRow(i, { path_id: WIDE }));
  }
  journal.flush();
}

/** unix-excl allows further connections of the same process. */
function second(file: string): Database {
  const result = openDatabase({ path: file, maxPages: 49_152, openTimeoutMs: 0 });
  if (result.kind === "fault") throw new Error(result.fault.reason);
  return result.value;
}

/** Pages of the WAL that wait. */
function backlog(file: string): number {
  const db = second(file);
  const pages = walBacklog(db);
  db.close();
  return pages;
}

describe("SqliteJournal", () => {
  test("recordCheck() writes nothing, flush() writes everything", () => {
    const { journal } = open();
    journal.recordCheck(healthRow(1));
    journal.recordCheck(healthRow(2));
    expect(journal.pending).toBe(2);
    expect(everything(journal).rows.map((row) => row.health_id)).toEqual([null, null]);
    journal.flush();
    expect(journal.pending).toBe(0);
    expect(everything(journal).rows.map((row) => row.health_id)).toEqual([1, 2]);
  });

  test("recordCheck() drops a row with a value that is no number, and counts it", () => {
    const { journal } = open();
    journal.recordCheck(healthRow(1, { latency_ms: Number.NaN }));
    expect([journal.pending, journal.dropped]).toEqual([0, 1]);
  });

  test("flush() writes a long batch in slices, one a turn", () => {
    const { journal, clock } = open();
    for (let i = 0; i < 2 * SLICE_ROWS + 1; i++) journal.recordCheck(healthRow(i));
    journal.flush();
    expect(journal.pending).toBe(SLICE_ROWS + 1);
    expect(clock.armed).toBe(1);
    clock.advance(1);
    expect(journal.pending).toBe(0);
    expect(clock.armed).toBe(0);
  });

  test("close() writes what waits, in all slices, and removes the WAL", () => {
    const { journal, clock } = open();
    for (let i = 0; i < SLICE_ROWS + 1; i++) journal.recordCheck(healthRow(i));
    journal.flush();
    journal.close();
    journal.close();
    expect(clock.armed).toBe(0);
    expect(journal.pending).toBe(0);
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(everything(open().journal).rows).toHaveLength(SLICE_ROWS + 1);
  });

  test("ids go on where the file ends", () => {
    const first = open().journal;
    first.recordCheck(healthRow(1));
    first.close();
    const second = open().journal;
    second.recordCheck(healthRow(2));
    second.flush();
    expect(everything(second).rows.map((row) => row.health_id)).toEqual([1, 2]);
  });

  test("the journal starts without a disk, says so, and writes when there is one", () => {
    mkdirSync(path);
    const { journal, clock, log } = open();
    const since = Math.floor(clock.wall() / 1000);
    expect(journal.state).toMatchObject({ kind: "failing", since });
    journal.recordCheck(healthRow(1));
    clock.advance(300_000);
    journal.flush();
    expect(journal.pending).toBe(1);
    expect(journal.state).toMatchObject({ kind: "failing", since });
    expect(everything(journal).rows).toHaveLength(1);
    expect(log.messages).toEqual(["history is not written"]);

    rmSync(path, { recursive: true });
    journal.flush();
    expect(journal.state).toEqual({ kind: "ok" });
    expect(journal.pending).toBe(0);
    expect(log.messages.at(-1)).toBe("history is written again");
  });

  test("rows recorded without a disk are numbered after those of the file that comes", () => {
    const kept = join(folder.path, "kept.db");
    const first = open({ path: kept }).journal;
    for (let i = 0; i < 5; i++) first.recordCheck(healthRow(i));
    first.close();
    mkdirSync(path);
    const { journal } = open();
    journal.recordCheck(healthRow(9));
    rmSync(path, { recursive: true });
    renameSync(kept, path);
    journal.flush();
    expect(everything(journal).rows.map((row) => row.health_id)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("rows beyond the maximum push out the oldest while the disk is away", () => {
    mkdirSync(path);
    const { journal } = open({ pendingRowsMax: 3 });
    for (let i = 0; i < 5; i++) journal.recordCheck(healthRow(i));
    journal.flush();
    expect([journal.pending, journal.dropped]).toEqual([3, 2]);
    rmSync(path, { recursive: true });
    journal.flush();
    expect(everything(journal).rows.map((row) => row.timestamp)).toEqual(
      [2, 3, 4].map((second) => healthRow(second).timestamp),
    );
  });

  test("a refused statement keeps the rows, and the next flush opens the file anew", () => {
    const { journal } = open();
    journal.recordCheck(healthRow(2));
    const beside = second(path);
    beside.run("INSERT INTO sdwan_path_health VALUES (1, 'fiber', ?, 1, 0, 0, 100, 'up')", [
      healthRow(1).timestamp,
    ]);
    beside.close();
    journal.flush();
    expect(journal.state).toMatchObject({
      kind: "failing",
      reason: expect.stringContaining("(SQLITE_CONSTRAINT_PRIMARYKEY)"),
    });
    expect(everything(journal).rows).toHaveLength(2);
    journal.flush();
    expect(journal.state).toEqual({ kind: "ok" });
    expect(everything(journal).rows.map((row) => row.health_id)).toEqual([1, 2]);
  });

  test("close() says how many rows were lost when the disk never came", () => {
    mkdirSync(path);
    const { journal, log } = open();
    journal.recordCheck(healthRow(1));
    journal.close();
    expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { rows: 1 } });
  });

  test("flush() after close() does nothing", () => {
    const { journal } = open();
    journal.close();
    journal.recordCheck(healthRow(1));
    journal.flush();
    expect(journal.pending).toBe(1);
  });

  test("flush() starts one checkpoint at a time when the WAL is long", () => {
    const made = open();
    made.journal.recordCheck(healthRow(0));
    made.journal.flush();
    expect(made.checkpointer.uris).toEqual([]);
    fillWal(made, 5);
    expect(made.checkpointer.uris).toEqual([`file:${path}?vfs=unix-excl`]);
    made.journal.flush();
    expect(made.checkpointer.uris).toHaveLength(1);
    made.checkpointer.end({ kind: "ok", value: null });
    made.journal.flush();
    expect(made.checkpointer.uris).toHaveLength(2);
  });

  test("flush() waits with the checkpoint while a path is suspect", () => {
    let calm = false;
    const made = open({ isCalm: () => calm });
    fillWal(made, 5);
    expect(made.checkpointer.uris).toHaveLength(0);
    calm = true;
    made.journal.flush();
    expect(made.checkpointer.uris).toHaveLength(1);
  });

  test("a checkpoint that failed shows in the state until one succeeds", () => {
    const made = open();
    const { journal, checkpointer } = made;
    fillWal(made, 5);
    checkpointer.end({ kind: "fault", fault: { kind: "full", reason: "cannot checkpoint: full" } });
    journal.recordCheck(healthRow(1));
    journal.flush();
    expect(journal.pending).toBe(0);
    expect(journal.state).toMatchObject({ kind: "failing", reason: "cannot checkpoint: full" });
    checkpointer.end({ kind: "ok", value: null });
    expect(journal.state).toEqual({ kind: "ok" });
  });

  test("without a Worker the checkpoint waits for the hard maximum and runs here", () => {
    const made = open();
    const { journal, checkpointer, log } = made;
    fillWal(made, 5);
    checkpointer.end({ kind: "no-worker", reason: "no such module" });
    expect(log.messages).toEqual(["checkpoints run on the main loop"]);
    expect(backlog(path)).toBeGreaterThan(WAL_PAGES_MAX);
    fillWal(made, 12);
    expect(backlog(path)).toBe(0);
    expect(checkpointer.uris).toHaveLength(1);
    expect(journal.state).toEqual({ kind: "ok" });
  });
});
