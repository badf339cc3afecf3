/** The queue's file on a real disk: order, caps, giving room back, damage, kill -9, torn tails. */

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeadLetter, StoreAnswer } from "../../agent/controller/queue/ports.ts";
import { unixMillis } from "../../agent/domain/units.ts";
import { QueueFile } from "../../agent/io/store/queue/queue-file.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { entry, WALL0 } from "../support/fake-queue.ts";
import { temporaryFolder } from "../support/journals.ts";
import { makeSmallDisk } from "../support/small-disk.ts";

const WRITER = join(import.meta.dir, "../support/queue-writer.ts");

function openFile(path: string, maxBytes = 1 << 20): QueueFile {
  return new QueueFile({ path, maxBytes, clock: new FakeClock(0, WALL0) });
}

function value<T>(answer: StoreAnswer<T>): T {
  if (answer.kind === "fault") throw new Error(answer.reason);
  return answer.value;
}

/** Every id of a destination, in the order of delivery. */
function idsOf(file: QueueFile, destination = "a"): string[] {
  const ids: string[] = [];
  let seq = 0;
  for (;;) {
    const found = value(file.after(destination, seq));
    if (found === null) return ids;
    ids.push(found.id);
    seq = found.seq;
  }
}

const LETTER: DeadLetter = {
  destination: "a",
  kind: "metrics",
  id: "c1",
  created_at_ms: unixMillis(WALL0),
  failed_at_ms: unixMillis(WALL0 + 1),
  status: 400,
  answer: "bad",
  count: 1,
};

describe("QueueFile", () => {
  test("gives back what it took, in order and per destination, also after a restart", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "queue.db");
    const first = openFile(path);
    expect(value(first.lane("a"))).toEqual({ count: 0, bytes: 0, notBefore: 0 });
    expect(existsSync(path)).toBe(false);
    value(first.insert("a", [entry(1), entry(2)]));
    value(first.insert("b", [entry(9)]));
    value(first.insert("a", [entry(3, { expiresAt: unixMillis(WALL0), kind: "alert" })]));
    value(first.holdUntil("a", WALL0 + 5));
    first.close();
    const second = openFile(path);
    expect(value(second.lane("a"))).toEqual({ count: 3, bytes: 300, notBefore: WALL0 + 5 });
    expect(idsOf(second)).toEqual(["c1", "c2", "c3"]);
    // The third row of the file is the other destination's.
    const last = value(second.after("a", 3));
    expect(last).toMatchObject({ ...entry(3), kind: "alert", expiresAt: WALL0 });
    expect(value(second.oldest("a", 0))).toBe(entry(1).createdAt);
    expect([value(second.has("a", "c2")), value(second.has("b", "c2"))]).toEqual([true, false]);
    value(second.removeThrough("a", 2));
    expect(idsOf(second)).toEqual(["c3"]);
    expect(value(second.removeOthers(["a"])).count).toBe(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    second.close();
    folder.remove();
  });

  test("frees the oldest octets behind what is being sent", () => {
    const folder = temporaryFolder();
    const file = openFile(join(folder.path, "queue.db"));
    value(
      file.insert(
        "a",
        [1, 2, 3, 4].map((n) => entry(n)),
      ),
    );
    expect(value(file.removeOldest("a", 1, 150))).toEqual({ count: 2, bytes: 200 });
    expect(idsOf(file)).toEqual(["c1", "c4"]);
    file.close();
    folder.remove();
  });

  test("is deleted when empty, and made again at the next need", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "queue.db");
    const file = openFile(path);
    const [seq = 0] = value(file.insert("a", [entry(1)]));
    file.shrink();
    expect(existsSync(path)).toBe(true);
    value(file.removeThrough("a", seq));
    file.shrink();
    expect(readdirSync(folder.path)).toEqual([]);
    value(file.insert("a", [entry(2)]));
    expect(idsOf(file)).toEqual(["c2"]);
    file.close();
    folder.remove();
  });

  test("dead letters keep a small file, and survive the rewriting of a large one", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "queue.db");
    const file = openFile(path, 1 << 23);
    value(file.keepDeadLetters([LETTER]));
    file.shrink();
    expect(value(file.deadLetters())).toEqual([LETTER]);
    const big = entry(1, { body: new Uint8Array(3 << 20) });
    const [seq = 0] = value(file.insert("a", [big]));
    value(file.removeThrough("a", seq));
    file.close();
    expect(statSync(path).size).toBeGreaterThan(3 << 20);
    file.shrink();
    file.close();
    expect(statSync(path).size).toBeLessThan(100_000);
    expect(value(file.deadLetters())).toEqual([LETTER]);
    file.close();
    folder.remove();
  });

  test("a damaged file is set aside, said to be lost, and replaced", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "queue.db");
    writeFileSync(path, "this is no database, by any means: ".repeat(100));
    const file = openFile(path);
    expect(file.lane("a")).toMatchObject({ kind: "fault", lost: true });
    value(file.insert("a", [entry(1)]));
    expect(idsOf(file)).toEqual(["c1"]);
    expect(readdirSync(folder.path).filter((name) => name.includes("corrupt")).length).toBe(1);
    file.close();
    folder.remove();
  });

  test("its size limit is a fault that keeps the file usable", () => {
    const folder = temporaryFolder();
    const file = openFile(join(folder.path, "queue.db"), 100_000);
    const big = entry(1, { body: new Uint8Array(800_000) });
    value(file.insert("a", [big]));
    expect(file.insert("a", [big])).toMatchObject({ kind: "fault", lost: false });
    value(file.removeOldest("a", 0, 1));
    value(file.insert("a", [big]));
    file.close();
    folder.remove();
  });

  test("a full or read-only disk is a fault, and works again without help", () => {
    const disk = makeSmallDisk();
    if ("skipped" in disk) {
      console.warn(`skipped: ${disk.skipped}`);
      return;
    }
    const file = openFile(join(disk.path, "queue.db"), 1 << 24);
    const big = entry(1, { body: new Uint8Array(400_000) });
    let stored = 0;
    while (file.insert("a", [big]).kind === "ok") stored++;
    expect(stored).toBeGreaterThan(0);
    expect(value(file.lane("a")).count).toBe(stored);
    file.close();
    disk.remount("ro");
    expect(file.insert("a", [entry(2)])).toMatchObject({ kind: "fault", lost: false });
    disk.remount("rw");
    value(file.removeOldest("a", 0, 400_000));
    value(file.insert("a", [entry(2)]));
    file.close();
    disk.remove();
  });
});

/** Runs the writer until it has stored `count` more entries, then kills it; the last it said. */
async function writeAndKill(path: string, first: number, count: number): Promise<number> {
  const child = Bun.spawn([process.execPath, WRITER, path, String(first)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").length > count) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
}

describe("QueueFile and kill -9", () => {
  test("a killed queue keeps every entry that it acknowledged, in order, five times", async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "queue.db");
    let stored = 0;
    for (let round = 0; round < 5; round++) {
      const said = await writeAndKill(path, stored + 1, 10 + ((round * 37) % 61));
      const file = openFile(path);
      const ids = idsOf(file);
      file.close();
      expect(ids.length).toBeGreaterThanOrEqual(said);
      expect(ids).toEqual(ids.map((_, i) => `c${i + 1}`));
      stored = ids.length;
    }
    folder.remove();
  }, 30_000);

  test("a torn tail costs the newest entries only", async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "queue.db");
    const said = await writeAndKill(path, 1, 40);
    truncateSync(`${path}-wal`, statSync(`${path}-wal`).size - 300);
    const file = openFile(path);
    const ids = idsOf(file);
    file.close();
    expect(ids).toEqual(ids.map((_, i) => `c${i + 1}`));
    expect(ids.length).toBeGreaterThanOrEqual(said - 1);
    const db = new Database(path);
    expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
    folder.remove();
  }, 30_000);
});
