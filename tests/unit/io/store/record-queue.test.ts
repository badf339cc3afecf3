import { describe, expect, test } from "bun:test";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { RecordQueue } from "../../../../agent/io/store/record-queue.ts";
import {
  auditRecord,
  EVERY_AUDIT,
  EVERY_EVENT,
  triggered,
} from "../../../support/failover-books.ts";

const NOW = { at: unixMillis(1_700_000_000_000), guessed: null };

function filled(events: number, audits: number, max = 100): RecordQueue {
  const queue = new RecordQueue(max);
  for (let order = 1; order <= events; order++) queue.pushEvent(triggered(order), NOW);
  for (let i = 0; i < audits; i++) queue.pushAudit(auditRecord(), NOW);
  return queue;
}

function ids(queue: RecordQueue): { readonly events: number[]; readonly audits: number[] } {
  return {
    events: queue.events(EVERY_EVENT).map(({ id }) => id),
    audits: queue.audits(EVERY_AUDIT).map(({ id }) => id),
  };
}

describe("RecordQueue", () => {
  test("follow() moves what came before the first file above all of it, each kind apart", () => {
    const queue = filled(2, 1);
    queue.follow({ event: 40, audit: 7 });
    expect(ids(queue)).toEqual({ events: [41, 42], audits: [8] });
    expect(queue.pushEvent(triggered(3), NOW)).toBe(43);
    expect(queue.pushAudit(auditRecord(), NOW)).toBe(9);
  });

  test("follow() of the same file forgets what a commit wrote that seemed to fail", () => {
    const queue = filled(0, 0);
    queue.follow({ event: 40, audit: 7 });
    for (const order of [1, 2]) queue.pushEvent(triggered(order), NOW);
    queue.pushAudit(auditRecord(), NOW);
    queue.follow({ event: 41, audit: 8 });
    expect(ids(queue)).toEqual({ events: [42], audits: [] });
    expect(queue.pushAudit(auditRecord(), NOW)).toBe(9);
  });

  test("follow() of a new, empty file keeps all and their ids", () => {
    const queue = filled(0, 0);
    queue.follow({ event: 40, audit: 7 });
    queue.pushEvent(triggered(1), NOW);
    queue.follow({ event: 0, audit: 0 });
    expect(ids(queue)).toEqual({ events: [41], audits: [] });
  });

  test("the oldest record of either kind goes when there is no room", () => {
    const queue = filled(3, 2, 3);
    expect(ids(queue)).toEqual({ events: [3], audits: [1, 2] });
    expect(queue.dropped).toBe(2);
  });

  test("remove() of more records than there are is a bug", () => {
    expect(() => filled(1, 0).remove(2)).toThrow("more records");
  });
});
