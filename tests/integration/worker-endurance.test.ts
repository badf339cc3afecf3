/**
 * A day against a dead host in seconds, a thousand changes of targets: memory and descriptors of
 * the worker stay as they are. And replies to the table before count for nothing.
 */

import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { FRAME } from "../../agent/wire/frame.ts";
import type { EchoResponder } from "../../agent/worker/echo.ts";
import { openEcho } from "../../agent/worker/echo.ts";
import { ProbeRun } from "../support/probe-run.ts";
import { memoryOf } from "../support/processes.ts";
import { udpRow } from "../support/table-rows.ts";
import { WorkerProcess } from "../support/worker-process.ts";

const LOCAL = [127, 0, 0, 1];
const PORT = 39_716;
/** 20 dead targets at 500/s each: the 43,200 probes of a day at 2 s in 4.3 s. */
const SERIES = 20;
const DEAD = { intervalUs: 2_000, timeoutUs: 50_000 };
const DAY_PROBES = 43_200;
/** Until code is compiled and the ring of lingering probes is full. */
const WARM_PROBES = 40_000;
/** What the collector may leave about; 100 octets a probe would be 4,300. */
const GROWTH_MAX_KB = 3_000;
/** A leak grows every day; a heap that the collector makes larger once does not. */
const DAYS = 3;

let worker: WorkerProcess | null = null;
let echo: EchoResponder | null = null;
let run: ProbeRun | null = null;
afterEach(async () => {
  await worker?.sweep();
  worker = null;
  echo?.close();
  echo = null;
  run?.loop.close();
  run = null;
});

/** A port that takes everything and answers when it is told to. */
function openSilent(): EchoResponder {
  const opened = openEcho({ family: 4, address: Uint8Array.from(LOCAL), port: PORT });
  if (opened === null) throw new Error(`port ${PORT} is taken`);
  echo = opened;
  return opened;
}

/** Reads what the worker has to say and keeps none of it; answers with the number of outcomes. */
function takeOutcomes(from: WorkerProcess): number {
  from.read();
  const frames = from.ofType(FRAME.outcomes);
  from.dataFrames.length = 0;
  from.controlFrames.length = 0;
  return frames.reduce((sum, { header }) => sum + header.count, 0);
}

describe("56: endurance", () => {
  test("a day's probes to dead targets leave memory flat", async () => {
    openSilent();
    const started = new WorkerProcess();
    worker = started;
    await started.hello();
    const rows = Array.from({ length: SERIES }, (_, i) =>
      udpRow(LOCAL, PORT, { ...DEAD, phase: i / SERIES }),
    );
    await started.table(1, rows);
    /** Each probe has two outcomes: expired and lost. */
    const probe = async (count: number) => {
      let outcomes = 0;
      await started.until(
        `${count} probes`,
        () => {
          outcomes += takeOutcomes(started);
          return outcomes >= 2 * count;
        },
        30_000,
      );
    };
    await probe(WARM_PROBES);
    const growthsKb: number[] = [];
    for (let day = 0; day < DAYS; day++) {
      const before = memoryOf(started.process.pid).anonymousKb;
      await probe(DAY_PROBES);
      growthsKb.push(memoryOf(started.process.pid).anonymousKb - before);
    }
    process.stderr.write(`after each day: ${growthsKb.join(", ")} kB more\n`);
    expect(Math.min(...growthsKb)).toBeLessThan(GROWTH_MAX_KB);
  }, 60_000);

  test("a thousand changes of targets leave the descriptors as they were", async () => {
    const started = new WorkerProcess();
    worker = started;
    await started.hello();
    const descriptors = () => readdirSync(`/proc/${started.process.pid}/fd`).length;
    /** A source of its own makes a socket of its own. */
    const rows = (n: number) =>
      [0, 1, 2].map((i) =>
        udpRow([127, 0, 5, 1 + (n % 200)], PORT, {
          source: Uint8Array.of(127, 0, 6 + i, 1 + (n % 200)),
        }),
      );
    await started.table(1, rows(0));
    const before = descriptors();
    for (let n = 1; n <= 1_000; n++) {
      await started.table(n + 1, rows(n));
      takeOutcomes(started);
    }
    expect(descriptors()).toBe(before);
  }, 60_000);
});

describe("13: a reply to the table before", () => {
  test("is nobody's, though it comes to the same socket", () => {
    const answering = openSilent();
    const pace = { intervalUs: 1_000_000, timeoutUs: 500_000 };
    run = new ProbeRun([udpRow(LOCAL, PORT, pace)]).run(20);
    expect(run.loop.counters().sent).toBe(1);
    run.loop.setTable([udpRow(LOCAL, PORT, { ...pace, phase: 0.1 })]);
    answering.answer();
    run.run(50);
    expect(run.outcomes).toEqual([]);
    expect(run.loop.counters()).toMatchObject({ received: 0, foreign: 1 });
    run.run(60);
    answering.answer();
    run.run(20);
    expect(run.counts(0)).toEqual({ replied: 1 });
  });
});

describe("33: fifteen probes in flight", () => {
  test("are at no instant lost, and none is when they are answered", () => {
    const answering = openSilent();
    run = new ProbeRun([udpRow(LOCAL, PORT, { intervalUs: 20_000, timeoutUs: 2_000_000 })]);
    run.run(300);
    expect(run.outcomes).toEqual([]);
    expect(run.loop.counters().sent).toBeGreaterThan(10);
    const { sent } = run.loop.counters();
    answering.answer();
    run.run(10);
    expect(run.counts(0)["replied"]).toBeGreaterThanOrEqual(sent);
    expect(Object.keys(run.counts(0))).toEqual(["replied"]);
  });
});
