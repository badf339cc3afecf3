import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { CheckpointEnd } from "../../../../agent/io/store/checkpoint.ts";
import { openDatabase } from "../../../../agent/io/store/database.ts";
import { RetentionTurns } from "../../../../agent/io/store/retention-turns.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { ManualCheckpointer, temporaryFolder } from "../../../support/journals.ts";
import { RETENTION } from "../../../support/retention-plan.ts";

const HOUR_MS = 3_600_000;
const OLD = 1_600_000_000;

let folder: ReturnType<typeof temporaryFolder>;
let db: Database;

beforeEach(() => {
  folder = temporaryFolder();
  const opened = openDatabase({
    ...{ path: join(folder.path, "a.db"), maxPages: 49_152, openTimeoutMs: 0 },
  });
  if (opened.kind === "fault") throw new Error(opened.fault.reason);
  db = opened.value;
});

afterEach(() => {
  db.close();
  folder.remove();
});

function world() {
  const clock = new FakeClock();
  const checkpointer = new ManualCheckpointer();
  const ends: CheckpointEnd[] = [];
  const turns = new RetentionTurns({
    ...{ clock, checkpointer, path: "/a.db", plan: () => RETENTION },
    isClockTrusted: () => true,
    onEnd: (end) => ends.push(end),
  });
  return { clock, checkpointer, ends, turns };
}

function fill(rows: number): void {
  const insert = db.query(
    `INSERT INTO sdwan_path_health (path_id, timestamp, latency_ms, packet_loss_pct, jitter_ms,
       health_score, status) VALUES ('fiber', ?, 12.5, 0, 1, 99, 'up')`,
  );
  for (let i = 0; i < rows; i++) insert.run(OLD + i);
}

const rows = () =>
  db.query<{ n: number }, []>("SELECT count(*) AS n FROM sdwan_path_health").get()?.n;

describe("RetentionTurns", () => {
  test("begins a round in the Worker at once and then every hour", () => {
    const { turns, clock, checkpointer, ends } = world();
    expect(turns.begin()).toBe(true);
    expect(ends).toEqual([{ kind: "ok", value: null }]);
    clock.advance(HOUR_MS - 1);
    expect(turns.begin()).toBe(false);
    clock.advance(1);
    expect(turns.begin()).toBe(true);
    expect(checkpointer.rounds.map(({ start }) => start.monotonic)).toEqual([
      expect.any(Number),
      clock.monotonic(),
    ]);
  });

  test("does not begin while the Worker is at something else, and makes up for it", () => {
    const { turns, checkpointer } = world();
    checkpointer.start("file:/a.db", () => {});
    expect(turns.begin()).toBe(false);
    checkpointer.end({ kind: "ok", value: null });
    expect(turns.begin()).toBe(true);
  });

  test("hands what a round learnt to the next one, until the file is another", () => {
    const { turns, clock, checkpointer } = world();
    turns.begin();
    checkpointer.rounds[0]?.anchors.set("raw", { at: clock.monotonic(), oldest: 7 });
    clock.advance(HOUR_MS);
    turns.begin();
    expect(checkpointer.rounds[1]?.anchors.get("raw")?.oldest).toBe(7);
    turns.forget();
    clock.advance(HOUR_MS);
    turns.begin();
    expect(checkpointer.rounds[2]?.anchors.size).toBe(0);
  });

  test("without a Worker it goes a step a call, then rests for an hour", () => {
    fill(120);
    const { turns, clock } = world();
    expect(turns.stepHere(db)).toBe(true);
    expect(rows()).toBe(70);
    while (turns.stepHere(db));
    expect(rows()).toBe(0);
    fill(10);
    expect(turns.stepHere(db)).toBe(false);
    clock.advance(HOUR_MS);
    expect(turns.stepHere(db)).toBe(true);
    expect(rows()).toBe(0);
  });
});
