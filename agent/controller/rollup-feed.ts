/**
 * Feeds the history's buckets: status changes, checks and the core's tallies go into one open
 * bucket per path; at every edge of the five-minute grid of the wall clock they are closed and
 * handed to the journal, which is then flushed if that is due. Flushing right after an edge is what
 * keeps a crash from costing more than the flush interval.
 *
 * A step of the wall clock closes the buckets short under the name they began with: coverage shows
 * it, and nothing is counted under two names. While the time is not known, rows wait and move with
 * every step until it is, for six hours at the most.
 */

import type { AgentConfig } from "../domain/config.ts";
import type { PathId, PathIndex } from "../domain/ids.ts";
import { pathId, pathIndex } from "../domain/ids.ts";
import type { HealthRow } from "../domain/path-health.ts";
import type { Rollup } from "../domain/rollup.ts";
import { bucketEnd, TIER_SECS } from "../domain/rollup.ts";
import type { Status } from "../domain/status.ts";
import type { Instant, UnixSeconds } from "../domain/units.ts";
import { after, between, instant, micros, US_PER_MS, US_PER_S } from "../domain/units.ts";
import { OpenRollup } from "../scoring/open-rollup.ts";
import type { Scorer } from "../scoring/scorer.ts";
import type { ClockGuard } from "./clock-guard.ts";
import { CLOCK_FLOOR } from "./clock-guard.ts";
import type { Clock, Disarm, HistoryFeed, Journal, Log, Timers } from "./ports.ts";

export interface RollupFeedParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly scorer: Pick<Scorer, "takeTally" | "pathCount">;
  readonly journal: Pick<
    Journal,
    "recordRollup" | "flush" | "shiftPending" | "guessTimes" | "correctGuess"
  >;
  readonly guard: Pick<ClockGuard, "look" | "isSane">;
  readonly storage: Pick<AgentConfig["storage"], "flush_interval_secs">;
  /** The wall clock stepped by so much: for the audit. */
  onClockStep?(seconds: number): void;
}

/** Rows wait this long for the time to be known; then it is guessed. */
const PATIENCE = micros(6 * 3_600 * US_PER_S);
/** About 5 ms of the event loop; further paths are closed in the next turn. */
const PATHS_PER_TURN = 500;

export class RollupFeed implements HistoryFeed {
  readonly #parts: RollupFeedParts;
  /** By row of the probe table; null: the path is not stored. */
  #rows: (OpenRollup | null)[] = [];
  /** The time is known: until then nothing is written, and a step moves what waits. */
  #isSettled: boolean;
  #unsettledSince: Instant;
  /** End of the open buckets. */
  #end: UnixSeconds;
  #isFlushDue = false;
  #disarm: Disarm = () => {};
  #stopped = false;

  constructor(parts: RollupFeedParts) {
    this.#parts = parts;
    this.#isSettled = parts.guard.isSane;
    this.#unsettledSince = parts.clock.monotonic();
    if (this.#isSettled) parts.journal.correctGuess();
    else parts.log.warn("history waits: the wall clock was not set yet");
    this.#end = bucketEnd(parts.clock.wall() / 1_000, "5m");
    this.#arm();
  }

  /**
   * Around the change to a new table, which makes the core forget: what it counted is taken before.
   * Then every path begins unknown; one that is gone ends with its bucket short.
   */
  retable(paths: AgentConfig["paths"], change: () => void): void {
    for (const [row, open] of this.#rows.entries()) this.#drainRow(row, open);
    change();
    const now = this.#parts.clock.monotonic();
    const before = new Map(
      this.#rows.flatMap((open) => (open === null ? [] : [[open.path, open]])),
    );
    this.#rows = paths.map(({ id, health }) => {
      if (!health.persist_to_db) return null;
      const open = before.get(pathId(id)) ?? new OpenRollup(pathId(id), "unknown", now);
      before.delete(pathId(id));
      open.changeStatus("unknown", now);
      return open;
    });
    for (const gone of before.values()) this.#record(gone.close(this.#end, now));
  }

  changeStatus(path: PathIndex, to: Status): void {
    this.#rows[path]?.changeStatus(to, this.#parts.clock.monotonic());
  }

  takeCheck(path: PathIndex, check: HealthRow): void {
    this.#watchClock();
    this.#rows[path]?.takeCheck({
      lossPct: check.packet_loss_pct,
      jitterMs: check.jitter_ms,
      score: check.health_score,
    });
  }

  voidSpan(from: Instant, to: Instant): void {
    for (const open of this.#rows) open?.voidSpan(from, to);
  }

  requestFlush(): void {
    // More often than there are edges: for them it would wait too long.
    const isShort = this.#parts.storage.flush_interval_secs < TIER_SECS["5m"];
    if (isShort && this.#isSettled) this.#parts.journal.flush();
    else this.#isFlushDue = true;
  }

  /** The bucket that is still open; null: nothing is known in it. */
  open(path: PathId): Rollup | null {
    const row = this.#rows.findIndex((open) => open?.path === path);
    const open = this.#rows[row] ?? null;
    if (open === null) return null;
    this.#drainRow(row, open);
    return open.read(this.#end, this.#parts.clock.monotonic());
  }

  /** Hands over what is open; the journal merges it with what comes after a restart. */
  stop(): void {
    this.#stopped = true;
    this.#disarm();
    this.#closeRows(0, this.#rows.length, this.#end);
    if (!this.#isSettled) this.#parts.journal.guessTimes(CLOCK_FLOOR);
  }

  #drainRow(row: number, open: OpenRollup | null): void {
    const { scorer } = this.#parts;
    if (open === null || row >= scorer.pathCount) return;
    open.takeTally(scorer.takeTally(pathIndex(row)));
  }

  #arm(): void {
    const { clock, timers } = this.#parts;
    const delayMs = Math.max(0, this.#end * 1_000 - clock.wall());
    const at = after(clock.monotonic(), micros(delayMs * US_PER_MS));
    this.#disarm = timers.arm(at, () => this.#onEdge());
  }

  #onEdge(): void {
    const end = this.#end;
    this.#watchClock();
    // A step has closed the buckets already.
    if (this.#end !== end) return;
    // Slewed meanwhile: the edge is still to come.
    if (this.#parts.clock.wall() < end * 1_000) this.#arm();
    else this.#turnOver(end);
  }

  #turnOver(end: UnixSeconds): void {
    this.#disarm();
    this.#end = bucketEnd(this.#parts.clock.wall() / 1_000, "5m");
    this.#arm();
    this.#closeFrom(0, end);
  }

  #closeFrom(first: number, end: UnixSeconds): void {
    if (this.#stopped) return;
    const next = first + PATHS_PER_TURN;
    this.#closeRows(first, next, end);
    if (next < this.#rows.length) {
      this.#parts.timers.arm(instant(0), () => this.#closeFrom(next, end));
      return;
    }
    const waited = between(this.#unsettledSince, this.#parts.clock.monotonic());
    if (!this.#isSettled && waited >= PATIENCE) this.#parts.journal.guessTimes(CLOCK_FLOOR);
    if (!this.#isFlushDue || (!this.#isSettled && waited < PATIENCE)) return;
    this.#isFlushDue = false;
    this.#parts.journal.flush();
  }

  #closeRows(first: number, next: number, end: UnixSeconds): void {
    const now = this.#parts.clock.monotonic();
    for (const [i, open] of this.#rows.slice(first, next).entries()) {
      this.#drainRow(first + i, open);
      if (open !== null) this.#record(open.close(end, now));
    }
  }

  #record(row: Rollup | null): void {
    if (row !== null) this.#parts.journal.recordRollup(row);
  }

  #watchClock(): void {
    const { guard, journal, log } = this.#parts;
    const stepMs = guard.look();
    const isSane = guard.isSane;
    if (stepMs !== 0) {
      const seconds = Math.round(stepMs / 1_000);
      log.warn("the wall clock stepped", { seconds });
      this.#parts.onClockStep?.(seconds);
      this.#turnOver(this.#end);
      if (!this.#isSettled) journal.shiftPending(seconds);
    }
    if (isSane === this.#isSettled) return;
    // What has a good time goes to the file before rows come that have none.
    if (!isSane) journal.flush();
    this.#isSettled = isSane;
    this.#unsettledSince = this.#parts.clock.monotonic();
    if (isSane) journal.correctGuess();
    if (isSane) log.info("the wall clock is set, history is written");
    else log.warn("history waits: the wall clock cannot be right");
  }
}
