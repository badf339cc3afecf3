/** kill -9 at any moment of recording: what was acknowledged stands, intents before outcomes. */

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { instant } from "../../agent/domain/units.ts";
import { EVERY_EVENT, openBook } from "../support/failover-books.ts";
import { temporaryFolder } from "../support/journals.ts";

const ROUNDS = process.env["FULL"] === "1" ? 100 : 8;
const WRITER = join(import.meta.dir, "../support/failover-writer.ts");

/** The last order that was acknowledged before the kill. */
async function writeAndKill(path: string, lines: number): Promise<number> {
  const child = Bun.spawn([process.execPath, WRITER, path], { stdout: "pipe", stderr: "inherit" });
  const decoder = new TextDecoder();
  let text = "";
  let isKilled = false;
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (isKilled || text.split("\n").length <= lines) continue;
    child.kill("SIGKILL");
    isKilled = true;
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
}

test(
  `a killed recorder leaves a whole file, every acknowledged event and state, ${ROUNDS} rounds`,
  async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "a.db");
    for (let round = 0; round < ROUNDS; round++) {
      const order = await writeAndKill(path, 1 + ((round * 37) % 61));
      const db = new Database(path);
      const check = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
      db.close();
      expect(check?.integrity_check).toBe("ok");
      const open = openBook(path);
      const { records } = open.book.events({ ...EVERY_EVENT, order: "newest-first" });
      const [newest] = records;
      expect(newest?.order ?? 0).toBeGreaterThanOrEqual(order);
      // The state may be one order behind the events, never ahead of them.
      const saved = open.book.loadState(instant(Number.MAX_SAFE_INTEGER))?.state.nextOrder ?? 0;
      expect(saved).toBeGreaterThanOrEqual(order);
      expect(saved).toBeLessThanOrEqual(newest?.order ?? 0);
      for (const { type, order: of, id } of records) {
        if (type !== "completed") continue;
        const intent = records.find((one) => one.order === of && one.type === "triggered");
        if (intent !== undefined) expect(intent.id).toBeLessThan(id);
      }
      open.close();
    }
    folder.remove();
  },
  ROUNDS * 5_000,
);
