/**
 * Feeds the history's buckets: status changes, checks and the core's tallies go into one open
 * bucket per path; at every edge of the five-minute grid of the wall clock they are closed and
 * handed to the journal, which is then flushed if that is due. Flushing right after an edge is what
 * keeps a crash from costing more than the flush interval.
 *
 * A step of the wall clock closes the buckets short under the name they began with: coverage shows
 * it, and nothing is counted under two names.
 */

import type { AgentConfig } from "../domain/config.ts";
import type { PathId, PathIndex } from "../domain/ids.ts";
import { pathId, pathIndex } from "../domain/ids.ts";
import type { HealthRow } from "../domain/path-health.ts";
import type { Rollup } from "../domain/rollup.ts";
import { bucketEnd, TIER_SECS } from "../domain/rollup.ts";
import type { Status } from "../domain/status.ts";
import type { Instant, UnixSeconds } from "../domain/units.ts";
import { after, instant, micros, US_PER_MS } from "../domain/units.ts";
import { OpenRollup } from "../scoring/open-rollup.ts";
import type { Scorer } from "../scoring/scorer.ts";
import type { Clock, Disarm, HistoryFeed, Journal, Log, Timers } from "./ports.ts";

export interface RollupFeedParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly scorer: Pick<Scorer, "takeTally" | "pathCount">;
  readonly journal: Pick<Journal, "recordRollup" | "flush">;
  readonly storage: Pick<AgentConfig["storage"], "flush_interval_secs">;
}

/** A step of the wall clock; below, it is slewing or the delay of a timer. */
const STEP_MS = 1_000;
/** About 5 ms of the event loop; further paths are closed in the next turn. */
const PATHS_PER_TURN = 500;

export class RollupFeed implements HistoryFeed {
  readonly #parts: RollupFeedParts;
  /** By row of the probe table; null: the path is not stored. */
  #rows: (OpenRollup | null)[] = [];
  /** Wall minus monotonic, ms, as of the last look. */
  #offsetMs: number;
  /** End of the open buckets. */
  #end: UnixSeconds;
  #isFlushDue = false;
  #disarm: Disarm = () => {};
  #stopped = false;

  constructor(parts: RollupFeedParts) {
    this.#parts = parts;
    this.#offsetMs = this.#offset();
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
    if (this.#parts.storage.flush_interval_secs < TIER_SECS["5m"]) this.#parts.journal.flush();
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
    if (this.#isFlushDue) this.#parts.journal.flush();
    this.#isFlushDue = false;
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

  #offset(): number {
    const { clock } = this.#parts;
    return clock.wall() - clock.monotonic() / US_PER_MS;
  }

  #watchClock(): void {
    const offset = this.#offset();
    const stepMs = offset - this.#offsetMs;
    this.#offsetMs = offset;
    if (Math.abs(stepMs) < STEP_MS) return;
    this.#parts.log.warn("the wall clock stepped", { seconds: Math.round(stepMs / 1_000) });
    this.#turnOver(this.#end);
  }
}
