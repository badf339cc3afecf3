/**
 * The history on disk: takes rows into memory, writes them in batches, reads them back. It outlives
 * its disk: whatever SQLite answers, rows wait in bounded memory, `state` says why, and every flush
 * tries again. Only a corrupt file is replaced, and the old one is kept aside.
 */

import type { Database } from "bun:sqlite";
import type {
  BackupEnd,
  Clock,
  Disarm,
  HistoryPage,
  HistoryQuery,
  Journal,
  Log,
  RollupQuery,
  RollupSpan,
  StoreState,
  Timers,
} from "../../controller/ports.ts";
import type { HealthRow } from "../../domain/path-health.ts";
import type { RetentionPlan } from "../../domain/retention.ts";
import type { Rollup } from "../../domain/rollup.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import { after, micros, US_PER_S, unixSeconds } from "../../domain/units.ts";
import { backUp } from "./backup.ts";
import type { CheckpointEnd, Checkpointer } from "./checkpoint.ts";
import { isCheckpointDue, WorkerCheckpointer } from "./checkpoint.ts";
import { databaseUri, readNumber, transact, walBacklog } from "./database.ts";
import type { Attempt, StoreFault } from "./fault.ts";
import { attempt } from "./fault.ts";
import { Guess, readBootId } from "./guess.ts";
import type { HandleWatcher } from "./handle.ts";
import { StoreHandle } from "./handle.ts";
import { insertRows, LAST_ID, storable } from "./health-rows.ts";
import { readHistory } from "./history.ts";
import { PendingHistory } from "./pending-history.ts";
import { newestTime, readRollups } from "./rollup-reader.ts";
import { Upkeep } from "./upkeep.ts";

export interface JournalOptions {
  readonly path: string;
  /** The whole storage budget; the history gets three quarters, queues the rest. */
  readonly maxSizeMb: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** No path is suspect and no policy in transition: a good moment for a checkpoint. */
  isCalm(): boolean;
  plan(): RetentionPlan;
  /** The wall clock has been right for an hour: what is old by it may go. */
  isClockTrusted(): boolean;
  /** Default: a Worker. */
  readonly checkpointer?: Checkpointer;
  /** Default: the kernel's. */
  readonly bootId?: string;
  /** Default: PENDING_ROWS_MAX. */
  readonly pendingRowsMax?: number;
}

/** Three and a half days of 10 paths at a row a minute. */
export const PENDING_ROWS_MAX = 50_000;
/** About 10 ms of the event loop; a longer flush goes on in the next turn. */
export const SLICE_ROWS = 2_000;
/** Of buckets, which may have to be merged. */
const SLICE_ROLLUPS = 500;
/** An old process may still be closing the file when we start. Later a wait is not worth it. */
const FIRST_OPEN_TIMEOUT_MS = 2_000;
/** Between a checkpoint and what waited for it; a long reader (backup) may have held it up. */
const CUT_PAUSE = micros(US_PER_S);
const NOTHING_DUE: CheckpointEnd = { kind: "ok", value: null };

export class SqliteJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #pending: PendingHistory;
  readonly #guess: Guess;
  readonly #upkeep: Upkeep;
  readonly #checkpointer: Checkpointer;
  /** Shared with all others who write into this file. */
  readonly handle: StoreHandle;
  #state: StoreState = { kind: "ok" };
  /** While the WAL cannot be copied, written rows are no reason to say that all is well. */
  #checkpointFault: StoreFault | null = null;
  #hasWorker = true;
  #newestStored: number | null = null;
  #continuation: Disarm | null = null;
  #closed = false;

  /** Never throws for a fault of the disk: the journal then starts without one. */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#pending = new PendingHistory(options.pendingRowsMax ?? PENDING_ROWS_MAX);
    const bootId = options.bootId ?? readBootId();
    this.#guess = new Guess(bootId);
    this.#upkeep = new Upkeep(options, bootId);
    this.#checkpointer = options.checkpointer ?? new WorkerCheckpointer();
    this.handle = new StoreHandle({ ...options, isHeld: () => this.#checkpointer.running });
    this.handle.watch(this.#watcher);
    this.#ensureOpen(FIRST_OPEN_TIMEOUT_MS);
  }

  get state(): StoreState {
    return this.#state;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Rows that never reached the disk, since start. */
  get dropped(): number {
    return this.#pending.dropped;
  }

  /** Corrupt files set aside since start. */
  get setAsides(): number {
    return this.handle.setAsides;
  }

  recordCheck(row: HealthRow): void {
    const kept = storable(row);
    if (kept === null) this.#pending.checks.countDropped();
    else this.#pending.checks.push(this.#guess.dated(kept));
  }

  recordRollup(row: Rollup): void {
    this.#pending.buckets.push(this.#guess.ended(row));
  }

  shiftPending(seconds: number): void {
    if (this.#guess.isActive) this.#guess.step(seconds);
    else this.#pending.shift(seconds);
  }

  guessTimes(notBefore: UnixSeconds): void {
    const oldest = this.#pending.firstTime;
    if (this.handle.db === null || oldest === null || this.#guess.isActive) return;
    const { clock } = this.#options;
    this.#pending.shift(this.#guess.begin(this.handle.db, clock, { oldest, notBefore }));
  }

  correctGuess(): void {
    this.#pending.shift(this.#guess.end(this.handle.db, this.#options.clock));
  }

  /** Newest time in the file when it was first asked for, Unix seconds; null: none. */
  get newestStored(): number | null {
    const db = this.handle.db;
    if (this.#newestStored !== null || db === null) return this.#newestStored;
    const newest = attempt("cannot read history", () => newestTime(db));
    if (newest.kind === "ok") this.#newestStored = newest.value;
    else this.#fail(newest.fault);
    return this.#newestStored;
  }

  flush(): void {
    if (this.#closed) return;
    this.#stopContinuation();
    if (!this.#writeSlice()) return;
    if (this.pending > 0 || this.#maintain()) {
      this.#goOn();
      return;
    }
    this.#considerCheckpoint();
  }

  /** The next slice or step: in the next turn of the event loop, unless there is no hurry. */
  #goOn(pause = micros(0)): void {
    const { timers, clock } = this.#options;
    this.#stopContinuation();
    this.#continuation = timers.arm(after(clock.monotonic(), pause), () => this.flush());
  }

  history(query: HistoryQuery): HistoryPage {
    const db = this.handle.db;
    const read = attempt("cannot read history", () => readHistory(db, this.#pending.checks, query));
    if (read.kind === "ok") return read.value;
    this.#fail(read.fault);
    // What memory holds is better than nothing, and a later page does not depend on it.
    return readHistory(null, this.#pending.checks, query);
  }

  rollups(query: RollupQuery): RollupSpan {
    const { numbers } = this.#upkeep.writer;
    const pending = this.#pending.buckets.oldest(this.#pending.buckets.size);
    const db = this.handle.db;
    const read = attempt("cannot read history", () => readRollups({ db, numbers, pending }, query));
    if (read.kind === "ok") return read.value;
    this.#fail(read.fault);
    return readRollups({ db: null, numbers, pending }, query);
  }

  async backup(): Promise<BackupEnd> {
    this.flush();
    if (this.pending > 0) {
      return { kind: "failed", reason: `cannot back up: ${this.pending} rows are not written yet` };
    }
    const { path, clock } = this.#options;
    return backUp(this.#checkpointer, path, unixSeconds(clock.wall() / 1000));
  }

  /** Writes what is left and removes the WAL; a second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#stopContinuation();
    while (this.pending > 0 && this.#writeSlice()) {
      // Each round writes a slice, so this ends.
    }
    this.#closed = true;
    if (this.pending > 0) {
      this.#options.log.error("history rows lost at shutdown", { rows: this.pending });
    }
    if (this.handle.db !== null && !this.#checkpointer.running) this.#checkpointHere("TRUNCATE");
    this.handle.close();
  }

  // --- writing ----------------------------------------------------------------------------------

  /** One transaction. A corrupt file is replaced and the slice written into the new one. */
  #writeSlice(): boolean {
    if (!this.#ensureOpen(0) || this.handle.db === null) return false;
    const first = this.#insert(this.handle.db);
    if (first.kind === "ok") return this.#settle();
    this.#fail(first.fault);
    if (first.fault.kind !== "corrupt" || this.handle.db === null) return false;
    const second = this.#insert(this.handle.db);
    if (second.kind === "ok") return this.#settle();
    this.#fail(second.fault);
    return false;
  }

  #insert(db: Database): Attempt<null> {
    const { checks, buckets } = this.#pending;
    const count = Math.min(checks.size, SLICE_ROWS);
    const rollups = buckets.oldest(SLICE_ROLLUPS);
    if (count + rollups.length === 0) return { kind: "ok", value: null };
    const written = transact(db, "cannot write history", () => {
      db.run("BEGIN IMMEDIATE");
      insertRows(db, checks.oldest(count));
      this.#upkeep.writer.write(db, rollups);
      db.run("COMMIT");
      return null;
    });
    if (written.kind === "fault") this.#upkeep.writer.forget();
    if (written.kind === "fault") return written;
    checks.remove(count);
    buckets.remove(rollups.length);
    return written;
  }

  /** True: there is more to do, in the next turn. */
  #maintain(): boolean {
    if (this.handle.db === null) return false;
    const step = this.#upkeep.step(this.handle.db);
    if (step.kind === "fault") this.#fail(step.fault);
    return step.kind === "ok" && step.value;
  }

  // --- the handle -------------------------------------------------------------------------------

  #ensureOpen(openTimeoutMs: number): boolean {
    return this.handle.open(openTimeoutMs);
  }

  readonly #watcher: HandleWatcher = {
    opened: (db) => {
      this.#pending.checks.numberAfter(readNumber(db, LAST_ID));
      // With rows, only their way to the disk says that it works again.
      if (this.pending === 0) this.#settle();
    },
    closed: () => this.#upkeep.forget(),
    failed: (fault) => this.#report(fault),
    replaced: () => {
      this.#checkpointFault = null;
    },
  };

  // --- faults -----------------------------------------------------------------------------------

  /** A statement on the open handle failed. */
  #fail(fault: StoreFault): void {
    this.#report(fault);
    this.handle.fail(fault);
  }

  #report(fault: StoreFault): void {
    const was = this.#state;
    if (was.kind === "failing" && was.reason === fault.reason) return;
    const since =
      was.kind === "failing" ? was.since : unixSeconds(this.#options.clock.wall() / 1000);
    this.#state = { kind: "failing", since, reason: fault.reason };
    this.#options.log.warn("history is not written", { reason: fault.reason });
  }

  #settle(): true {
    if (this.#checkpointFault !== null) return true;
    if (this.#state.kind === "failing") this.#options.log.info("history is written again");
    this.#state = { kind: "ok" };
    return true;
  }

  // --- checkpoint -------------------------------------------------------------------------------

  #considerCheckpoint(): void {
    const db = this.handle.db;
    if (db === null || this.#checkpointer.running) return;
    const backlog = attempt("cannot read the length of the WAL", () => walBacklog(db));
    // Without a Worker the loop pays for the fsyncs, so as rarely as the WAL allows.
    const calm = this.#hasWorker && this.#options.isCalm();
    if (backlog.kind === "fault") this.#fail(backlog.fault);
    else if (!isCheckpointDue(backlog.value, calm)) this.#onCheckpoint(NOTHING_DUE);
    else if (!this.#hasWorker) this.#onCheckpoint(this.#checkpointHere("PASSIVE"));
    else {
      const uri = databaseUri(this.#options.path);
      this.#checkpointer.start(uri, (end) => this.#onCheckpoint(end));
    }
  }

  #onCheckpoint(end: CheckpointEnd): void {
    // After close there is nothing left to open again.
    if (this.#closed) return;
    if (end.kind === "no-worker") {
      this.#hasWorker = false;
      this.#options.log.warn("checkpoints run on the main loop", { reason: end.reason });
      return;
    }
    const hadFault = this.#checkpointFault !== null;
    this.#checkpointFault = end.kind === "fault" ? end.fault : null;
    if (end.kind === "fault") this.#fail(end.fault);
    else if (hadFault) this.#settle();
    if (end.kind === "ok" && this.#upkeep.takeCutShort()) this.#goOn(CUT_PAUSE);
  }

  #checkpointHere(mode: "PASSIVE" | "TRUNCATE"): Attempt<null> {
    const db = this.handle.db;
    return attempt("cannot checkpoint history database", () => {
      db?.query(`PRAGMA wal_checkpoint(${mode})`).get();
      return null;
    });
  }

  #stopContinuation(): void {
    this.#continuation?.();
    this.#continuation = null;
  }
}
