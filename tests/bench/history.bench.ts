/**
 * History on flash: octets written a day, with what the file system would write back after every
 * flush; the file after 30 days of 100 paths; what a month costs to answer, how exact its p95 is,
 * and how long the event loop is held meanwhile. Beside it the obvious design: a row per check, no
 * rollups, SQLite's defaults.
 */

import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aggregator } from "../../agent/controller/aggregator.ts";
import type { AggregateQuery } from "../../agent/domain/aggregate.ts";
import { PERIOD_SECS } from "../../agent/domain/aggregate.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import type { HistoryDays } from "../support/history-days.ts";
import { FIRST_DAY, historyDays } from "../support/history-days.ts";
import { printFigure } from "./figure.ts";

const MB = 1e6;
const DAYS = 30;
const PATHS = 100;
const folder = mkdtempSync(join(tmpdir(), "patronus-bench-"));

/** Octets that this process gave to the block layer, or will. */
function writtenOctets(): number {
  const io = readFileSync("/proc/self/io", "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(io)?.[1] ?? 0);
  return of("write_bytes") - of("cancelled_write_bytes");
}

/** Another process: opening the file in this one would drop SQLite's locks. */
function syncFolder(): void {
  Bun.spawnSync(["sync", "--file-system", folder]);
}

async function writtenPerDay(flushSecs: number): Promise<number> {
  const days = historyDays(join(folder, `written-${flushSecs}.db`), 10, flushSecs);
  await days.run(1);
  syncFolder();
  const before = writtenOctets();
  await days.run(2, syncFolder);
  const octets = writtenOctets() - before;
  days.journal.close();
  return octets / 2;
}

function naive(path: string, days: number): { db: Database; perDay: number } {
  const db = new Database(path);
  db.run("PRAGMA journal_mode = WAL");
  db.run("CREATE TABLE c (path TEXT, t INT, latency REAL, loss REAL, jitter REAL, score REAL)");
  db.run("CREATE INDEX i ON c (path, t)");
  const insert = db.query("INSERT INTO c VALUES (?, ?, ?, ?, ?, ?)");
  const fill = (from: number, to: number, afterFlush: () => void) => {
    for (let t = from; t < to; t += 300) {
      db.run("BEGIN");
      for (let i = 0; i < 300; i += 10) {
        for (let p = 0; p < 10; p++) insert.run(`p${p}`, t + i, 45 + (t % 997) / 99, 0, 0.5, 99);
      }
      db.run("COMMIT");
      afterFlush();
    }
  };
  const last = FIRST_DAY + days * 86_400;
  fill(FIRST_DAY, last, () => {});
  syncFolder();
  const before = writtenOctets();
  fill(last, last + 86_400, syncFolder);
  return { db, perDay: writtenOctets() - before };
}

function month({ clock }: HistoryDays): AggregateQuery {
  const to = unixSeconds(clock.wall() / 1_000);
  return { period: "month", from: unixSeconds(to - PERIOD_SECS.month), to };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The longest time between two turns of the loop while `work` runs, and its whole time, ms. */
async function loopBlock(work: () => Promise<unknown>): Promise<{ block: number; whole: number }> {
  let last = performance.now();
  let block = 0;
  let running = true;
  const turn = () => {
    block = Math.max(block, performance.now() - last);
    last = performance.now();
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await Bun.sleep(5);
  block = 0;
  const started = performance.now();
  await work();
  const whole = performance.now() - started;
  running = false;
  turn();
  return { block, whole };
}

async function main(): Promise<void> {
  const name10 = "flash writes, 10 paths, a day";
  const at300 = await writtenPerDay(300);
  printFigure({ name: `${name10}, defaults`, unit: "MB", value: at300 / MB, bar: 18 });
  const at1800 = await writtenPerDay(1_800);
  printFigure({ name: `${name10}, flush every 1800 s`, unit: "MB", value: at1800 / MB, bar: 8 });
  const plain = naive(join(folder, "naive.db"), DAYS);
  printFigure({ name: `${name10}, a row per check`, unit: "MB", value: plain.perDay / MB });
  const started = performance.now();
  const sql = "SELECT latency FROM c WHERE path = 'p3' AND t > ? ORDER BY latency";
  plain.db.query(sql).all(FIRST_DAY);
  const naiveMs = performance.now() - started;
  printFigure({ name: "month of one path, a row per check", unit: "ms", value: naiveMs });
  plain.db.close();
  await measureMonth();
}

async function measureMonth(): Promise<void> {
  const path = join(folder, "month.db");
  const days = historyDays(path, PATHS);
  const started = performance.now();
  await days.run(DAYS);
  const took = (performance.now() - started) / 1_000;
  printFigure({ name: `making ${DAYS} days of ${PATHS} paths`, unit: "s", value: took });
  const size = statSync(path).size + statSync(`${path}-wal`).size;
  printFigure({ name: `file after ${DAYS} days, ${PATHS} paths`, unit: "MB", value: size / MB });
  const clock = createClock();
  const real = { monotonic: clock.monotonic, wall: () => days.clock.wall() };
  const parts = { clock: real, timers: createTimers(clock), journal: days.journal };
  const aggregator = new Aggregator({ ...parts, history: days.feed });
  const query = month(days);
  const one = Array.from({ length: 50 }, (_, i) => {
    const from = performance.now();
    aggregator.one(pathId(`p${i}`), query);
    return performance.now() - from;
  });
  printFigure({ name: "aggregate of 30 days of one path", unit: "ms", value: median(one), bar: 5 });
  const ids = days.config.paths.map(({ id }) => pathId(id));
  const { block, whole } = await loopBlock(() => aggregator.all(ids, query));
  printFigure({ name: `the same of ${PATHS} paths`, unit: "ms", value: whole, bar: 150 });
  printFigure({ name: "event loop held meanwhile", unit: "ms", value: block, bar: 20 });
  const answer = aggregator.one(pathId("p0"), query);
  const sorted = Float64Array.from(days.rttsUs).sort();
  const exact = (sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN) / 1_000;
  const error = (100 * Math.abs((answer.latency_p95 ?? 0) - exact)) / exact;
  printFigure({ name: "error of the month's p95", unit: "%", value: error, bar: 1.1 });
  days.journal.close();
}

await main();
rmSync(folder, { recursive: true });
