/**
 * A process that opens an old history and lets retention work on it beside a busy event loop:
 * `bun retention-run.ts DATABASE BUDGET_MB`. Prints one line of JSON when the file is within its
 * budget, or when DEADLINE_MS is over. Without rows to delete it is the control: what the machine
 * and the tracer cost by themselves.
 */

import { unixSeconds } from "../../agent/domain/units.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { SqliteJournal } from "../../agent/io/store/journal.ts";
import { usedOctets } from "../../agent/io/store/retention.ts";
import { FakeLog } from "./fake-log.ts";
import { healthRow } from "./journals.ts";
import { RETENTION } from "./retention-plan.ts";

export interface RetentionRun {
  readonly usedMb: number;
  readonly secs: number;
  /** Of the event loop, ms. */
  readonly longestGapMs: number;
  readonly gapsOver20: number;
  /** Of one call into the journal, ms; `longest` sorted. */
  readonly longestCallMs: readonly number[];
  readonly calls: number;
  readonly probes: number;
  readonly messages: readonly string[];
}

const MIB = 1024 * 1024;
const BLOCK_MS = 20;
const DAY = 86_400;

const [path = "", budget = "48", deadline = "60000", forAll = ""] = process.argv.slice(2);
const budgetMb = Number(budget);
const clock = createClock();
const timers = createTimers(clock);
const calls: number[] = [];
const log = new FakeLog();

function timed(call: () => void): void {
  const from = performance.now();
  call();
  calls.push(performance.now() - from);
}

const journal = new SqliteJournal({
  path,
  maxSizeMb: budgetMb,
  clock,
  timers: { arm: (at, run) => timers.arm(at, () => timed(run)) },
  log,
  isCalm: () => true,
  plan: () => ({ ...RETENTION, raw_secs: 3_650 * DAY, budget_mb: budgetMb }),
  isClockTrusted: () => true,
});

/** While a smaller file is made there is none. */
const used = () =>
  journal.handle.db === null ? Number.POSITIVE_INFINITY : usedOctets(journal.handle.db) / MIB;
const started = performance.now();
let last = started;
let longestGapMs = 0;
let gapsOver20 = 0;
let probes = 0;

function beat(): void {
  const now = performance.now();
  const gap = now - last;
  longestGapMs = Math.max(longestGapMs, gap);
  if (gap > BLOCK_MS) gapsOver20++;
  last = now;
}

function round(): void {
  const row = healthRow(0, { timestamp: unixSeconds(Date.now() / 1_000) });
  journal.recordCheck(row);
  probes++;
  timed(() => journal.flush());
}

function isOver(): boolean {
  const secs = (performance.now() - started) / 1_000;
  return secs * 1_000 > Number(deadline) || (forAll === "" && used() <= budgetMb * 0.9);
}

function report(): void {
  const run: RetentionRun = {
    usedMb: used(),
    secs: (performance.now() - started) / 1_000,
    longestGapMs,
    gapsOver20,
    longestCallMs: calls.sort((a, b) => b - a).slice(0, 8),
    calls: calls.length,
    probes,
    messages: log.lines.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`),
  };
  process.stdout.write(`${JSON.stringify(run)}\n`);
  process.exit(0);
}

setInterval(beat, 1);
setInterval(() => {
  round();
  if (isOver()) report();
}, 1_000);
