/** kill -9 at any moment: the file stays whole, acknowledged rows stay. FULL=1: 100 rounds. */

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/journals.ts";

const ROUNDS = process.env["FULL"] === "1" ? 100 : 10;
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
  expect(count?.n).toBe(count?.last ?? -1);
  expect(buckets).toBe(count?.n);
  expect(hours).toEqual(recomputed);
  return { check: check?.integrity_check ?? "", rows: count?.n ?? 0 };
}

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
});
