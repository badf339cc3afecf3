/** A history far beyond its budget becomes a file that fits, by the real Worker. */

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WorkerCheckpointer } from "../../agent/io/store/checkpoint.ts";
import { rewriteName } from "../../agent/io/store/rewrite.ts";
import type { OpenJournal } from "../support/journals.ts";
import { healthRow, openJournal, temporaryFolder } from "../support/journals.ts";
import { DAY0, rollup } from "../support/rollups.ts";

const BUDGET_MB = 8;
const FILE_MAX = BUDGET_MB * 0.75 * 2 ** 20;
const OLD_ROWS = 200_000;

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "a.db");
});

afterEach(() => folder.remove());

/** The history of a larger budget: 200,000 checks and a bucket. */
function fillLarge(): void {
  const { journal } = openJournal(path, { maxSizeMb: 256 });
  journal.recordRollup(rollup(DAY0 + 300));
  journal.flush();
  journal.handle.db?.run(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${OLD_ROWS})
     INSERT INTO sdwan_path_health (path_id, timestamp, latency_ms, packet_loss_pct, jitter_ms,
       health_score, status) SELECT 'fiber', 1600000000 + i * 60, 12.5, 0, 1, 99, 'up' FROM n`,
  );
  journal.handle.db?.run("INSERT INTO state VALUES ('kept', 'yes')");
  journal.close();
}

async function settled({ journal, clock }: OpenJournal, checkpointer: WorkerCheckpointer) {
  journal.flush();
  while (checkpointer.running) await Bun.sleep(1);
  for (let turn = 0; turn < 200; turn++) clock.advance(1_000);
}

function stored() {
  const db = new Database(path, { readonly: true });
  const one = <T>(sql: string) => db.query<{ v: T }, []>(sql).get()?.v;
  const found = {
    checks: one<number>("SELECT count(*) AS v FROM sdwan_path_health") ?? 0,
    newest: one<number>("SELECT max(timestamp) AS v FROM sdwan_path_health"),
    lastId: one<number>("SELECT max(health_id) AS v FROM sdwan_path_health"),
    buckets: one<number>("SELECT count(*) AS v FROM rollup_5m"),
    paths: one<number>("SELECT count(*) AS v FROM path"),
    kept: one<string>("SELECT value AS v FROM state WHERE name = 'kept'"),
    integrity: one<string>("SELECT integrity_check AS v FROM pragma_integrity_check"),
    version: one<number>("SELECT user_version AS v FROM pragma_user_version"),
  };
  db.close();
  return found;
}

describe("a file beyond its budget", () => {
  test("is made smaller: the newest checks stay, and everything else that fits", async () => {
    fillLarge();
    const before = statSync(path).size;
    expect(before).toBeGreaterThan(2 * FILE_MAX);
    const checkpointer = new WorkerCheckpointer();
    const opened = openJournal(path, { maxSizeMb: BUDGET_MB, checkpointer });
    opened.journal.recordCheck(healthRow(0));
    await settled(opened, checkpointer);
    // Recorded meanwhile or later: it goes on with the next id.
    opened.journal.recordCheck(healthRow(60));
    opened.journal.flush();
    expect(opened.journal.pending).toBe(0);
    opened.journal.close();
    expect(statSync(path).size).toBeLessThan(FILE_MAX);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const after = stored();
    expect(after).toMatchObject({ buckets: 1, paths: 1, kept: "yes", integrity: "ok" });
    expect(after.lastId).toBe(OLD_ROWS + 2);
    expect(after.newest).toBe(healthRow(60).timestamp);
    expect(after.checks).toBeGreaterThan(5_000);
    expect(opened.log.messages).toContain("history fits its budget");
  });

  test("what is recorded while the smaller file is made is in it afterwards", async () => {
    fillLarge();
    const checkpointer = new WorkerCheckpointer();
    const opened = openJournal(path, { maxSizeMb: BUDGET_MB, checkpointer });
    opened.journal.flush();
    expect(checkpointer.running).toBe(true);
    opened.journal.recordCheck(healthRow(120));
    opened.journal.flush();
    expect(opened.journal.pending).toBe(1);
    await settled(opened, checkpointer);
    expect(opened.journal.pending).toBe(0);
    opened.journal.close();
    expect(stored().newest).toBe(healthRow(120).timestamp);
  });

  test("a rewrite that was cut off by a kill is begun anew", async () => {
    fillLarge();
    writeFileSync(rewriteName(path), "half of a file");
    const checkpointer = new WorkerCheckpointer();
    const opened = openJournal(path, { maxSizeMb: BUDGET_MB, checkpointer });
    await settled(opened, checkpointer);
    opened.journal.close();
    expect(existsSync(rewriteName(path))).toBe(false);
    expect(stored().integrity).toBe("ok");
    expect(statSync(path).size).toBeLessThan(FILE_MAX);
  });

  test("a file within one and a half budgets is left to the steps", () => {
    const { journal, checkpointer } = openJournal(path, { maxSizeMb: BUDGET_MB });
    journal.recordCheck(healthRow(0));
    journal.flush();
    expect(checkpointer.rewrites).toEqual([]);
    journal.close();
  });

  test("when the Worker fails the old file stays in use, with a warning", () => {
    fillLarge();
    const { journal, checkpointer, log, clock } = openJournal(path, { maxSizeMb: BUDGET_MB });
    journal.flush();
    expect(checkpointer.rewrites).toHaveLength(1);
    const fault = { kind: "full", reason: "no space left" } as const;
    checkpointer.end({ kind: "fault", fault });
    journal.recordCheck(healthRow(0));
    journal.flush();
    expect(journal.pending).toBe(0);
    expect(log.messages).toContain("history stays larger than its budget");
    clock.advance(1_000);
    journal.close();
    expect(stored().checks).toBeGreaterThan(OLD_ROWS / 2);
  });
});
