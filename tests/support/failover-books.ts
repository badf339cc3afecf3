/** Builders for tests of the failover's book: records, queries, a book on a file of its own. */

import type { AuditQuery, EventQuery } from "../../agent/controller/failover/ports.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { micros, unixSeconds } from "../../agent/domain/units.ts";
import type { AuditRecord, FailoverEvent } from "../../agent/engine/failover/effect.ts";
import type { PersistedState } from "../../agent/engine/failover/persisted.ts";
import type { FailoverBookOptions } from "../../agent/io/store/failover-book.ts";
import { SqliteFailoverBook } from "../../agent/io/store/failover-book.ts";
import type { JournalOptions } from "../../agent/io/store/journal.ts";
import type { OpenJournal } from "./journals.ts";
import { openJournal } from "./journals.ts";

const FIBER = pathId("fiber");
const LTE = pathId("lte");

export function triggered(order: number, over: Partial<FailoverEvent> = {}): FailoverEvent {
  return {
    type: "triggered",
    policy: 1,
    family: 4,
    order,
    from: FIBER,
    to: LTE,
    cause: "hard-down",
    reason: `order ${order}`,
    primaryScore: 0,
    backupScore: 92.5,
    evidence: [
      {
        path: FIBER,
        score: 0,
        window: {
          samples: 50,
          latency_ms: null,
          packet_loss_pct: 100,
          jitter_ms: null,
          limiting: "loss",
        },
      },
    ],
    duration: null,
    ...over,
  };
}

export function completed(order: number): FailoverEvent {
  return triggered(order, { type: "completed", duration: micros(812) });
}

export function auditRecord(over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    action: "pin safe",
    author: "ann",
    reason: "works at the mast",
    policy: 1,
    path: LTE,
    outcome: "done",
    detail: "",
    ...over,
  };
}

export const EVERY_EVENT: EventQuery = {
  since: null,
  until: null,
  limit: 1_000,
  cursor: null,
  order: "oldest-first",
  policy: null,
  path: null,
  type: null,
};

export const EVERY_AUDIT: AuditQuery = {
  since: null,
  until: null,
  limit: 1_000,
  cursor: null,
  order: "oldest-first",
  policy: null,
  path: null,
  action: null,
};

/** What the engine would persist with `enabled` as the operator's last word on policy 1. */
export function persistedState(nextOrder: number, enabled: boolean | null = null): PersistedState {
  const policy = { id: 1, enabled, pin: null, hold: null, failovers: 3, failbacks: 2, tracks: [] };
  return { version: 1, nextOrder, maintenance: [], policies: [policy] };
}

export interface OpenBook extends OpenJournal {
  readonly book: SqliteFailoverBook;
  /** Time of the wall clock, as a driver would give it. */
  record(event: FailoverEvent): number;
  audit(record: AuditRecord): number;
  close(): void;
}

export interface BookChanges {
  readonly book?: Partial<FailoverBookOptions>;
  readonly journal?: Partial<JournalOptions>;
}

export function openBook(path: string, changes: BookChanges = {}): OpenBook {
  const opened = openJournal(path, changes.journal);
  const { journal, clock, log } = opened;
  const book = new SqliteFailoverBook({
    handle: journal.handle,
    clock,
    timers: clock,
    log,
    isClockSane: () => true,
    clockFloor: unixSeconds(1_600_000_000),
    bootId: "boot-1",
    ...changes.book,
  });
  return {
    ...opened,
    book,
    record: (event) => book.record(event, clock.wall()),
    audit: (record) => book.audit(record, clock.wall()),
    close() {
      book.close();
      journal.close();
    },
  };
}

/** Reasons of all events, oldest first. */
export function reasons(book: SqliteFailoverBook): string[] {
  return book.events(EVERY_EVENT).records.map(({ reason }) => reason);
}
