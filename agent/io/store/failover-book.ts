/**
 * The failover's book on disk: events and audit records in their order, the engine's state, the
 * policies. Each is written at once, in a transaction of its own, while the disk is well. When it
 * is not, everything waits in memory and a timer tries again: nobody who records something ever
 * waits for the disk, opens a file or learns of a fault.
 */

import type { Database } from "bun:sqlite";
import type {
  ApiPolicy,
  AuditQuery,
  BookState,
  EffectivePolicy,
  EventQuery,
  FailoverBook,
  RecordedAudit,
  RecordedEvent,
  RecordPage,
  Restored,
} from "../../controller/failover/ports.ts";
import type { RouteMemoryStore } from "../../controller/failover/route-ports.ts";
import type { Clock, Disarm, Log, StoreState, Timers } from "../../controller/ports.ts";
import type { Instant, Micros, UnixMillis, UnixSeconds } from "../../domain/units.ts";
import { after, micros, US_PER_S, unixMillis, unixSeconds } from "../../domain/units.ts";
import type { AuditRecord, FailoverEvent } from "../../engine/failover/effect.ts";
import type { PersistedState } from "../../engine/failover/persisted.ts";
import { transact } from "./database.ts";
import {
  correctGuessed,
  hasGuessed,
  insertRecord,
  lastIds,
  newestRecordMs,
  selectAudits,
  selectEvents,
} from "./failover-rows.ts";
import { FailoverSlots } from "./failover-slots.ts";
import { restored } from "./failover-tables.ts";
import type { Attempt, StoreFault } from "./fault.ts";
import { attempt } from "./fault.ts";
import { readBootId } from "./guess.ts";
import type { StoreHandle } from "./handle.ts";
import { pageOf } from "./record-page.ts";
import { PENDING_RECORDS_MAX, RecordQueue } from "./record-queue.ts";
import type { DatedTime } from "./record-time.ts";
import { RecordTime } from "./record-time.ts";

export interface FailoverBookOptions {
  /** Of the journal: both write into one file. */
  readonly handle: StoreHandle;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  isClockSane(): boolean;
  /** No record is dated before it: the clock was never set. */
  readonly clockFloor: UnixSeconds;
  /** The file could not be read at start; now it was, and it has policies of the API. */
  onPoliciesFound?(): void;
  /** Default: the kernel's. */
  readonly bootId?: string;
  /** Default: PENDING_RECORDS_MAX. */
  readonly pendingMax?: number;
}

/** Records of one transaction: about 10 ms of the event loop. */
const SLICE_RECORDS = 500;
const RETRY_MIN = micros(US_PER_S);
const RETRY_MAX = micros(30 * US_PER_S);
/** How often it is looked whether a guessed time is known now. */
const GUESS_INTERVAL = micros(30 * US_PER_S);

export class SqliteFailoverBook implements FailoverBook {
  readonly #options: FailoverBookOptions;
  readonly #bootId: string;
  readonly #queue: RecordQueue;
  readonly #slots = new FailoverSlots();
  readonly #time: RecordTime;
  #store: StoreState = { kind: "ok" };
  #newestMs = 0;
  /** Rows of the file and of memory have guessed times. */
  #hasGuessed = false;
  #retryAfter: Micros = RETRY_MIN;
  #retry: Disarm | null = null;
  #look: Disarm | null = null;
  #isStarted = false;
  #closed = false;
  #isGrouping = false;

  /** Reads what the file has; without a file everything starts in memory. */
  constructor(options: FailoverBookOptions) {
    const { handle, clock, isClockSane, clockFloor } = options;
    this.#options = options;
    this.#bootId = options.bootId ?? readBootId();
    this.#queue = new RecordQueue(options.pendingMax ?? PENDING_RECORDS_MAX);
    this.#time = new RecordTime({ clock, bootId: this.#bootId, isClockSane, clockFloor });
    handle.watch({
      opened: (db) => this.#onOpened(db),
      closed: () => {},
      failed: (fault) => this.#onFault(fault),
    });
    this.#isStarted = true;
    if (handle.db === null) this.#armRetry();
  }

  /** What routing remembers, kept with the rest. */
  readonly routeMemory: RouteMemoryStore = {
    load: () => this.#slots.routes,
    save: (memory) => {
      this.#slots.remember(memory);
      this.#writeIfWell();
    },
  };

  get state(): BookState {
    return { store: this.#store, pending: this.#queue.size, dropped: this.#queue.dropped };
  }

  together<T>(write: () => T): T {
    this.#isGrouping = true;
    try {
      return write();
    } finally {
      this.#isGrouping = false;
      this.#writeIfWell();
    }
  }

  record(event: FailoverEvent, at: UnixMillis): number {
    const id = this.#queue.pushEvent(event, this.#dated(at));
    this.#writeIfWell();
    return id;
  }

  audit(record: AuditRecord, at: UnixMillis): number {
    const id = this.#queue.pushAudit(record, this.#dated(at));
    this.#writeIfWell();
    return id;
  }

  saveState(state: PersistedState, now: Instant): void {
    this.#slots.save({ state, bootId: this.#bootId, monotonicUs: now });
    this.#writeIfWell();
  }

  loadState(now: Instant): Restored | null {
    const { saved } = this.#slots;
    return saved === null ? null : restored(saved, this.#bootId, now);
  }

  syncPolicies(policies: readonly EffectivePolicy[]): void {
    this.#slots.sync(policies);
    this.#writeIfWell();
  }

  apiPolicies(): readonly ApiPolicy[] {
    return this.#slots.apiPolicies;
  }

  putApiPolicy(policy: ApiPolicy): void {
    this.#slots.putApi(policy);
    this.#writeIfWell();
  }

  deleteApiPolicy(id: number): boolean {
    const isKnown = this.#slots.deleteApi(id);
    this.#writeIfWell();
    return isKnown;
  }

  events(query: EventQuery): RecordPage<RecordedEvent> {
    const tail = this.#queue.events(query);
    return pageOf(query, tail, (rows) => this.#read((db) => selectEvents(db, query, rows)));
  }

  audits(query: AuditQuery): RecordPage<RecordedAudit> {
    const tail = this.#queue.audits(query);
    return pageOf(query, tail, (rows) => this.#read((db) => selectAudits(db, query, rows)));
  }

  close(): void {
    if (this.#closed) return;
    this.#stopTimers();
    this.#correctTimes();
    while (this.#isWaiting && this.#writeSlice()) {
      // Each round writes a slice, so this ends.
    }
    this.#closed = true;
    if (this.#queue.size === 0) return;
    this.#options.log.error("failover records lost at shutdown", { records: this.#queue.size });
  }

  // --- writing ----------------------------------------------------------------------------------

  get #isWaiting(): boolean {
    return this.#queue.size > 0 || this.#slots.isDirty;
  }

  /** Only the timer ever opens a file or meets a broken one a second time. */
  #writeIfWell(): void {
    if (this.#closed || this.#isGrouping || this.#retry !== null) return;
    if (this.#options.handle.isWell) this.#writeAll();
    else this.#armRetry();
  }

  #writeAll(): void {
    if (!this.#isWaiting && this.#store.kind === "ok") return;
    if (!this.#writeSlice()) this.#armRetry();
    // The rest in further turns of the event loop.
    else if (this.#isWaiting) this.#armRetry(micros(0));
  }

  /** One transaction. A corrupt file is replaced and the slice written into the new one. */
  #writeSlice(): boolean {
    const { handle } = this.#options;
    if (!handle.open(0) || handle.db === null) return false;
    const first = this.#insert(handle.db);
    if (first.kind === "ok") return this.#settle();
    this.#onFault(first.fault);
    handle.fail(first.fault);
    if (first.fault.kind !== "corrupt" || handle.db === null) return false;
    const second = this.#insert(handle.db);
    if (second.kind === "ok") return this.#settle();
    this.#onFault(second.fault);
    handle.fail(second.fault);
    return false;
  }

  #insert(db: Database): Attempt<null> {
    const records = this.#queue.oldest(SLICE_RECORDS);
    const written = transact(db, "cannot write failover records", () => {
      db.run("BEGIN IMMEDIATE");
      for (const record of records) insertRecord(db, record);
      // A state is true only with all that led to it.
      if (records.length === this.#queue.size) this.#slots.write(db);
      db.run("COMMIT");
      return null;
    });
    if (written.kind === "fault") return written;
    if (records.length === this.#queue.size) this.#slots.settle();
    this.#queue.remove(records.length);
    return written;
  }

  #settle(): true {
    this.#retryAfter = RETRY_MIN;
    if (this.#store.kind === "failing" && !this.#isWaiting) {
      this.#store = { kind: "ok" };
      this.#options.log.info("failover records are written again");
    }
    return true;
  }

  #onFault(fault: StoreFault): void {
    const was = this.#store;
    const { clock, log } = this.#options;
    const since = was.kind === "failing" ? was.since : unixSeconds(clock.wall() / 1_000);
    this.#store = { kind: "failing", since, reason: fault.reason };
    if (was.kind === "ok") log.warn("failover records wait in memory", { reason: fault.reason });
  }

  #armRetry(pause?: Micros): void {
    const { clock, timers } = this.#options;
    this.#retry?.();
    const wait = pause ?? this.#retryAfter;
    if (pause === undefined) {
      this.#retryAfter = micros(Math.min(RETRY_MAX, this.#retryAfter * 2));
    }
    this.#retry = timers.arm(after(clock.monotonic(), wait), () => {
      this.#retry = null;
      if (!this.#closed) this.#writeAll();
    });
  }

  #stopTimers(): void {
    this.#retry?.();
    this.#look?.();
    this.#retry = null;
    this.#look = null;
  }

  // --- the file ---------------------------------------------------------------------------------

  /** Statements only: a fault is that of opening the file. */
  #onOpened(db: Database): void {
    this.#queue.follow(lastIds(db));
    this.#newestMs = Math.max(this.#newestMs, newestRecordMs(db));
    if (hasGuessed(db, this.#bootId)) this.#expectTime();
    const isFound = this.#slots.read(db);
    if (isFound && this.#isStarted) {
      const { timers, clock, onPoliciesFound } = this.#options;
      timers.arm(clock.monotonic(), () => onPoliciesFound?.());
    }
    if (this.#isWaiting || this.#store.kind === "failing") this.#armRetry(micros(0));
  }

  #read<T>(select: (db: Database) => readonly T[]): readonly T[] {
    const { handle } = this.#options;
    const { db } = handle;
    if (db === null) return [];
    const rows = attempt("cannot read failover records", () => select(db));
    if (rows.kind === "ok") return rows.value;
    // What memory holds is better than nothing; a file that cannot be read is not well.
    this.#onFault(rows.fault);
    handle.fail(rows.fault);
    this.#armRetry();
    return [];
  }

  // --- time -------------------------------------------------------------------------------------

  #dated(at: UnixMillis): DatedTime {
    const dated = this.#time.date(at, this.#newestMs);
    if (dated.guessed === null) this.#newestMs = Math.max(this.#newestMs, dated.at);
    else this.#expectTime();
    return { ...dated, at: unixMillis(Math.round(dated.at)) };
  }

  #expectTime(): void {
    this.#hasGuessed = true;
    const { clock, timers } = this.#options;
    this.#look?.();
    this.#look = timers.arm(after(clock.monotonic(), GUESS_INTERVAL), () => {
      this.#look = null;
      this.#correctTimes();
      if (this.#hasGuessed) this.#expectTime();
    });
  }

  /** Gives rows and records with guessed times their true ones, once they are known. */
  #correctTimes(): void {
    if (!this.#hasGuessed || !this.#time.isSane) return;
    this.#queue.redate((guessed) => this.#time.trueTime(guessed));
    const { db } = this.#options.handle;
    if (db === null) return;
    const corrected = transact(db, "cannot correct the times of failover records", () => {
      db.run("BEGIN IMMEDIATE");
      correctGuessed(db, this.#bootId, this.#time.offsetMs);
      db.run("COMMIT");
    });
    // Whatever the fault, the next look tries again; a write meets it too and reports it.
    if (corrected.kind === "fault") return;
    this.#hasGuessed = false;
    this.#time.forget();
  }
}
