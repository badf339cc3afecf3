import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../agent/worker/prng.ts";
import { Departures } from "../../support/lab/departures.ts";

describe("Departures", () => {
  test("Departures takes nothing before it is due", () => {
    const departures = new Departures<string>();
    expect(departures.nextUs).toBe(Number.POSITIVE_INFINITY);
    departures.add(100, "a");
    expect(departures.take(99)).toBeNull();
    expect(departures.nextUs).toBe(100);
    expect(departures.take(100)).toBe("a");
    expect([departures.take(1e9), departures.size]).toEqual([null, 0]);
  });

  test("Departures keeps the order of arrival at the same instant", () => {
    const departures = new Departures<number>();
    for (let i = 0; i < 20; i++) departures.add(5, i);
    const taken = Array.from({ length: 20 }, () => departures.take(5));
    expect(taken).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("Departures sorts whatever comes, between takes as well", () => {
    const departures = new Departures<number>();
    const random = seededRandom(3);
    const expected: number[] = [];
    const taken: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const due = Math.floor(random() * 500);
      departures.add(due, due);
      expected.push(due);
      if (i % 3 !== 0) continue;
      expected.sort((a, b) => a - b);
      expect(departures.take(1e9)).toBe(expected.shift() ?? null);
    }
    expected.sort((a, b) => a - b);
    while (departures.size > 0) taken.push(departures.take(1e9) ?? -1);
    expect(taken).toEqual(expected);
  });
});
