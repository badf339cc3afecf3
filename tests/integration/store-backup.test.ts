/** Backups of a database in use, by the real Worker. */

import { constants, Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { WorkerCheckpointer } from "../../agent/io/store/checkpoint.ts";
import { healthRow, openJournal, temporaryFolder } from "../support/journals.ts";
import { DAY0, rollup } from "../support/rollups.ts";

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

function open() {
  const path = join(folder.path, "a.db");
  return openJournal(path, { checkpointer: new WorkerCheckpointer() });
}

describe("backup()", () => {
  test("copies everything up to now, also what was not flushed, and the agent goes on", async () => {
    const { journal } = open();
    for (let i = 0; i < 1_000; i++) journal.recordCheck(healthRow(i));
    journal.recordRollup(rollup(DAY0 + 300));
    const running = journal.backup();
    journal.recordCheck(healthRow(1_000));
    const end = await running;
    journal.flush();
    expect(journal.pending).toBe(0);
    if (end.kind === "failed") throw new Error(end.reason);
    expect(statSync(end.path).mode & 0o777).toBe(0o600);
    expect(statSync(end.path).size).toBe(end.octets);
    const copy = new Database(end.path, constants.SQLITE_OPEN_READONLY);
    const count = (table: string) =>
      copy.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()?.n;
    expect([count("sdwan_path_health"), count("rollup_5m")]).toEqual([1_000, 1]);
    expect(copy.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    copy.close();
    journal.close();
  });

  test("keeps one copy, and says so when another is being made", async () => {
    const { journal, clock } = open();
    journal.recordCheck(healthRow(0));
    const first = journal.backup();
    expect((await journal.backup()).kind).toBe("failed");
    expect((await first).kind).toBe("done");
    clock.advance(5_000);
    expect((await journal.backup()).kind).toBe("done");
    const copies = readdirSync(folder.path).filter((name) => name.includes(".backup-"));
    expect(copies).toHaveLength(1);
    journal.close();
  });

  test("says why it cannot, and leaves nothing half made", async () => {
    const { journal } = openJournal("/proc/no/such/folder/a.db");
    journal.recordCheck(healthRow(0));
    const end = await journal.backup();
    expect(end.kind === "failed" && end.reason).toContain("cannot back up");
    expect(existsSync("/proc/no")).toBe(false);
  });
});
