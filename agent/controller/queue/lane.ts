/**
 * What waits for one destination, in order: first the file's entries, then those in memory. The
 * file holds a prefix of the order at every moment, so storing is always "all of memory". A disk
 * that fails leaves entries in bounded memory; entries it cannot give back now do not hold up
 * those that memory has.
 */

import type { Instant, UnixMillis } from "../../domain/units.ts";
import { after, instant, micros, US_PER_S } from "../../domain/units.ts";
import type { QueueEntry, QueueLimits, QueueStore, StoreAnswer } from "./ports.ts";
import type { Tally } from "./tally.ts";

/** Longer in memory is longer at the mercy of a crash. */
export const MEMORY_WAIT = micros(10 * US_PER_S);
/** While the disk takes nothing: an hour and more of 10 paths at a collection a minute. */
export const MEMORY_BYTES_MAX = 1 << 20;
/** Delivered rows leave the file together: one by one costs eight times the writes. */
export const REMOVE_BATCH = 50;
/** Old ones looked at in one turn of the loop; about 5 ms. */
const EXPIRED_PER_TURN = 200;

/** An entry and where it is. */
export interface Held {
  readonly entry: QueueEntry;
  readonly since: Instant;
  /** In the file; null: in memory. */
  seq: number | null;
}

export type Head =
  | { readonly kind: "entry"; readonly held: Held }
  | { readonly kind: "none" }
  /** Many were too old: ask again in the next turn. */
  | { readonly kind: "again" };

export interface LaneParts {
  readonly destination: string;
  readonly store: QueueStore;
  readonly tally: Tally;
  /** The file failed, or works again (null). */
  report(fault: string | null): void;
}

export class Lane {
  readonly #parts: LaneParts;
  limits: QueueLimits;
  #memory: Held[] = [];
  #memoryBytes = 0;
  #storedCount = 0;
  #storedBytes = 0;
  /** Rows up to here are done with, deleted or not. */
  #doneSeq = 0;
  #undeleted = 0;
  /** What an attempt is under way for: neither dropped nor given out twice. */
  #current: Held | null = null;

  constructor(parts: LaneParts, limits: QueueLimits) {
    this.#parts = parts;
    this.limits = limits;
  }

  /** Takes over what an earlier run left. The value: Unix ms before which nothing is wanted. */
  load(): number {
    const { store, destination } = this.#parts;
    const found = this.#take(store.lane(destination));
    this.#storedCount = found?.count ?? 0;
    this.#storedBytes = found?.bytes ?? 0;
    return found?.notBefore ?? 0;
  }

  get count(): number {
    return this.#storedCount + this.#memory.length;
  }

  get bytes(): number {
    return this.#storedBytes + this.#memoryBytes;
  }

  get storedCount(): number {
    return this.#storedCount;
  }

  /** When memory is to be stored at the latest; null: nothing in it. */
  get storeBy(): Instant | null {
    const first = this.#memory[0];
    return first === undefined ? null : after(first.since, MEMORY_WAIT);
  }

  get oldest(): UnixMillis | null {
    const { store, destination } = this.#parts;
    if (this.#storedCount > 0) {
      const created = this.#take(store.oldest(destination, this.#doneSeq));
      if (created !== null) return created;
    }
    return this.#memory[0]?.entry.createdAt ?? null;
  }

  has(id: string): boolean {
    if (this.#memory.some(({ entry }) => entry.id === id)) return true;
    if (this.#storedCount === 0) return false;
    const { store, destination } = this.#parts;
    return this.#take(store.has(destination, id)) ?? false;
  }

  add(entry: QueueEntry, now: Instant): void {
    const size = entry.body.byteLength;
    if (size > Math.min(MEMORY_BYTES_MAX, this.limits.maxBytes)) {
      this.#parts.tally.drop("size", 1);
      return;
    }
    this.#memory.push({ entry, since: now, seq: null });
    this.#memoryBytes += size;
    if (this.#memoryBytes <= MEMORY_BYTES_MAX || this.persist()) return;
    while (this.#memoryBytes > MEMORY_BYTES_MAX) this.#dropFromMemory();
  }

  /** The next to deliver. `wall`: null while the clock is no judge of age. */
  head(wall: UnixMillis | null): Head {
    for (let seen = 0; seen < EXPIRED_PER_TURN; seen++) {
      const held = this.#first();
      if (held === null) return { kind: "none" };
      if (wall === null || !this.#isExpired(held.entry, wall)) {
        this.#current = held;
        return { kind: "entry", held };
      }
      this.#parts.tally.drop("age", 1);
      this.#finish(held);
    }
    return { kind: "again" };
  }

  /** The attempt ended for good: delivered or refused. */
  done(held: Held): void {
    this.#current = null;
    this.#finish(held);
  }

  /** The attempt failed: the entry stays first. */
  keep(): void {
    this.#current = null;
  }

  /** Moves memory into the file. False: the disk did not take it; all is kept. */
  persist(): boolean {
    const over = this.#storedBytes + this.#memoryBytes - this.limits.maxBytes;
    if (this.#memory.length > 0 && over > 0) this.#makeRoom(over);
    const moved = this.#memory;
    if (moved.length === 0) return true;
    let seqs = this.#insert();
    if (seqs === null && this.#makeRoom(this.#memoryBytes)) seqs = this.#insert();
    if (seqs === null) return false;
    this.#parts.report(null);
    for (const [i, held] of moved.entries()) held.seq = seqs[i] ?? null;
    // A new file counts from 1 again.
    if ((seqs[0] ?? 0) <= this.#doneSeq) this.#doneSeq = 0;
    this.#storedCount += moved.length;
    this.#storedBytes += this.#memoryBytes;
    this.#memory = [];
    this.#memoryBytes = 0;
    return true;
  }

  /** Deletes delivered rows that wait for their batch. */
  settle(): void {
    if (this.#undeleted === 0) return;
    const { store, destination } = this.#parts;
    if (store.removeThrough(destination, this.#doneSeq).kind === "ok") this.#undeleted = 0;
  }

  #insert(): readonly number[] | null {
    const { store, destination } = this.#parts;
    const entries = this.#memory.map(({ entry }) => entry);
    return this.#take(store.insert(destination, entries));
  }

  #first(): Held | null {
    if (this.#current !== null) return this.#current;
    const { store, destination } = this.#parts;
    if (this.#storedCount > 0) {
      const found = this.#answer(store.after(destination, this.#doneSeq));
      if (found.kind === "ok" && found.value !== null) {
        return { entry: found.value, since: instant(0), seq: found.value.seq };
      }
      // Another lane was the first to learn that the file is gone.
      if (found.kind === "ok") this.#dropStored();
    }
    return this.#memory[0] ?? null;
  }

  #finish(held: Held): void {
    const size = held.entry.body.byteLength;
    if (held.seq === null) {
      this.#memory = this.#memory.filter((other) => other !== held);
      this.#memoryBytes = this.#memory.length === 0 ? 0 : this.#memoryBytes - size;
      return;
    }
    this.#doneSeq = held.seq;
    this.#storedCount--;
    this.#storedBytes -= size;
    this.#undeleted++;
    if (this.#undeleted >= REMOVE_BATCH || this.#storedCount === 0) this.settle();
  }

  #isExpired({ createdAt, expiresAt }: QueueEntry, wall: UnixMillis): boolean {
    return wall - createdAt > this.limits.maxAgeMs || (expiresAt !== null && wall >= expiresAt);
  }

  /** The oldest, but not what is being sent. */
  #dropFromMemory(): void {
    const victim = this.#memory.find((held) => held !== this.#current);
    if (victim === undefined) return;
    this.#parts.tally.drop("disk", 1);
    this.#finish(victim);
  }

  #makeRoom(bytes: number): boolean {
    if (this.#storedCount === 0) return false;
    const { store, destination, tally } = this.#parts;
    const behind = this.#current?.seq ?? this.#doneSeq;
    const taken = this.#take(store.removeOldest(destination, behind, bytes));
    if (taken === null || taken.count === 0) return false;
    this.#storedCount -= taken.count;
    this.#storedBytes -= taken.bytes;
    tally.drop("size", taken.count);
    return true;
  }

  #answer<T>(answer: StoreAnswer<T>): StoreAnswer<T> {
    if (answer.kind === "ok") return answer;
    this.#parts.report(answer.reason);
    if (answer.lost) this.#dropStored();
    return answer;
  }

  /** The file is gone, and with it what it held; what is being sent is still here. */
  #dropStored(): void {
    let lost = this.#storedCount;
    const current = this.#current;
    if (current !== null && current.seq !== null) {
      current.seq = null;
      this.#memory.unshift(current);
      this.#memoryBytes += current.entry.body.byteLength;
      lost--;
    }
    this.#parts.tally.drop("corrupt", Math.max(0, lost));
    this.#storedCount = 0;
    this.#storedBytes = 0;
    this.#doneSeq = 0;
    this.#undeleted = 0;
  }

  #take<T>(answer: StoreAnswer<T>): T | null {
    const told = this.#answer(answer);
    return told.kind === "ok" ? told.value : null;
  }
}
