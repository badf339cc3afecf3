import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import {
  everything,
  healthRow,
  openJournal,
  T0,
  temporaryFolder,
} from "../../../support/journals.ts";
import { rollup } from "../../../support/rollups.ts";

const FLOOR = unixSeconds(T0 - (T0 % 300));
const HOUR = 3_600;

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "a.db");
});

afterEach(() => folder.remove());

/** Booted in 1970, a thousand seconds ago. */
function booted() {
  return { clock: new FakeClock(1_000 * 1e6, 1_000 * 1_000), bootId: "one" };
}

function open(clock: FakeClock, bootId: string) {
  return openJournal(path, { clock, timers: clock, bootId }).journal;
}

function times(): number[] {
  const db = new Database(path, { readonly: true });
  const rows = db.query<{ t: number }, []>("SELECT timestamp AS t FROM sdwan_path_health").all();
  db.close();
  return rows.map(({ t }) => t);
}

function buckets(): { t: number; n: number }[] {
  const db = new Database(path, { readonly: true });
  const rows = db.query<{ t: number; n: number }, []>("SELECT t, n FROM rollup_5m").all();
  db.close();
  return rows;
}

function boots(): { boot_id: string; sane: number; corrected_ms: number | null }[] {
  const db = new Database(path, { readonly: true });
  const sql = "SELECT boot_id, sane, corrected_ms FROM boot";
  const rows = db.query<{ boot_id: string; sane: number; corrected_ms: number | null }, []>(sql);
  const all = rows.all();
  db.close();
  return all;
}

/** A check and a bucket every five minutes since boot, at the times the clock shows. */
function record(journal: ReturnType<typeof open>, from: number, count: number): void {
  for (let i = 0; i < count; i++) {
    journal.recordCheck(healthRow(from + i * 300 - T0));
    journal.recordRollup(rollup(Math.ceil((from + i * 300 + 1) / 300) * 300));
  }
}

describe("guessed times", () => {
  test("guessTimes() stamps as if rows followed the newest one, and marks the boot", () => {
    const { clock, bootId } = booted();
    const journal = open(clock, bootId);
    record(journal, 900, 3);
    journal.guessTimes(FLOOR);
    record(journal, 1_800, 1);
    journal.close();
    expect(times().map((t) => t - FLOOR)).toEqual([300, 600, 900, 1_200]);
    expect(buckets().map(({ t }) => t - FLOOR)).toEqual([600, 900, 1_200, 1_500]);
    expect(boots()).toEqual([{ boot_id: "one", sane: 0, corrected_ms: null }]);
  });

  test("correctGuess() moves every row to its true time, stored or waiting", () => {
    const { clock, bootId } = booted();
    const journal = open(clock, bootId);
    record(journal, 900, 30);
    journal.guessTimes(FLOOR);
    journal.flush();
    record(journal, 900 + 30 * 300, 2);
    // The clock learns the time: everything was so much later.
    const truth = 2_000_000_100 - 900;
    clock.stepWall(truth * 1_000);
    journal.shiftPending(truth);
    journal.correctGuess();
    journal.recordCheck(healthRow(2_000_000_100 + 32 * 300 - T0));
    journal.flush();
    clock.advance(10_000);
    journal.close();
    expect(times()).toEqual(Array.from({ length: 33 }, (_, i) => 2_000_000_100 + i * 300));
    expect(buckets().map(({ t }) => t)).toEqual(
      Array.from({ length: 32 }, (_, i) => 2_000_000_400 + i * 300),
    );
    expect(boots().map(({ sane }) => sane)).toEqual([1]);
  });

  test("a correction goes on after a crash and moves nothing twice", () => {
    const { clock, bootId } = booted();
    const journal = open(clock, bootId);
    record(journal, 900, 1_200);
    journal.guessTimes(FLOOR);
    journal.flush();
    clock.advance(0);
    const truth = 2_000_000_100 - 900;
    clock.stepWall(truth * 1_000);
    journal.shiftPending(truth);
    journal.correctGuess();
    // One step, then the process is gone: its handle with it.
    journal.flush();
    journal.close();
    const next = open(clock, bootId);
    next.correctGuess();
    next.flush();
    clock.advance(10_000);
    next.close();
    expect(times()).toEqual(Array.from({ length: 1_200 }, (_, i) => 2_000_000_100 + i * 300));
    expect(buckets()).toHaveLength(1_200);
    expect(buckets().every(({ n }) => n === 150)).toBe(true);
  });

  test("a guess of an earlier run in the same boot is corrected by its offset", () => {
    const { clock, bootId } = booted();
    const journal = open(clock, bootId);
    record(journal, 900, 3);
    journal.guessTimes(FLOOR);
    journal.close();
    clock.advance(HOUR * 1_000);
    clock.stepWall((2_000_000_100 - 900) * 1_000);
    const next = open(clock, bootId);
    next.correctGuess();
    next.flush();
    clock.advance(10_000);
    next.close();
    expect(times()).toEqual([2_000_000_100, 2_000_000_400, 2_000_000_700]);
    expect(boots().map(({ sane }) => sane)).toEqual([1]);
  });

  test("of a boot that never knew the time stay marked", () => {
    const { clock, bootId } = booted();
    const journal = open(clock, bootId);
    record(journal, 900, 2);
    journal.guessTimes(FLOOR);
    journal.close();
    const later = new FakeClock(5e6, 2_000_000_000_000);
    const next = open(later, "two");
    next.correctGuess();
    next.flush();
    later.advance(10_000);
    expect(everything(next).rows).toHaveLength(2);
    next.close();
    expect(times().map((t) => t - FLOOR)).toEqual([300, 600]);
    expect(boots()).toEqual([{ boot_id: "one", sane: 0, corrected_ms: null }]);
  });
});
