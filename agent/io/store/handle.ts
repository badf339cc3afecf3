/**
 * The one handle to the history database, shared by all who write into it: opened, opened anew
 * after an I/O error, and set aside with a new file in its place when it is corrupt. Everything
 * else that goes wrong is left to those who share it; they learn of every file that comes and goes.
 */

import type { Database } from "bun:sqlite";
import type { Clock, Log } from "../../controller/ports.ts";
import { historyBudget } from "../../domain/retention.ts";
import { unixSeconds } from "../../domain/units.ts";
import { openDatabase, PAGE_BYTES } from "./database.ts";
import type { Attempt, StoreFault } from "./fault.ts";
import { attempt } from "./fault.ts";
import { fileDamage } from "./file-check.ts";
import { setAside } from "./set-aside.ts";

export interface HandleOptions {
  readonly path: string;
  /** The whole storage budget; the history gets three quarters, queues the rest. */
  readonly maxSizeMb: number;
  readonly clock: Pick<Clock, "wall">;
  readonly log: Log;
  /** A second connection is open whose close would delete the WAL of a new file. */
  isHeld(): boolean;
}

export interface HandleWatcher {
  /** A file was opened, maybe another one. Statements only; what SQLite throws closes it again. */
  opened(db: Database): void;
  /** What is known of the file's content may not hold for the next one. */
  closed(): void;
  /** No file could be opened. */
  failed(fault: StoreFault): void;
  /** The corrupt file is out of the way. */
  replaced?(): void;
}

export class StoreHandle {
  readonly #options: HandleOptions;
  readonly #watchers: HandleWatcher[] = [];
  #db: Database | null = null;
  /** It still serves reads; the next `open` opens the file anew. */
  #reopen = false;
  /** The file is corrupt and waits for being set aside. */
  #corrupt = false;
  #setAsides = 0;
  /** Another file takes its place: until it did, there is none. */
  #isLent = false;
  #lent: Database | null = null;
  /** Why there is no file. */
  #lastFault: StoreFault | null = null;

  constructor(options: HandleOptions) {
    this.#options = options;
  }

  get db(): Database | null {
    return this.#db;
  }

  /** There is a file, and nothing is known against it. */
  get isWell(): boolean {
    return this.#db !== null && !this.#reopen;
  }

  /** The budget of the file. */
  get maxPages(): number {
    return Math.floor(historyBudget(this.#options.maxSizeMb) / PAGE_BYTES);
  }

  /** A writer of ours in another thread is at work: no fault, and soon over. */
  isOurs(fault: StoreFault): boolean {
    return fault.kind === "busy" && this.#options.isHeld();
  }

  /** Corrupt files set aside since start. */
  get setAsides(): number {
    return this.#setAsides;
  }

  /** Tells `watcher` what follows; also of the open file, or why there is none, as if it came now. */
  watch(watcher: HandleWatcher): void {
    this.#watchers.push(watcher);
    const db = this.#db;
    if (db === null) {
      if (this.#lastFault !== null) watcher.failed(this.#lastFault);
      return;
    }
    const told = attempt("cannot read history database", () => watcher.opened(db));
    if (told.kind === "fault") this.fail(told.fault);
  }

  /** true: there is a file to write into. `timeoutMs`: how long to block for an old process. */
  open(timeoutMs: number): boolean {
    if (this.#isLent) return false;
    if (this.#reopen) this.close();
    const damage = this.#damage();
    if (damage !== null) {
      this.close();
      this.#condemn(damage);
    }
    if (this.#db !== null) return true;
    if (this.#corrupt && !this.#replaceCorrupt()) return false;
    let opened = this.#openFile(timeoutMs);
    if (opened.kind === "fault" && opened.fault.kind === "corrupt") {
      this.#condemn(opened.fault);
      if (!this.#replaceCorrupt()) return false;
      opened = this.#openFile(timeoutMs);
    }
    if (opened.kind === "fault") this.#report(opened.fault);
    return opened.kind === "ok";
  }

  /** Nobody reads or writes until `giveBack`; what is written meanwhile waits in memory. */
  lend(): void {
    this.#lent = this.#db;
    this.#db = null;
    this.#isLent = true;
    for (const watcher of this.#watchers) watcher.closed();
  }

  /** Another connection is open by now: closing ours costs no fsync. */
  part(): void {
    this.#lent?.close();
    this.#lent = null;
  }

  giveBack(): boolean {
    this.part();
    this.#isLent = false;
    return this.open(0);
  }

  /** A statement failed: full and busy keep the handle, a corrupt file is replaced at once. */
  fail(fault: StoreFault): void {
    if (fault.kind === "full" || fault.kind === "busy") return;
    this.#reopen = true;
    if (fault.kind !== "corrupt") return;
    this.#corrupt = true;
    this.open(0);
  }

  close(): void {
    this.#db?.close();
    this.#db = null;
    this.#reopen = false;
    for (const watcher of this.#watchers) watcher.closed();
  }

  /** Of the file behind the handle, as a look from outside shows it; null: nothing is known. */
  #damage(): StoreFault | null {
    const { path, isHeld } = this.#options;
    if (this.#db === null || isHeld()) return null;
    const damage = fileDamage(path);
    if (damage === null || isWhole(this.#db)) return null;
    return { kind: "corrupt", reason: `cannot write history: ${damage}` };
  }

  /** Nothing is open: the file waits for being set aside. */
  #condemn(fault: StoreFault): void {
    this.#report(fault);
    this.#corrupt = true;
  }

  #openFile(openTimeoutMs: number): Attempt<Database> {
    const { path } = this.#options;
    const opened = openDatabase({ path, maxPages: this.maxPages, openTimeoutMs });
    if (opened.kind === "fault") return opened;
    const db = opened.value;
    const told = attempt("cannot open history database", () => {
      for (const watcher of this.#watchers) watcher.opened(db);
    });
    if (told.kind === "ok") {
      this.#db = db;
      this.#lastFault = null;
      return opened;
    }
    db.close();
    return told;
  }

  /** false: the file could not be moved yet. */
  #replaceCorrupt(): boolean {
    const { path, clock, log, isHeld } = this.#options;
    if (isHeld()) return false;
    const moved = setAside(path, unixSeconds(clock.wall() / 1000));
    if (moved.kind === "fault") {
      this.#report(moved.fault);
      return false;
    }
    this.#corrupt = false;
    this.#setAsides++;
    for (const watcher of this.#watchers) watcher.replaced?.();
    log.error("corrupt history database set aside", { kept_as: moved.value });
    return true;
  }

  #report(fault: StoreFault): void {
    this.#lastFault = fault;
    for (const watcher of this.#watchers) watcher.failed(fault);
  }
}

/** Reads everything, which takes its time: only asked when the file looks damaged. */
function isWhole(db: Database): boolean {
  const read = attempt("cannot check history database", () => {
    // What is in memory would hide what is on the disk.
    db.run("PRAGMA shrink_memory");
    return db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get()?.quick_check;
  });
  return read.kind === "ok" && read.value === "ok";
}
