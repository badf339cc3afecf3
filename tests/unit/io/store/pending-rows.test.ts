import { describe, expect, test } from "bun:test";
import { PendingRows } from "../../../../agent/io/store/pending-rows.ts";
import { healthRow } from "../../../support/journals.ts";

function filled(count: number, rowsMax = 100): PendingRows {
  const pending = new PendingRows(rowsMax);
  for (let i = 0; i < count; i++) pending.push(healthRow(i));
  return pending;
}

function ids(pending: PendingRows): number[] {
  return [...pending.oldest(pending.size)].map(({ id }) => id);
}

describe("PendingRows", () => {
  test("push() numbers rows in their order", () => {
    expect(ids(filled(3))).toEqual([1, 2, 3]);
  });

  test("push() drops the oldest row beyond the maximum, and counts it", () => {
    const full = filled(5, 5);
    expect([full.size, full.dropped]).toEqual([5, 0]);
    full.push(healthRow(5));
    expect([full.size, full.dropped]).toEqual([5, 1]);
    expect(ids(full)).toEqual([2, 3, 4, 5, 6]);
  });

  test("push() stays bounded and in order over many drops", () => {
    const pending = filled(20_000, 3);
    expect(ids(pending)).toEqual([19_998, 19_999, 20_000]);
    expect(pending.find(19_999)).toEqual(healthRow(19_998));
    expect(pending.dropped).toBe(19_997);
  });

  test("remove() keeps the ids of the rows that stay", () => {
    const pending = filled(5);
    pending.remove(2);
    expect(ids(pending)).toEqual([3, 4, 5]);
    pending.remove(3);
    pending.push(healthRow(9));
    expect(ids(pending)).toEqual([6]);
  });

  test("remove() of more rows than there are is a bug", () => {
    expect(() => filled(2).remove(3)).toThrow("invariant violated");
  });

  test("find() knows exactly the rows that wait", () => {
    const pending = filled(4);
    pending.remove(1);
    expect([1, 2, 4, 5].map((id) => pending.find(id)?.timestamp ?? null)).toEqual([
      null,
      healthRow(1).timestamp,
      healthRow(3).timestamp,
      null,
    ]);
  });

  test("numberAfter() moves ids up and never down", () => {
    const pending = filled(2);
    pending.numberAfter(10);
    expect(ids(pending)).toEqual([11, 12]);
    pending.numberAfter(3);
    expect(ids(pending)).toEqual([11, 12]);
  });

  test("oldest() stops at the count that was asked for", () => {
    expect([...filled(5).oldest(2)].map(({ id }) => id)).toEqual([1, 2]);
  });
});
