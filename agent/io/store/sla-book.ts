/**
 * Maintenance spans and status changes on disk. A span is written at once; status changes wait for
 * a minute, so that a path that flaps costs a transaction a minute and not one per change. What
 * cannot be written stays in bounded memory, is answered from there, and is tried again.
 */

import type { Database } from "bun:sqlite";
import type { Clock, Disarm, Log, Timers } from "../../controller/ports.ts";
import type { MaintenanceLog, StatusLog, TimeSpan } from "../../controller/sla/ports.ts";
import type { PathId } from "../../domain/ids.ts";
import type { MaintenanceSpan, StatusMark } from "../../domain/sla.ts";
import type { Micros, UnixSeconds } from "../../domain/units.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";
import { readNumber, transact } from "./database.ts";
import { attempt } from "./fault.ts";
import type { StoreHandle } from "./handle.ts";
import type { SpanRow } from "./sla-rows.ts";
import { insertMark, openSpans, putSpan, selectMarks, selectSpans, spanOf } from "./sla-rows.ts";

export interface SlaBookOptions {
  /** Of the journal: both write into one file. */
  readonly handle: StoreHandle;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Months of a path that changes every minute are noise: the oldest go first. */
const MARKS_MAX = 5_000;
const MARKS_PAUSE = micros(60 * US_PER_S);
const RETRY_PAUSE = micros(30 * US_PER_S);

export class SqliteSlaBook implements MaintenanceLog, StatusLog {
  readonly #options: SlaBookOptions;
  /** Spans by id that the file does not have in this form. */
  readonly #dirty = new Map<number, SpanRow>();
  readonly #open = new Map<PathId, SpanRow>();
  #marks: StatusMark[] = [];
  #nextId = 1;
  #timer: Disarm | null = null;
  #isFailing = false;
  #closed = false;

  constructor(options: SlaBookOptions) {
    this.#options = options;
    options.handle.watch({
      opened: (db) => this.#onOpened(db),
      closed: () => {},
      failed: () => {},
      // The new file knows nothing of what goes on.
      replaced: () => this.#keepOpen(),
    });
  }

  begin(path: PathId, by: Pick<MaintenanceSpan, "author" | "reason">, at: UnixSeconds): void {
    const before = this.#open.get(path);
    const span = { id: before?.id ?? this.#nextId++, began: before?.began ?? at };
    const row: SpanRow = { ...span, path, ended: null, author: by.author, reason: by.reason };
    this.#open.set(path, row);
    this.#dirty.set(row.id, row);
    this.#write();
  }

  end(path: PathId, at: UnixSeconds): boolean {
    const row = this.#open.get(path);
    if (row === undefined) return false;
    this.#open.delete(path);
    // A clock that was set back between the two must not make a span that ends before it began.
    this.#dirty.set(row.id, { ...row, ended: Math.max(row.began, at) });
    this.#write();
    return true;
  }

  open(): readonly MaintenanceSpan[] {
    return [...this.#open.values()].map(spanOf);
  }

  spans(path: PathId, within: TimeSpan): readonly MaintenanceSpan[] {
    const rows = new Map<number, SpanRow>();
    for (const row of this.#read((db) => selectSpans(db, path, within))) rows.set(row.id, row);
    for (const [id, row] of this.#dirty) {
      rows.delete(id);
      const isWithin = row.began < within.to && (row.ended ?? Infinity) > within.from;
      if (row.path === path && isWithin) rows.set(id, row);
    }
    return [...rows.values()].sort((a, b) => a.began - b.began).map(spanOf);
  }

  mark(mark: StatusMark): void {
    this.#marks.push(mark);
    if (this.#marks.length > MARKS_MAX) this.#marks = this.#marks.slice(-MARKS_MAX / 2);
    this.#arm(MARKS_PAUSE);
  }

  marks(path: PathId, within: TimeSpan): readonly StatusMark[] {
    const stored = this.#read((db) => selectMarks(db, path, within));
    const waiting = this.#marks.filter((mark) => mark.path === path && mark.at <= within.to);
    return [...stored, ...waiting];
  }

  /** Writes what is left; call it before the journal's close. */
  close(): void {
    if (this.#closed) return;
    this.#timer?.();
    this.#write();
    this.#closed = true;
  }

  #write(): void {
    const { handle, log } = this.#options;
    const { db } = handle;
    if (this.#closed || this.#dirty.size + this.#marks.length === 0) return;
    if (db === null || !handle.isWell) {
      this.#arm(RETRY_PAUSE);
      return;
    }
    const written = transact(db, "cannot write SLA records", () => {
      db.run("BEGIN IMMEDIATE");
      for (const row of this.#dirty.values()) putSpan(db, row);
      for (const mark of this.#marks) insertMark(db, mark);
      db.run("COMMIT");
    });
    if (written.kind === "ok") {
      this.#dirty.clear();
      this.#marks = [];
      if (this.#isFailing) log.info("SLA records are written again");
      this.#isFailing = false;
      return;
    }
    if (handle.isOurs(written.fault)) {
      this.#arm(RETRY_PAUSE);
      return;
    }
    if (!this.#isFailing) log.warn("SLA records wait", { reason: written.fault.reason });
    this.#isFailing = true;
    handle.fail(written.fault);
    this.#arm(RETRY_PAUSE);
  }

  #arm(pause: Micros): void {
    if (this.#timer !== null || this.#closed) return;
    const { clock, timers } = this.#options;
    this.#timer = timers.arm(after(clock.monotonic(), pause), () => {
      this.#timer = null;
      this.#write();
    });
  }

  /** Statements only. What memory knows of a path is newer than what the file says. */
  #onOpened(db: Database): void {
    const last = readNumber(db, "SELECT coalesce(max(span_id), 0) FROM maintenance_span");
    this.#nextId = Math.max(this.#nextId, last + 1);
    for (const row of openSpans(db)) {
      if (!this.#dirty.has(row.id) && !this.#open.has(row.path)) this.#open.set(row.path, row);
    }
    if (this.#dirty.size + this.#marks.length > 0) this.#arm(micros(0));
  }

  #keepOpen(): void {
    for (const row of this.#open.values()) this.#dirty.set(row.id, row);
  }

  #read<T>(select: (db: Database) => readonly T[]): readonly T[] {
    const { handle } = this.#options;
    const { db } = handle;
    if (db === null) return [];
    const rows = attempt("cannot read SLA records", () => select(db));
    if (rows.kind === "ok") return rows.value;
    handle.fail(rows.fault);
    return [];
  }
}
