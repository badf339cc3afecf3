/**
 * The queue's file: a second database beside the history, so that a burst neither eats the
 * history's room nor stays in its file, and a damaged queue costs no history. Made at the first
 * insert, deleted when nothing is in it. Faults are answers; a damaged file is set aside.
 */

import type { Database } from "bun:sqlite";
import { existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Clock } from "../../../controller/ports.ts";
import type {
  DeadLetter,
  QueueEntry,
  QueueStore,
  StoreAnswer,
  StoredEntry,
  StoredLane,
  Taken,
} from "../../../controller/queue/ports.ts";
import type { UnixMillis } from "../../../domain/units.ts";
import { unixSeconds } from "../../../domain/units.ts";
import type { Checkpointer } from "../checkpoint.ts";
import { isCheckpointDue, WorkerCheckpointer } from "../checkpoint.ts";
import {
  databaseUri,
  openDatabase,
  PAGE_BYTES,
  readNumber,
  transact,
  walBacklog,
} from "../database.ts";
import type { StoreFault } from "../fault.ts";
import { attempt } from "../fault.ts";
import { setAside } from "../set-aside.ts";
import schema from "./0001-queue.sql" with { type: "text" };
import * as rows from "./queue-rows.ts";

export interface QueueFileOptions {
  readonly path: string;
  /** Of all bodies; the file may be a quarter larger. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, "wall">;
  /** Default: a Worker. */
  readonly checkpointer?: Checkpointer;
}

/** What rows and pages add to the bodies: 12 % measured with 1 KB bodies. */
const OVERHEAD = 1.25;
const BASE_BYTES = 1 << 20;
/** An old process may still be closing the file when we start. */
const FIRST_OPEN_TIMEOUT_MS = 2_000;
/** A file that only holds dead letters is rewritten when it is larger. */
const LETTERS_FILE_MAX = 1 << 20;

export class QueueFile implements QueueStore {
  readonly #options: QueueFileOptions;
  readonly #checkpointer: Checkpointer;
  #db: Database | null = null;
  #openTimeoutMs = FIRST_OPEN_TIMEOUT_MS;
  #reopen = false;
  #isDamaged = false;

  constructor(options: QueueFileOptions) {
    this.#options = options;
    this.#checkpointer = options.checkpointer ?? new WorkerCheckpointer();
  }

  lane(destination: string): StoreAnswer<StoredLane> {
    return this.#read({ count: 0, bytes: 0, notBefore: 0 }, (db) => rows.lane(db, destination));
  }

  insert(destination: string, entries: readonly QueueEntry[]): StoreAnswer<readonly number[]> {
    const done = this.#write((db) => rows.insert(db, destination, entries));
    if (done.kind === "ok") this.#considerCheckpoint();
    return done;
  }

  after(destination: string, seq: number): StoreAnswer<StoredEntry | null> {
    return this.#read(null, (db) => rows.after(db, destination, seq));
  }

  oldest(destination: string, seq: number): StoreAnswer<UnixMillis | null> {
    return this.#read(null, (db) => rows.oldest(db, destination, seq));
  }

  has(destination: string, id: string): StoreAnswer<boolean> {
    return this.#read(false, (db) => rows.has(db, destination, id));
  }

  removeThrough(destination: string, seq: number): StoreAnswer<null> {
    return this.#change(null, (db) => rows.removeThrough(db, destination, seq));
  }

  removeOldest(destination: string, seq: number, bytes: number): StoreAnswer<Taken> {
    const step = (db: Database) => rows.removeOldest(db, destination, { seq, bytes });
    return this.#change({ count: 0, bytes: 0 }, step);
  }

  holdUntil(destination: string, notBefore: number): StoreAnswer<null> {
    return this.#change(null, (db) => rows.holdUntil(db, destination, notBefore));
  }

  removeOthers(destinations: readonly string[]): StoreAnswer<Taken> {
    return this.#change({ count: 0, bytes: 0 }, (db) => rows.removeOthers(db, destinations));
  }

  deadLetters(): StoreAnswer<readonly DeadLetter[]> {
    return this.#read<readonly DeadLetter[]>([], rows.deadLetters);
  }

  keepDeadLetters(letters: readonly DeadLetter[]): StoreAnswer<null> {
    return this.#write((db) => rows.keepDeadLetters(db, letters));
  }

  shrink(): void {
    // The close of the checkpoint's connection deletes a WAL by name.
    if (this.#checkpointer.running || !this.#exists()) return;
    const size = this.#read(1, (db) => readNumber(db, "SELECT count(*) FROM item"));
    if (size.kind === "fault" || size.value > 0) return;
    const letters = this.deadLetters();
    if (letters.kind === "fault") return;
    const isSmall = this.#fileBytes() <= LETTERS_FILE_MAX;
    if (letters.value.length > 0 && isSmall) return;
    this.close();
    attempt("cannot delete the queue's file", () => {
      // The file first: a WAL left beside a new file would be replayed into it.
      for (const suffix of ["", "-wal", "-journal"]) {
        rmSync(`${resolve(this.#options.path)}${suffix}`, { force: true });
      }
    });
    if (letters.value.length > 0) this.keepDeadLetters(letters.value);
  }

  close(): void {
    this.#db?.close();
    this.#db = null;
    this.#reopen = false;
  }

  /** Without a file, what the answer is then. */
  #read<T>(without: T, step: (db: Database) => T): StoreAnswer<T> {
    return this.#perform(this.#exists(), without, (db) =>
      attempt("cannot read the queue", () => step(db)),
    );
  }

  #change<T>(without: T, step: (db: Database) => T): StoreAnswer<T> {
    return this.#perform(this.#exists(), without, (db) => transaction(db, step));
  }

  /** Makes the file when there is none. */
  #write<T>(step: (db: Database) => T): StoreAnswer<T> {
    const opened = this.#ensureOpen();
    if (opened !== null) return opened;
    const db = this.#db;
    if (db === null) return { kind: "fault", reason: "the queue's file is not open", lost: false };
    const done = transaction(db, step);
    return done.kind === "ok" ? done : this.#fail(done.fault);
  }

  #perform<T>(
    isThere: boolean,
    without: T,
    step: (db: Database) => ReturnType<typeof attempt<T>>,
  ): StoreAnswer<T> {
    if (!isThere) return { kind: "ok", value: without };
    const opened = this.#ensureOpen();
    if (opened !== null) return opened;
    if (this.#db === null) return { kind: "ok", value: without };
    const done = step(this.#db);
    return done.kind === "ok" ? done : this.#fail(done.fault);
  }

  #exists(): boolean {
    return this.#db !== null || existsSync(this.#options.path);
  }

  /** null: it is open. */
  #ensureOpen(): Extract<StoreAnswer<never>, { kind: "fault" }> | null {
    if (this.#reopen) this.close();
    if (this.#db !== null) return null;
    if (this.#isDamaged && !this.#replace()) {
      return { kind: "fault", reason: "cannot set the damaged queue aside yet", lost: false };
    }
    const { path, maxBytes } = this.#options;
    const maxPages = Math.floor((maxBytes * OVERHEAD + BASE_BYTES) / PAGE_BYTES);
    const openTimeoutMs = this.#openTimeoutMs;
    const opened = openDatabase({ path, maxPages, openTimeoutMs, migrations: [schema] });
    this.#openTimeoutMs = 0;
    if (opened.kind === "fault") return this.#fail(opened.fault);
    this.#db = opened.value;
    return null;
  }

  #fail(fault: StoreFault): Extract<StoreAnswer<never>, { kind: "fault" }> {
    const reason = fault.reason.replace("history database", "the queue's file");
    if (fault.kind === "full" || fault.kind === "busy") {
      return { kind: "fault", reason, lost: false };
    }
    this.#reopen = true;
    if (fault.kind !== "corrupt") return { kind: "fault", reason, lost: false };
    this.close();
    this.#isDamaged = true;
    this.#replace();
    return { kind: "fault", reason, lost: true };
  }

  /** false: the file could not be moved yet. */
  #replace(): boolean {
    if (this.#checkpointer.running) return false;
    const time = unixSeconds(this.#options.clock.wall() / 1_000);
    if (setAside(this.#options.path, time).kind === "fault") return false;
    this.#isDamaged = false;
    return true;
  }

  #considerCheckpoint(): void {
    const db = this.#db;
    if (db === null || this.#checkpointer.running) return;
    const backlog = attempt("cannot read the length of the WAL", () => walBacklog(db));
    if (backlog.kind === "fault" || !isCheckpointDue(backlog.value, true)) return;
    this.#checkpointer.start(databaseUri(this.#options.path), (end) => {
      if (end.kind === "fault") this.#fail(end.fault);
    });
  }

  #fileBytes(): number {
    const size = attempt("cannot read the size of the queue", () => statSync(this.#options.path));
    return size.kind === "ok" ? size.value.size : 0;
  }
}

function transaction<T>(db: Database, step: (db: Database) => T): ReturnType<typeof attempt<T>> {
  return transact(db, "cannot write the queue", () => {
    db.run("BEGIN IMMEDIATE");
    const value = step(db);
    db.run("COMMIT");
    return value;
  });
}
