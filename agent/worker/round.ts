/**
 * Everything that belongs to one probe table: series, probes in flight, schedule, and the paces
 * that follow from them. A new table replaces it whole.
 */

import { US_PER_MS, US_PER_S } from "../domain/units.ts";
import type { TableRow } from "../wire/frame.ts";
import type { ClockQuality } from "./clock-quality.ts";
import { Ledger, ledgerCapacity } from "./ledger.ts";
import { monotonicNow } from "./libc.ts";
import { heldDown, planLiveness } from "./liveness-plan.ts";
import type { PathWatchSink } from "./path-watch.ts";
import { PathWatch } from "./path-watch.ts";
import { Receiver } from "./receiver.ts";
import { Schedule } from "./schedule.ts";
import { Sender } from "./sender.ts";
import { SeriesTable } from "./series-table.ts";
import { StampSessions } from "./stamp/sessions.ts";
import { ProbeTracker } from "./tracker.ts";
import { TimingWheel } from "./wheel.ts";

/** Above this rate wake-ups are shared. */
const LOADED_RATE = 2_000;
/** As long as outcomes are held for company anyway; a wake-up finds every cache cold. */
const LOADED_SLEEP_US = 10 * US_PER_MS;
/** A shared wake-up must not swallow a send of the fastest series. */
const SLEEPS_PER_INTERVAL = 4;
/**
 * At a low rate a lazy loop reads replies with the next send, or this much later: a wake-up costs
 * more than everything that is done in it. Bounded by a share of the shortest interval.
 */
const VISIT_MAX_US = 250 * US_PER_MS;
/** Replies as expected are told after this, or half of the shortest interval. */
const CALM_HOLD_MAX_US = US_PER_S;
/** A gap longer than this (or than the shortest timeout) is a stall. */
const STALL_MAX_US = US_PER_S;
const NONE = -1;

export interface Round {
  readonly rows: readonly TableRow[];
  readonly tracker: ProbeTracker;
  readonly watch: PathWatch;
  readonly schedule: Schedule;
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** Shared wake-ups come this often; 0: every event has its own. */
  readonly sleepUs: number;
  readonly visitUs: number;
  readonly calmHoldUs: number;
  readonly stallUs: number;
  /** Linked lists of due series per socket. */
  readonly dueHead: Int32Array;
  readonly dueNext: Int32Array;
  readonly dueGroups: Int32Array;
}

export interface RoundParts {
  readonly sink: PathWatchSink;
  /** A first miss may be noticed with the next send. */
  readonly isLazy: boolean;
  /** Of the schedule's jitter. */
  readonly random: () => number;
  /** Of STAMP, by the number in the rows. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  readonly quality: ClockQuality;
  /** Unpredictable, for tokens. */
  readonly randomWord: () => number;
  /** Unix seconds that wall stamps count from. */
  readonly baseSeconds: number;
  /** Number of sockets. */
  readonly groups: number;
  /** Sends per series; Infinity: without end. */
  readonly sendsMax: number;
}

export function layRound(rows: readonly TableRow[], parts: RoundParts): Round {
  const { baseSeconds, groups, random, sendsMax } = parts;
  const series = new SeriesTable(rows);
  const capacity = ledgerCapacity(series.unresolvedMax);
  const ledger = new Ledger(capacity, parts.randomWord);
  const plan = planLiveness(rows, series.timeoutUs, parts.isLazy);
  const watch = new PathWatch(plan, parts.sink, heldDown(rows, plan));
  const wheel = new TimingWheel(capacity);
  const tracker = new ProbeTracker({ ledger, wheel }, series, watch, watch);
  const { keys, randomWord, quality } = parts;
  const sessions = new StampSessions(rows, { keys, randomWord, capacity });
  const shared = { baseSeconds, sessions, quality };
  const receiver = new Receiver(tracker, shared);
  return {
    rows,
    tracker,
    watch,
    receiver,
    sender: new Sender(tracker, {
      ...shared,
      drainErrors: (group) => receiver.drainErrors(group),
    }),
    schedule: new Schedule(series, monotonicNow(), random, sendsMax),
    sleepUs: sleepOf(series),
    visitUs: Math.min(VISIT_MAX_US, series.intervalMinUs / SLEEPS_PER_INTERVAL),
    calmHoldUs: Math.min(CALM_HOLD_MAX_US, series.intervalMinUs / 2),
    stallUs: Math.min(STALL_MAX_US, series.timeoutMinUs),
    dueHead: new Int32Array(groups).fill(NONE),
    dueNext: new Int32Array(rows.length).fill(NONE),
    dueGroups: new Int32Array(groups),
  };
}

function sleepOf(series: SeriesTable): number {
  if (series.rate <= LOADED_RATE) return 0;
  return Math.min(LOADED_SLEEP_US, series.intervalMinUs / SLEEPS_PER_INTERVAL);
}
