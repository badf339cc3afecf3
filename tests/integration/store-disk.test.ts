/** The agent outlives its disk: full, read-only, locked. Rows wait in memory and go out later. */

import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../agent/io/store/database.ts";
import type { SqliteJournal } from "../../agent/io/store/journal.ts";
import { everything, healthRow, openJournal, temporaryFolder } from "../support/journals.ts";
import { makeSmallDisk } from "../support/small-disk.ts";

const disk = makeSmallDisk();
const skipped = "skipped" in disk ? ` (skipped: ${disk.skipped})` : "";
const diskPath = "skipped" in disk ? "" : disk.path;

afterAll(() => {
  if (!("skipped" in disk)) disk.remove();
});

function remount(mode: "rw" | "ro"): void {
  if (!("skipped" in disk)) disk.remount(mode);
}

function writeAndClose(path: string): void {
  const { journal } = openJournal(path);
  record(journal, 0, 20);
  journal.close();
}

/** The same 20 rows, in a WAL that nobody closed. */
async function writeAndCrash(path: string): Promise<void> {
  const writer = join(import.meta.dir, "../support/journal-writer.ts");
  const child = Bun.spawn([process.execPath, writer, path, "1"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
}

function record(journal: SqliteJournal, from: number, to: number): void {
  for (let i = from; i < to; i++) journal.recordCheck(healthRow(i));
}

function timestamps(journal: SqliteJournal): number[] {
  return everything(journal).rows.map((row) => row.timestamp);
}

function expected(count: number): number[] {
  return Array.from({ length: count }, (_, i) => healthRow(i).timestamp);
}

describe("SqliteJournal and its disk", () => {
  test("a file at its page budget keeps rows in memory and the stored ones readable", () => {
    const folder = temporaryFolder();
    // Three quarters of 1/16 MB: 48 pages.
    const { journal, log } = openJournal(join(folder.path, "a.db"), { maxSizeMb: 1 / 16 });
    record(journal, 0, 100);
    journal.flush();
    record(journal, 100, 1000);
    journal.flush();
    journal.flush();
    expect(journal.state).toMatchObject({
      kind: "failing",
      reason: expect.stringContaining("(SQLITE_FULL)"),
    });
    expect(journal.pending).toBe(900);
    expect(timestamps(journal)).toEqual(expected(1000));
    expect(log.messages).toEqual(["history is not written"]);
    journal.close();

    const roomier = openJournal(join(folder.path, "a.db")).journal;
    expect(timestamps(roomier)).toEqual(expected(100));
    roomier.close();
    folder.remove();
  });

  test.skipIf(skipped !== "")(
    `a full disk costs no row, and the first flush with space writes them${skipped}`,
    () => {
      const path = join(diskPath, "full", "a.db");
      const { journal } = openJournal(path);
      record(journal, 0, 10);
      journal.flush();
      const filler = join(diskPath, "filler");
      fill(filler);
      record(journal, 10, 1500);
      journal.flush();
      expect(journal.state).toMatchObject({
        kind: "failing",
        reason: expect.stringContaining("(SQLITE_FULL)"),
      });
      expect(journal.pending).toBe(1490);
      expect(timestamps(journal)).toEqual(expected(1500));

      rmSync(filler);
      journal.flush();
      expect(journal.state).toEqual({ kind: "ok" });
      expect(journal.pending).toBe(0);
      expect(timestamps(journal)).toEqual(expected(1500));
      journal.close();
    },
  );

  test.skipIf(skipped !== "")(`a disk that is full at start is no reason to end${skipped}`, () => {
    const filler = join(diskPath, "filler");
    fill(filler);
    const { journal } = openJournal(join(diskPath, "late", "a.db"));
    record(journal, 0, 5);
    journal.flush();
    expect(journal.state.kind).toBe("failing");
    rmSync(filler);
    journal.flush();
    expect(journal.state).toEqual({ kind: "ok" });
    expect(timestamps(journal)).toEqual(expected(5));
    journal.close();
  });

  test.skipIf(skipped !== "").each([
    { name: "a clean end", leave: writeAndClose },
    { name: "a crash", leave: writeAndCrash },
  ])(
    `a disk that is read-only after $name says so, and is written once it can be${skipped}`,
    async ({ leave }) => {
      const path = join(diskPath, leave.name, "a.db");
      await leave(path);
      remount("ro");
      const { journal } = openJournal(path);
      remount("rw");
      expect(journal.state).toMatchObject({
        kind: "failing",
        reason: expect.stringContaining("EROFS: read-only file system"),
      });
      record(journal, 20, 22);
      expect(timestamps(journal)).toHaveLength(2);
      journal.flush();
      expect(journal.state).toEqual({ kind: "ok" });
      expect(journal.pending).toBe(0);
      expect(timestamps(journal)).toEqual(expected(22));
      journal.close();
    },
  );

  test("no second process gets at the file, and it is told so as busy", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "a.db");
    const { journal } = openJournal(path);
    const script = `
      const { openDatabase } = await import(process.argv[1]);
      const options = { path: process.argv[2], maxPages: 49152, openTimeoutMs: 0 };
      console.log(JSON.stringify(openDatabase(options)));`;
    const module = join(import.meta.dir, "../../agent/io/store/database.ts");
    const child = Bun.spawnSync([process.execPath, "-e", script, module, path]);
    expect(JSON.parse(child.stdout.toString())).toMatchObject({
      kind: "fault",
      fault: { kind: "busy" },
    });
    journal.close();
    const free = openDatabase({ path, maxPages: 49_152, openTimeoutMs: 0 });
    expect(free.kind).toBe("ok");
    if (free.kind === "ok") free.value.close();
    folder.remove();
  });
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
