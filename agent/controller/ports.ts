/**
 * Every seam between the controller's driver and the world, as interfaces. The real ones live in
 * `io/`, the fakes in `tests/support`.
 */

import type { PathId, PathIndex } from "../domain/ids.ts";
import type { HealthRow } from "../domain/path-health.ts";
import type { Rollup, Tier } from "../domain/rollup.ts";
import type { Status } from "../domain/status.ts";
import type { Instant, UnixMillis, UnixSeconds } from "../domain/units.ts";
import type { StatusCause } from "../engine/effect.ts";

export interface Clock {
  /** CLOCK_MONOTONIC in us: the same clock as the worker's stamps. */
  monotonic(): Instant;
  wall(): UnixMillis;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** A constant message plus fields. Addresses only at debug. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Cancels an armed timer. */
export type Disarm = () => void;

export interface Timers {
  /** Calls `wake` once, not before `at`. */
  arm(at: Instant, wake: () => void): Disarm;
}

/** The octets of a key file; null: not usable, and said so. */
export type KeyReader = (path: string) => Uint8Array | null;

/** To the worker. `send` never blocks; a frame that does not fit now is queued by the channel. */
export interface ProbeChannel {
  send(frame: Uint8Array): void;
}

export interface HistoryQuery {
  readonly path: PathId;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly limit: number;
  /** Rows with an id above this one only; null: from the start of the span. */
  readonly cursor: number | null;
}

export interface HistoryPage {
  readonly rows: readonly (HealthRow & { readonly health_id: number | null })[];
  /** null: no more rows. */
  readonly next_cursor: number | null;
}

/** A span of one path; its edges are moved outwards to the five-minute grid. */
export interface RollupQuery {
  readonly path: PathId;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  /** No longer buckets than these. */
  readonly coarsest: Tier;
}

export interface RollupSpan {
  /** What the rows answer for. */
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly tiers: readonly Tier[];
  /** Finished buckets, oldest first, of different lengths; they do not overlap. */
  readonly rows: readonly Rollup[];
}

export type BackupEnd =
  | { readonly kind: "done"; readonly path: string; readonly octets: number }
  | { readonly kind: "failed"; readonly reason: string };

export type StoreState =
  | { readonly kind: "ok" }
  | { readonly kind: "failing"; readonly since: UnixSeconds; readonly reason: string };

/** Octets on disk; null: there is no such file. */
export interface StoreSize {
  readonly octets: number | null;
  readonly wal_octets: number | null;
}

export interface Journal {
  /** Takes a row into the batch; never throws, never waits for the disk. */
  recordCheck(row: HealthRow): void;
  /** Takes a finished bucket into the batch. */
  recordRollup(row: Rollup): void;
  /** While the time is not known: the clock stepped, and with it moves what is not written. */
  shiftPending(seconds: number): void;
  /**
   * The time stays unknown, and the rows are written all the same: as if they followed the newest
   * one, not before `notBefore`, and marked. Later rows too, until `correctGuess`.
   */
  guessTimes(notBefore: UnixSeconds): void;
  /** The time is known now: guessed rows move to where they belong. */
  correctGuess(): void;
  /** Writes the batch in one transaction. A failure keeps the rows and shows in `state`. */
  flush(): void;
  /** Stored rows and the unflushed tail, oldest first. */
  history(query: HistoryQuery): HistoryPage;
  /** Finished buckets, written or not. */
  rollups(query: RollupQuery): RollupSpan;
  /** Copies everything up to now into a file beside the database. */
  backup(): Promise<BackupEnd>;
  readonly state: StoreState;
  /** Rows not yet on disk, checks and buckets. */
  readonly pending: number;
  /** Rows that never reached the disk, since start. */
  readonly dropped: number;
  readonly size: StoreSize;
  close(): void;
}

/** What the driver tells the history as it happens. */
export interface HistoryFeed {
  changeStatus(path: PathIndex, to: Status): void;
  takeCheck(path: PathIndex, check: HealthRow): void;
  /** We did not run between these moments. */
  voidSpan(from: Instant, to: Instant): void;
  /** The journal's flush interval is over: flush right after the next edge of the buckets. */
  requestFlush(): void;
}

/** A path turned from one status to another. */
export interface StatusChange {
  readonly path: PathId;
  readonly from: Status;
  readonly to: Status;
  readonly cause: StatusCause;
  /** null: unknown. */
  readonly score: number | null;
}

/** What a process has cost so far, and holds now. */
export interface ProcessUsage {
  readonly cpu_seconds: number;
  readonly resident_bytes: number;
  /** Pages that had to be read from the disk. */
  readonly major_faults: number;
}

/** What the agent may still take. */
export interface MemoryRoom {
  /** Whose limit is the tightest. */
  readonly bound: "machine" | "control group";
  readonly limit_bytes: number;
  /** Free, or page cache that is given up first. */
  readonly available_bytes: number;
}
