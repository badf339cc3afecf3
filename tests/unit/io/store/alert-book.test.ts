import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Notification } from "../../../../agent/domain/alerts.ts";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { SqliteAlertBook } from "../../../../agent/io/store/alert-book.ts";
import { StoreHandle } from "../../../../agent/io/store/handle.ts";
import { MESSAGE } from "../../../support/alert-messages.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { temporaryFolder } from "../../../support/journals.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function open(path = join(folder.path, "a.db")) {
  const handle = new StoreHandle({
    ...{ path, maxSizeMb: 16, clock: new FakeClock(), log: new FakeLog() },
    isHeld: () => false,
  });
  handle.open(0);
  return { handle, book: new SqliteAlertBook(handle) };
}

function message(n: number, severity: Notification["severity"] = "warning"): Notification {
  const { node_id: _, site: __, ...rest } = MESSAGE;
  return { ...rest, id: `m${n}`, severity, created_at_ms: unixMillis(n) };
}

const saved = { version: 1, sequence: 3, alerts: [] } as const;
const ALL = { limit: 100, cursor: null, severity: null };

describe("SqliteAlertBook", () => {
  test("keeps the state and the messages over a restart", () => {
    const first = open();
    expect(first.book.load()).toBeNull();
    first.book.save(saved);
    first.book.record(message(1));
    first.handle.close();
    const second = open();
    expect(second.book.load()).toEqual(saved);
    second.book.record(message(2));
    const { records, next } = second.book.history(ALL);
    expect(records.map(({ id, record }) => `${id} ${record}`)).toEqual(["m2 2", "m1 1"]);
    expect(records[1]).toEqual({ ...message(1), record: 1 });
    expect(next).toBeNull();
    second.handle.close();
  });

  test("keeps the newest ones only, and pages through them", () => {
    const { book, handle } = open();
    book.keep(3);
    for (let n = 1; n <= 5; n++) book.record(message(n, n === 4 ? "critical" : "warning"));
    expect(book.history(ALL).records.map(({ id }) => id)).toEqual(["m5", "m4", "m3"]);
    const page = book.history({ ...ALL, limit: 2 });
    expect(page.records.map(({ id }) => id)).toEqual(["m5", "m4"]);
    expect(page.next).toBe(4);
    expect(book.history({ ...ALL, cursor: page.next }).records.map(({ id }) => id)).toEqual(["m3"]);
    const severe = book.history({ ...ALL, severity: "critical" });
    expect(severe.records.map(({ id }) => id)).toEqual(["m4"]);
    handle.close();
  });

  test("without a disk it remembers in memory, and writes when there is one", () => {
    const path = join(folder.path, "folder-to-be", "a.db");
    writeFileSync(join(folder.path, "folder-to-be"), "in the way");
    const { book, handle } = open(path);
    book.save(saved);
    for (let n = 1; n <= 600; n++) book.record(message(n));
    expect(book.history({ ...ALL, limit: 2 }).records.map(({ id }) => id)).toEqual([
      "m600",
      "m599",
    ]);
    folder.remove();
    expect(handle.open(0)).toBe(true);
    book.record(message(601));
    handle.close();
    const again = open(path);
    expect(again.book.load()).toEqual(saved);
    expect(again.book.history({ ...ALL, limit: 1 }).records[0]?.id).toBe("m601");
    again.handle.close();
  });

  test("a state that is damaged is none", () => {
    const { book, handle } = open();
    book.save({ ...saved, sequence: -1 });
    handle.close();
    const again = open();
    expect(again.book.load()).toBeNull();
    again.handle.close();
  });
});
