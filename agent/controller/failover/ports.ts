/**
 * The seam between the failover driver and its storage. The book outlives its disk: nothing here
 * throws for a fault of it or waits for it. What cannot be written waits in bounded memory, shows
 * in every query meanwhile, and is written in order when the disk is back.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Instant, UnixMillis, UnixSeconds } from "../../domain/units.ts";
import type {
  AuditRecord,
  FailoverEvent,
  FailoverEventType,
} from "../../engine/failover/effect.ts";
import type { Elapsed, PersistedState } from "../../engine/failover/persisted.ts";
import type { StoreState } from "../ports.ts";

/** `file`: from the configuration, read-only through the API. */
export type PolicyOrigin = "file" | "api";

/** A policy that the API made: the document as it was sent, read anew by every release. */
export interface ApiPolicy {
  readonly id: number;
  readonly document: PolicyDocument;
}

/** Keys and values of JSON, under the names of the configuration. */
export type PolicyDocument = Readonly<Record<string, unknown>>;

export interface EffectivePolicy {
  readonly config: PolicyConfig;
  readonly origin: PolicyOrigin;
}

export interface RecordedEvent extends FailoverEvent {
  /** Monotone, given at once: the same in memory and on disk. */
  readonly id: number;
  readonly at: UnixMillis;
}

export interface RecordedAudit extends AuditRecord {
  readonly id: number;
  readonly at: UnixMillis;
}

interface RecordQuery {
  /** Records of this time and later, Unix seconds; null: from the start. */
  readonly since: UnixSeconds | null;
  /** Up to and with this second; null: up to now. */
  readonly until: UnixSeconds | null;
  /** 1 to RECORD_LIMIT_MAX; beyond is cut. */
  readonly limit: number;
  /** Only records behind this id, in the order asked for; null: from its start. */
  readonly cursor: number | null;
  readonly order: "newest-first" | "oldest-first";
  readonly policy: number | null;
  /** Either side of a move, or the path that an operator named. */
  readonly path: PathId | null;
}

export interface EventQuery extends RecordQuery {
  readonly type: FailoverEventType | null;
}

export interface AuditQuery extends RecordQuery {
  /** The exact action, such as `pin safe`; null: any. */
  readonly action: string | null;
}

export interface RecordPage<T> {
  readonly records: readonly T[];
  /** The cursor of the next page; null: this was the last one. */
  readonly next: number | null;
}

/** Of the book; the history has its own. */
export interface BookState {
  readonly store: StoreState;
  /** Events and audit records not yet on disk. */
  readonly pending: number;
  /** The oldest ones, lost because memory is bounded, since start. */
  readonly dropped: number;
}

export interface Restored {
  readonly state: PersistedState;
  readonly elapsed: Elapsed;
}

export interface FailoverBook {
  /** What `write` gives to the book comes to disk in one transaction: all of it, or nothing. */
  together<T>(write: () => T): T;
  /** Takes an event; on disk when this returns, if the disk is well. Answers with its id. */
  record(event: FailoverEvent, at: UnixMillis): number;
  audit(record: AuditRecord, at: UnixMillis): number;
  /** Replaces the state that was saved before. */
  saveState(state: PersistedState, now: Instant): void;
  /** As of the last run; null: there is none that can be read. Asked once, before `saveState`. */
  loadState(now: Instant): Restored | null;
  /**
   * Tells the policies in force, at start and at every change: the given table mirrors them.
   * Whether one is enabled there is what the operator said last, by the saved state.
   */
  syncPolicies(policies: readonly EffectivePolicy[]): void;
  /** What the API made, by id. Empty while the disk has not been read yet. */
  apiPolicies(): readonly ApiPolicy[];
  putApiPolicy(policy: ApiPolicy): void;
  /** Its events stay. false: the API made no such policy. */
  deleteApiPolicy(id: number): boolean;
  events(query: EventQuery): RecordPage<RecordedEvent>;
  audits(query: AuditQuery): RecordPage<RecordedAudit>;
  readonly state: BookState;
  /** Writes what is left; call it before the journal's close. */
  close(): void;
}
