import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { PathId } from "../../../../agent/domain/ids.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import type { Rollup, Tier } from "../../../../agent/domain/rollup.ts";
import { coarserEnd, TIER_SECS } from "../../../../agent/domain/rollup.ts";
import { openDatabase } from "../../../../agent/io/store/database.ts";
import { selectRollups } from "../../../../agent/io/store/rollup-rows.ts";
import { RollupWriter, rolledUntil } from "../../../../agent/io/store/rollup-writer.ts";
import { mergeRollups } from "../../../../agent/scoring/rollup-merge.ts";
import { temporaryFolder } from "../../../support/journals.ts";
import { fc } from "../../../support/property.ts";
import { DAY0, rollup, someRollups } from "../../../support/rollups.ts";

const HOUR = TIER_SECS["1h"];
const DAY = TIER_SECS["1d"];

let folder: ReturnType<typeof temporaryFolder>;
let count = 0;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

function fresh(): { db: Database; writer: RollupWriter } {
  const path = join(folder.path, `${count++}.db`);
  const opened = openDatabase({ path, maxPages: 49_152, openTimeoutMs: 0 });
  if (opened.kind === "fault") throw new Error(opened.fault.reason);
  return { db: opened.value, writer: new RollupWriter() };
}

function write(db: Database, writer: RollupWriter, ...rows: readonly Rollup[]): void {
  db.run("BEGIN IMMEDIATE");
  writer.write(db, rows);
  db.run("COMMIT");
}

function settle(db: Database, writer: RollupWriter): void {
  while (writer.derive(db)) {
    // Each round makes a bucket, so this ends.
  }
}

function stored(db: Database, tier: Tier, id: PathId): Rollup[] {
  const number = new RollupWriter().numbers.find(db, id);
  if (number === null) return [];
  const step = TIER_SECS[tier];
  const ends = Array.from({ length: (4 * DAY) / step }, (_, i) => DAY0 + (i + 1) * step);
  return selectRollups(db, tier, { id, number }, ends);
}

/** What a tier must hold, from everything that was ever recorded. */
function expected(rows: readonly Rollup[], tier: Tier, until: number): Rollup[] {
  const groups = Map.groupBy(rows, (row) => coarserEnd(row.end, tier));
  return [...groups]
    .filter(([end]) => end <= until)
    .sort(([a], [b]) => a - b)
    .map(([end, parts]) => mergeRollups(parts, end));
}

describe("RollupWriter", () => {
  test("write() gives back the row to the letter", () => {
    const { db, writer } = fresh();
    write(db, writer, rollup(DAY0 + 300));
    expect(stored(db, "5m", pathId("fiber"))).toEqual([rollup(DAY0 + 300)]);
    db.close();
  });

  test("write() adds to a bucket that is already there", () => {
    const { db, writer } = fresh();
    const rows = [rollup(DAY0 + 300, { up_s: 100 }), rollup(DAY0 + 300, { up_s: 150 })];
    for (const row of rows) write(db, writer, row);
    expect(stored(db, "5m", pathId("fiber"))).toEqual(expected(rows, "5m", Infinity));
    expect(stored(db, "5m", pathId("fiber"))[0]?.up_s).toBe(250);
    db.close();
  });

  test("derive() makes an hour when its last five minutes are there, and not before", () => {
    const { db, writer } = fresh();
    write(db, writer, ...Array.from({ length: 11 }, (_, i) => rollup(DAY0 + (i + 1) * 300)));
    settle(db, writer);
    expect(stored(db, "1h", pathId("fiber"))).toEqual([]);
    write(db, writer, rollup(DAY0 + HOUR));
    settle(db, writer);
    expect(stored(db, "1h", pathId("fiber"))[0]?.probes).toBe(12 * 150);
    expect(rolledUntil(db, "1h")).toBe(DAY0 + HOUR);
    expect(stored(db, "1d", pathId("fiber"))).toEqual([]);
    db.close();
  });

  test("derive() makes a day when an hour behind it is there, over gaps of any length", () => {
    const { db, writer } = fresh();
    write(db, writer, rollup(DAY0 + 300), rollup(DAY0 + 40 * DAY));
    settle(db, writer);
    expect(rolledUntil(db, "1d")).toBe(DAY0 + 40 * DAY);
    expect(stored(db, "1d", pathId("fiber")).map(({ end }) => end - DAY0)).toEqual([DAY]);
    db.close();
  });

  test("write() adds a late row to the hour and the day that exist already", () => {
    const { db, writer } = fresh();
    const rows = [rollup(DAY0 + 300), rollup(DAY0 + 2 * DAY), rollup(DAY0 + 600)];
    for (const row of rows) {
      write(db, writer, row);
      settle(db, writer);
    }
    for (const tier of ["5m", "1h", "1d"] as const) {
      expect(stored(db, tier, pathId("fiber"))).toEqual(expected(rows, tier, Infinity));
    }
    db.close();
  });

  test("whatever the order and however often it crashed, every tier counts each row once", () => {
    const plan = fc.array(fc.constantFrom("derive", "settle", "crash", "nothing"), {
      minLength: 60,
      maxLength: 60,
    });
    fc.assert(
      fc.property(someRollups, plan, (rows, then) => {
        const { db, writer: first } = fresh();
        let writer = first;
        for (const [i, row] of rows.entries()) {
          write(db, writer, row);
          if (then[i] === "derive") writer.derive(db);
          if (then[i] === "settle") settle(db, writer);
          if (then[i] === "crash") writer = new RollupWriter();
        }
        settle(db, writer);
        const until = { "5m": Infinity, "1h": rolledUntil(db, "1h"), "1d": rolledUntil(db, "1d") };
        for (const path of ["fiber", "lte", "dsl"]) {
          const own = rows.filter(({ path_id }) => path_id === path);
          for (const tier of ["5m", "1h", "1d"] as const) {
            expect(stored(db, tier, pathId(path))).toEqual(expected(own, tier, until[tier]));
          }
        }
        db.close();
      }),
      { numRuns: 40 },
    );
  });

  test("forget() after a rollback gives a path its number anew", () => {
    const { db, writer } = fresh();
    db.run("BEGIN IMMEDIATE");
    writer.write(db, [rollup(DAY0 + 300)]);
    db.run("ROLLBACK");
    writer.forget();
    write(db, writer, rollup(DAY0 + 300));
    expect(stored(db, "5m", pathId("fiber"))).toHaveLength(1);
    db.close();
  });
});
