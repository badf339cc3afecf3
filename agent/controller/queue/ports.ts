/**
 * The seams of the durable queue: who puts something in, who carries it away, and the file that
 * keeps what could not be delivered at once. Order is kept per destination, and destinations know
 * nothing of each other.
 */

import type { DropReason } from "../../domain/drop-reason.ts";
import type { UnixMillis } from "../../domain/units.ts";

export type EntryKind = "metrics" | "logs" | "alert";

/** One thing to deliver: a collection, a batch of log records, an alert. */
export interface QueueEntry {
  readonly kind: EntryKind;
  /** Stable over retries and restarts: what a receiver may recognise a second delivery by. */
  readonly id: string;
  /** The time it speaks of; never changed by waiting. */
  readonly createdAt: UnixMillis;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** After this it is worthless and dropped, counted; null: the destination's age limit alone. */
  readonly expiresAt: UnixMillis | null;
}

export type Delivery =
  | { readonly kind: "delivered" }
  /** Taken, but the receiver refused a part of it; sending again would change nothing. */
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  /** `afterMs`: the receiver's own wish (Retry-After); null: it said nothing. */
  | { readonly kind: "retry"; readonly afterMs: number | null; readonly reason: string }
  /** Sending again would change nothing: to the dead letters. `status`: null without an answer. */
  | { readonly kind: "permanent"; readonly status: number | null; readonly text: string };

/** Never rejects for a fault of the network; `signal` ends an attempt that nobody waits for. */
export type Sender = (entry: QueueEntry, signal: AbortSignal) => Promise<Delivery>;

export interface Destination {
  /** Names the rows in the file: stable over restarts, also when its address changes. */
  readonly name: string;
  readonly send: Sender;
  readonly limits: QueueLimits;
  readonly backoff?: Backoff;
}

export interface QueueLimits {
  /** Octets of bodies; beyond them the oldest is dropped. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Entries per second out of the file after an outage. */
  readonly replayPerSec: number;
}

/** Waits between attempts, ms. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface DeadLetter {
  readonly destination: string;
  readonly kind: EntryKind;
  /** Of the newest of `count` letters with the same answer. */
  readonly id: string;
  readonly created_at_ms: UnixMillis;
  readonly failed_at_ms: UnixMillis;
  readonly status: number | null;
  readonly answer: string;
  readonly count: number;
}

export interface DestinationState {
  readonly name: string;
  /** idle: nothing waits; waiting: for the next attempt; replaying: what an outage left. */
  readonly state: "idle" | "sending" | "waiting" | "replaying";
  readonly items: number;
  readonly bytes: number;
  /** How many of the items are in the file. */
  readonly stored_items: number;
  /** Seconds since the oldest item was made; null: none. */
  readonly oldest_age_secs: number | null;
  readonly delivered: number;
  /** Answers that took a part only, and how many points or records they refused. */
  readonly partial: number;
  readonly rejected: number;
  readonly retries: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly last_success_ms: UnixMillis | null;
  readonly last_error: string | null;
  /** Seconds until the next attempt; null: not waiting for one. */
  readonly next_attempt_secs: number | null;
}

export interface QueueState {
  readonly destinations: readonly DestinationState[];
  /** Why the file does not take entries; null: it does, or there is none. */
  readonly fault: string | null;
}

export interface DurableQueue {
  /** Opens the way to a destination and begins with what earlier runs left; again: replaces it. */
  open(destination: Destination): void;
  /**
   * Never throws, never waits for the network. In memory until its first attempt fails or takes
   * more than 10 s; with `atOnce` it is in the file when this returns. An unknown destination is
   * a bug.
   */
  enqueue(destination: string, entry: QueueEntry, atOnce?: boolean): void;
  /** An entry with this id waits for the destination. */
  has(destination: string, id: string): boolean;
  /**
   * Conditions have changed (an uplink came back): try now what waits, except where the receiver
   * itself asked for the wait.
   */
  nudge(): void;
  state(): QueueState;
  /** Newest last. */
  deadLetters(): readonly DeadLetter[];
  /** Two seconds at most: delivers what goes at once and stores the rest. */
  stop(): Promise<void>;
}

// --- the file -----------------------------------------------------------------------------------

export type StoreAnswer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** `lost`: what the file held is gone with it; else it is kept and may work again. */
  | { readonly kind: "fault"; readonly reason: string; readonly lost: boolean };

export interface StoredEntry extends QueueEntry {
  /** Grows; its order is the order of delivery. */
  readonly seq: number;
}

export interface StoredLane {
  readonly count: number;
  readonly bytes: number;
  /** Before it no attempt is wanted, Unix ms; 0: at once. */
  readonly notBefore: number;
}

export interface Taken {
  readonly count: number;
  readonly bytes: number;
}

/** Made at the first insert, gone when nothing is in it. Synchronous: each call is under 1 ms. */
export interface QueueStore {
  /** What waits for a destination; without a file: nothing. */
  lane(destination: string): StoreAnswer<StoredLane>;
  /** One transaction. The value: the seq of each. */
  insert(destination: string, entries: readonly QueueEntry[]): StoreAnswer<readonly number[]>;
  /** The oldest behind `seq`; null: none. */
  after(destination: string, seq: number): StoreAnswer<StoredEntry | null>;
  /** When the oldest behind `seq` was made; null: none. */
  oldest(destination: string, seq: number): StoreAnswer<UnixMillis | null>;
  has(destination: string, id: string): StoreAnswer<boolean>;
  /** Deletes all up to `seq`. */
  removeThrough(destination: string, seq: number): StoreAnswer<null>;
  /** Deletes the oldest behind `seq` until `bytes` are free. */
  removeOldest(destination: string, seq: number, bytes: number): StoreAnswer<Taken>;
  holdUntil(destination: string, notBefore: number): StoreAnswer<null>;
  /** Deletes what is left of destinations that are none of these. */
  removeOthers(destinations: readonly string[]): StoreAnswer<Taken>;
  deadLetters(): StoreAnswer<readonly DeadLetter[]>;
  /** All there are; replaces what was there. */
  keepDeadLetters(letters: readonly DeadLetter[]): StoreAnswer<null>;
  /** Nothing waits any more: gives the room back. */
  shrink(): void;
  close(): void;
}
