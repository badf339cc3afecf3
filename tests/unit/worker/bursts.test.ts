import { describe, expect, test } from "bun:test";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { micros } from "../../../agent/domain/units.ts";
import type { Burst } from "../../../agent/wire/burst.ts";
import { Bursts } from "../../../agent/worker/bursts.ts";

const BURST: Burst = { path: pathIndex(0), probes: 3, pace: micros(100), isCounted: false };

/** What is asked when the loop comes at these moments. */
function askedAt(bursts: Bursts, moments: readonly number[]): string[] {
  return moments.flatMap((now) => {
    const asked: string[] = [];
    bursts.advance(now, (series, isCounted) =>
      asked.push(`${now}:${series}${isCounted ? "+" : ""}`),
    );
    return asked;
  });
}

describe("a burst", () => {
  test("asks every target so many times, at its pace", () => {
    const bursts = new Bursts();
    bursts.begin(BURST, [4, 5], 1_000);
    expect(bursts.nextDueUs()).toBe(1_000);
    expect(askedAt(bursts, [999, 1_000, 1_050, 1_100, 1_200, 1_300])).toEqual([
      "1000:4",
      "1000:5",
      "1100:4",
      "1100:5",
      "1200:4",
      "1200:5",
    ]);
    expect(bursts.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
  });

  test("does not make up for a late loop", () => {
    const bursts = new Bursts();
    bursts.begin(BURST, [4], 0);
    expect(askedAt(bursts, [0, 350, 449, 450])).toEqual(["0:4", "350:4", "450:4"]);
  });

  test("asked for again begins anew instead of doubling", () => {
    const bursts = new Bursts();
    const targets = [4];
    bursts.begin(BURST, targets, 0);
    bursts.begin(BURST, targets, 50);
    bursts.begin({ ...BURST, isCounted: true, probes: 1 }, targets, 50);
    expect(askedAt(bursts, [0, 50, 150, 250, 350])).toEqual(["50:4+", "50:4", "150:4", "250:4"]);
  });

  test("without targets, or given up, is nothing", () => {
    const bursts = new Bursts();
    bursts.begin(BURST, [], 0);
    expect(bursts.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
    bursts.begin(BURST, [1], 0);
    bursts.clear();
    expect(askedAt(bursts, [0, 100])).toEqual([]);
  });
});
