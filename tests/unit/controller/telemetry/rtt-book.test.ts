import { describe, expect, test } from "bun:test";
import { RttBook } from "../../../../agent/controller/telemetry/rtt-book.ts";
import { pathIndex } from "../../../../agent/domain/ids.ts";
import type { Histogram } from "../../../../agent/scoring/histogram.ts";
import { decodeHistogram, encodeHistogram } from "../../../../agent/scoring/histogram.ts";
import type { PathTally } from "../../../../agent/scoring/scorer.ts";

const EMPTY: PathTally = { probes: 0, lost: 0, rtt: null };
const P0 = pathIndex(0);

function histogram(offset: number, ...counts: number[]): Histogram {
  return { scale: 5, zeros: 0, offset, counts };
}

/** `n` replies of 10 ms in one bucket, and one that is lost. */
function tally(n: number, offset = -200): PathTally {
  const rtt = {
    ...{ sumUs: n * 10_000, minUs: 9_000 + n, maxUs: 10_000 + n },
    histogram: encodeHistogram(histogram(offset, n)),
  };
  return { probes: n + 1, lost: 1, rtt };
}

function bookOf() {
  const waiting: PathTally[] = [];
  const scorer = { pathCount: 2, takeTally: () => waiting.shift() ?? EMPTY };
  return { waiting, book: new RttBook(scorer) };
}

describe("RttBook", () => {
  test("closed it passes on, the same object", () => {
    const { waiting, book } = bookOf();
    const given = tally(3);
    waiting.push(given);
    book.across(["a"], () => {});
    expect(book.takeTally(P0)).toBe(given);
    expect(book.totals(0)).toBeNull();
  });

  test("totals are cumulative, and the history misses nothing of them", () => {
    const { waiting, book } = bookOf();
    book.across(["a"], () => {});
    book.open();
    waiting.push(tally(3));
    expect(book.totals(0)?.count).toBe(3);
    waiting.push(tally(4, -190));
    const totals = book.totals(0);
    expect(totals).toMatchObject({ count: 7, minSeconds: 0.009003, maxSeconds: 0.010004 });
    expect(totals?.sumSeconds).toBeCloseTo(0.07, 12);
    waiting.push(tally(5));
    const taken = book.takeTally(P0);
    expect([taken.probes, taken.lost]).toEqual([15, 3]);
    const counts = decodeHistogram(taken.rtt?.histogram ?? new Uint8Array())?.counts;
    expect(counts).toEqual([8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
    expect(book.totals(0)?.count).toBe(12);
    expect(book.takeTally(P0).probes).toBe(0);
  });

  test("nothing answered has no totals", () => {
    const { waiting, book } = bookOf();
    book.across(["a"], () => {});
    book.open();
    waiting.push({ probes: 4, lost: 4, rtt: null });
    expect(book.totals(0)).toBeNull();
    expect(book.takeTally(P0)).toMatchObject({ probes: 4, lost: 4 });
  });

  test("over a new table a path keeps its totals, wherever its row is now", () => {
    const { waiting, book } = bookOf();
    book.across(["a", "b"], () => {});
    book.open();
    waiting.push(tally(3));
    book.totals(0);
    let isChanged = false;
    waiting.push(tally(2), EMPTY);
    book.across(["c", "a"], () => {
      isChanged = true;
    });
    expect(isChanged).toBe(true);
    expect(book.totals(0)).toBeNull();
    expect(book.totals(1)?.count).toBe(5);
  });
});
