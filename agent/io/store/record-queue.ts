/**
 * Events and audit records that are not on disk yet, in the order they came, bounded: when the disk
 * stays away the oldest go first. Each has its id from the start, so that a cursor stays good when
 * it is written between two pages.
 */

import type {
  AuditQuery,
  EventQuery,
  RecordedAudit,
  RecordedEvent,
} from "../../controller/failover/ports.ts";
import { invariant } from "../../domain/invariant.ts";
import type { AuditRecord, FailoverEvent } from "../../engine/failover/effect.ts";
import type { GuessedTime, RecordIds, StoredRecord } from "./failover-rows.ts";
import type { DatedTime } from "./record-time.ts";

/** A flapping policy makes four an hour: months of an absent disk, about 5 MB. */
export const PENDING_RECORDS_MAX = 5_000;

export class RecordQueue {
  readonly #recordsMax: number;
  #records: StoredRecord[] = [];
  #nextEvent = 1;
  #nextAudit = 1;
  #dropped = 0;
  /** Ids are above all of the file. */
  #isNumbered = false;

  constructor(recordsMax: number) {
    invariant(recordsMax > 0, "no room for a single record");
    this.#recordsMax = recordsMax;
  }

  get size(): number {
    return this.#records.length;
  }

  /** Lost because there was no room, since start. */
  get dropped(): number {
    return this.#dropped;
  }

  pushEvent(event: FailoverEvent, { at, guessed }: DatedTime): number {
    const id = this.#nextEvent++;
    this.#push({ kind: "event", record: { ...event, id, at }, guessed });
    return id;
  }

  pushAudit(audit: AuditRecord, { at, guessed }: DatedTime): number {
    const id = this.#nextAudit++;
    this.#push({ kind: "audit", record: { ...audit, id, at }, guessed });
    return id;
  }

  #push(record: StoredRecord): void {
    this.#records.push(record);
    if (this.#records.length <= this.#recordsMax) return;
    this.#records.shift();
    this.#dropped++;
  }

  oldest(count: number): readonly StoredRecord[] {
    return this.#records.slice(0, count);
  }

  /** Forgets the oldest: they are on disk. */
  remove(count: number): void {
    invariant(count <= this.size, "more records removed than there are");
    this.#records.splice(0, count);
  }

  /**
   * A file was opened whose highest ids these are. The first time the ids move above them: records
   * came before the file could be read. Later only we have written into it, so what it has of ours
   * was written by a commit that seemed to fail.
   */
  follow(last: RecordIds): void {
    if (this.#isNumbered) {
      this.#records = this.#records.filter(({ kind, record }) => record.id > last[kind]);
      return;
    }
    this.#isNumbered = true;
    this.#nextEvent += last.event;
    this.#nextAudit += last.audit;
    this.#records = this.#records.map((one) =>
      one.kind === "event"
        ? { ...one, record: { ...one.record, id: one.record.id + last.event } }
        : { ...one, record: { ...one.record, id: one.record.id + last.audit } },
    );
  }

  /** Gives the records their true time. */
  redate(timeOf: (guessed: GuessedTime) => RecordedEvent["at"]): void {
    this.#records = this.#records.map((one): StoredRecord => {
      if (one.guessed === null) return one;
      const at = timeOf(one.guessed);
      return one.kind === "event"
        ? { kind: "event", guessed: null, record: { ...one.record, at } }
        : { kind: "audit", guessed: null, record: { ...one.record, at } };
    });
  }

  /** Oldest first. */
  events(query: EventQuery): readonly RecordedEvent[] {
    return this.#records.flatMap((one) =>
      one.kind === "event" && isEventWanted(one.record, query) ? [one.record] : [],
    );
  }

  audits(query: AuditQuery): readonly RecordedAudit[] {
    return this.#records.flatMap((one) =>
      one.kind === "audit" && isAuditWanted(one.record, query) ? [one.record] : [],
    );
  }
}

function isEventWanted(event: RecordedEvent, query: EventQuery): boolean {
  const { type, path } = query;
  const isOfPath = path === null || event.from === path || event.to === path;
  return (type === null || event.type === type) && isOfPath && isWanted(event, query);
}

function isAuditWanted(audit: RecordedAudit, query: AuditQuery): boolean {
  const { action, path } = query;
  if (action !== null && audit.action !== action) return false;
  return (path === null || audit.path === path) && isWanted(audit, query);
}

function isWanted(
  { id, at, policy }: Pick<RecordedAudit, "id" | "at" | "policy">,
  query: EventQuery | AuditQuery,
): boolean {
  const second = Math.floor(at / 1_000);
  if (query.since !== null && second < query.since) return false;
  if (query.until !== null && second > query.until) return false;
  if (query.policy !== null && policy !== query.policy) return false;
  if (query.cursor === null) return true;
  return query.order === "newest-first" ? id < query.cursor : id > query.cursor;
}
