import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { HistoryQuery } from "../../../../agent/controller/ports.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { PAGE_ROWS_MAX } from "../../../../agent/io/store/history.ts";
import type { SqliteJournal } from "../../../../agent/io/store/journal.ts";
import {
  everything,
  healthRow,
  openJournal,
  T0,
  temporaryFolder,
} from "../../../support/journals.ts";

let folder: ReturnType<typeof temporaryFolder>;
let journal: SqliteJournal;

beforeEach(() => {
  folder = temporaryFolder();
  journal = openJournal(`${folder.path}/a.db`).journal;
});

afterEach(() => {
  journal.close();
  folder.remove();
});

function record(...seconds: number[]): void {
  for (const second of seconds) journal.recordCheck(healthRow(second));
}

function query(overrides: Partial<HistoryQuery> = {}): HistoryQuery {
  const span = { from: unixSeconds(T0), to: unixSeconds(T0 + 1000) };
  return { path: pathId("fiber"), ...span, limit: 100, cursor: null, ...overrides };
}

function seconds(overrides: Partial<HistoryQuery> = {}): number[] {
  return journal.history(query(overrides)).rows.map(({ timestamp }) => timestamp - T0);
}

/** All pages, with `between` run after each. */
function paged(limit: number, between: () => void = () => {}): number[] {
  const found: number[] = [];
  let cursor: number | null = null;
  do {
    const page = journal.history(query({ limit, cursor }));
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    found.push(...page.rows.map(({ timestamp }) => timestamp - T0));
    cursor = page.next_cursor;
    between();
  } while (cursor !== null);
  return found;
}

describe("readHistory()", () => {
  test("readHistory() appends the unwritten tail, without ids", () => {
    record(1, 2);
    journal.flush();
    record(3);
    const page = journal.history(query());
    expect(page.rows.map(({ timestamp, health_id }) => [timestamp - T0, health_id])).toEqual([
      [1, 1],
      [2, 2],
      [3, null],
    ]);
    expect(page.next_cursor).toBeNull();
  });

  test("readHistory() keeps to the path", () => {
    record(1);
    journal.recordCheck(healthRow(2, { path_id: pathId("lte") }));
    journal.flush();
    journal.recordCheck(healthRow(3, { path_id: pathId("lte") }));
    expect(seconds()).toEqual([1]);
    expect(seconds({ path: pathId("lte") })).toEqual([2, 3]);
  });

  test("readHistory() includes both ends of the span, stored or not", () => {
    record(9, 10, 11);
    journal.flush();
    record(19, 20, 21);
    const span = { from: unixSeconds(T0 + 10), to: unixSeconds(T0 + 20) };
    expect(seconds(span)).toEqual([10, 11, 19, 20]);
  });

  test("readHistory() sorts by time where the clock stepped back", () => {
    record(100, 200);
    journal.flush();
    record(150, 50);
    expect(seconds()).toEqual([50, 100, 150, 200]);
    journal.flush();
    expect(seconds()).toEqual([50, 100, 150, 200]);
  });

  test("readHistory() gives every row once, whatever the page size", () => {
    record(10, 20, 20, 15, 30);
    journal.flush();
    record(25, 20, 5, 40, 41);
    const all = [5, 10, 15, 20, 20, 20, 25, 30, 40, 41];
    for (let limit = 1; limit <= all.length + 1; limit++) expect(paged(limit)).toEqual(all);
  });

  test("readHistory() gives every row once when a flush comes between two pages", () => {
    record(1, 2);
    journal.flush();
    record(3, 4, 5, 6);
    expect(paged(3, () => journal.flush())).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("readHistory() says that there is more exactly when there is", () => {
    record(1, 2);
    journal.flush();
    record(3);
    expect(journal.history(query({ limit: 3 })).next_cursor).toBeNull();
    expect(journal.history(query({ limit: 2 })).next_cursor).toBe(2);
  });

  test("readHistory() goes on by id when the cursor's row is gone", () => {
    record(1, 2, 3);
    journal.flush();
    expect(seconds({ cursor: 99 })).toEqual([]);
    expect(seconds({ cursor: 0 })).toEqual([1, 2, 3]);
  });

  test("readHistory() bounds the limit on both sides", () => {
    for (let i = 0; i < PAGE_ROWS_MAX + 1; i++) record(0);
    expect(everything(journal, 1e9).rows).toHaveLength(PAGE_ROWS_MAX);
    expect(seconds({ limit: 0 })).toHaveLength(1);
    expect(seconds({ limit: Number.NaN })).toHaveLength(1);
  });
});
