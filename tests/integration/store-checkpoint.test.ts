/** The WAL: one transaction a flush, and the real Worker that copies it into the file. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { pathId } from "../../agent/domain/ids.ts";
import type { CheckpointEnd } from "../../agent/io/store/checkpoint.ts";
import { WorkerCheckpointer } from "../../agent/io/store/checkpoint.ts";
import { databaseUri, openDatabase, walBacklog } from "../../agent/io/store/database.ts";
import { everything, healthRow, openJournal, temporaryFolder } from "../support/journals.ts";

const WAL_HEADER = 32;
const FRAME = 24 + 1024;

/** Frames that end a transaction: the second word, the size of the file, is not 0 there. */
function commitsIn(path: string): number {
  // By another process: closing the WAL here is harmless, opening the file beside it is not.
  const wal = Bun.spawnSync(["cat", `${path}-wal`]).stdout;
  let commits = 0;
  for (let at = WAL_HEADER; at + FRAME <= wal.length; at += FRAME) {
    if (wal.readUInt32BE(at + 4) !== 0) commits++;
  }
  return commits;
}

function runCheckpoint(checkpointer: WorkerCheckpointer, uri: string): Promise<CheckpointEnd> {
  return new Promise((resolve) => checkpointer.start(uri, resolve));
}

describe("flush()", () => {
  test("flush() writes the rows of all paths in one transaction, and nothing without rows", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "a.db");
    const { journal } = openJournal(path);
    const before = commitsIn(path);
    for (let i = 0; i < 1000; i++) {
      journal.recordCheck(healthRow(i, { path_id: pathId(`path${i % 10}`) }));
    }
    journal.flush();
    expect(commitsIn(path)).toBe(before + 1);
    journal.flush();
    expect(commitsIn(path)).toBe(before + 1);
    journal.close();
    folder.remove();
  });
});

describe("WorkerCheckpointer", () => {
  test("start() copies the WAL while the journal goes on writing", async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "a.db");
    const checkpointer = new WorkerCheckpointer();
    const { journal } = openJournal(path);
    for (let i = 0; i < 500; i++) journal.recordCheck(healthRow(i));
    journal.flush();
    const reader = openDatabase({ path, maxPages: 49_152, openTimeoutMs: 0 });
    if (reader.kind === "fault") throw new Error(reader.fault.reason);
    expect(walBacklog(reader.value)).toBeGreaterThan(0);

    const ended = runCheckpoint(checkpointer, databaseUri(path));
    expect(checkpointer.running).toBe(true);
    expect(await ended).toEqual({ kind: "ok", value: null });
    expect(checkpointer.running).toBe(false);
    expect(walBacklog(reader.value)).toBe(0);

    const copied = runCheckpoint(checkpointer, databaseUri(path));
    for (let i = 500; i < 1500; i++) journal.recordCheck(healthRow(i));
    journal.flush();
    expect(await copied).toEqual({ kind: "ok", value: null });
    expect(journal.state).toEqual({ kind: "ok" });
    expect(everything(journal).rows).toHaveLength(1500);
    reader.value.close();
    journal.close();
    folder.remove();
  });

  test("start() answers with the fault of a file that cannot be opened", async () => {
    const end = await runCheckpoint(
      new WorkerCheckpointer(),
      databaseUri("/nonexistent/folder/a.db"),
    );
    expect(end.kind === "fault" && end.fault.kind).toBe("broken");
  });

  test("start() says when there is no Worker", async () => {
    const checkpointer = new WorkerCheckpointer("/nonexistent/checkpoint-worker.ts");
    const end = await runCheckpoint(checkpointer, "file:a.db");
    expect(end.kind).toBe("no-worker");
    expect(checkpointer.running).toBe(false);
  });
});
