/** kill -9 at any moment: the file stays whole, acknowledged rows stay. FULL=1: 200 rounds. */

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openJournal, temporaryFolder } from "../support/journals.ts";

const ROUNDS = process.env["FULL"] === "1" ? 200 : 10;
const WRITER = join(import.meta.dir, "../support/journal-writer.ts");

/** Kills the writer as soon as it acknowledged `flushes` flushes; answers with the last figure. */
async function writeAndKill(path: string, flushes: number): Promise<number> {
  const child = Bun.spawn([process.execPath, WRITER, path], {
    stdout: "pipe",
    stderr: "inherit",
    stdin: "pipe",
  });
  const decoder = new TextDecoder();
  let text = "";
  let killed = false;
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (killed || text.split("\n").length <= flushes) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
}

const HOURS = "SELECT t, n, lost, up_s, checks, score_sum_c, rtt_sum_us FROM rollup_1h ORDER BY t";
const HOURS_RECOMPUTED = `
  SELECT (t + 3599) / 3600 * 3600 AS t, sum(n) AS n, sum(lost) AS lost, sum(up_s) AS up_s,
    sum(checks) AS checks, sum(score_sum_c) AS score_sum_c, sum(rtt_sum_us) AS rtt_sum_us
  FROM rollup_5m
  WHERE (t + 3599) / 3600 * 3600 <= (SELECT coalesce(max(t), 0) FROM rollup_1h)
  GROUP BY 1 ORDER BY 1`;

function inspect(path: string): { readonly check: string; readonly rows: number } {
  const db = new Database(path);
  const check = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
  const count = db
    .query<{ n: number; last: number }, []>(
      "SELECT count(*) AS n, max(health_id) AS last FROM sdwan_path_health",
    )
    .get();
  const probes = db.query<{ n: number }, []>("SELECT coalesce(sum(n), 0) AS n FROM rollup_5m");
  const buckets = probes.get()?.n;
  const hours = db.query(HOURS).all();
  const recomputed = db.query(HOURS_RECOMPUTED).all();
  db.close();
  expect(count?.n).toBe(count?.last ?? 0);
  expect(buckets).toBe(count?.n);
  expect(hours).toEqual(recomputed);
  return { check: check?.integrity_check ?? "", rows: count?.n ?? 0 };
}

/** Kills the writer at its N-th write to the file or its WAL; answers with the last figure. */
async function writeUntil(path: string, n: number): Promise<number> {
  const calls = "pwrite64,write,fdatasync,fsync";
  const inject = `inject=${calls}:signal=KILL:when=${n}`;
  const files = ["-P", path, "-P", `${path}-wal`];
  const child = Bun.spawn(
    [
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-e",
      inject,
      ...files,
      process.execPath,
      WRITER,
      path,
    ],
    { stdout: "pipe", stderr: "inherit", stdin: "pipe" },
  );
  const text = await new Response(child.stdout).text();
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.split("\n").at(-2) ?? 0);
}

const WRITES = process.env["FULL"] === "1" ? 200 : 12;
/** With few of them, spread over the same 200. */
const STRIDE = 200 / WRITES;

describe("SqliteJournal and kill -9", () => {
  test(
    `a killed writer leaves a whole file with every acknowledged row, ${ROUNDS} rounds`,
    async () => {
      const folder = temporaryFolder();
      const path = join(folder.path, "a.db");
      for (let round = 0; round < ROUNDS; round++) {
        // Different moments: 1 to 61 flushes into the round; the pipe adds its own chance.
        const acknowledged = await writeAndKill(path, 1 + ((round * 37) % 61));
        const { check, rows } = inspect(path);
        expect(check).toBe("ok");
        expect(rows).toBeGreaterThanOrEqual(acknowledged);
        expect(rows % 20).toBe(0);
      }
      folder.remove();
    },
    ROUNDS * 5_000,
  );

  test(
    `killed at the N-th write, it leaves a whole file with what it acknowledged, ${WRITES} times`,
    async () => {
      const folder = temporaryFolder();
      for (let i = 0; i < WRITES; i++) {
        const n = 1 + Math.round(i * STRIDE);
        const path = join(folder.path, `${n}.db`);
        const acknowledged = await writeUntil(path, n);
        // The product opens it first: what it finds is what a crash has left.
        const reopened = openJournal(path);
        expect([n, reopened.journal.state, reopened.journal.setAsides]).toEqual([
          n,
          { kind: "ok" },
          0,
        ]);
        reopened.journal.close();
        const { check, rows } = inspect(path);
        expect([n, check]).toEqual([n, "ok"]);
        expect(rows).toBeGreaterThanOrEqual(acknowledged);
        // At most the flush that was under way came through without its word.
        expect(rows).toBeLessThanOrEqual(acknowledged + 20);
      }
      folder.remove();
    },
    WRITES * 5_000,
  );
});
