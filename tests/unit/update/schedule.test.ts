import { describe, expect, test } from "bun:test";
import { unixSeconds } from "../../../agent/domain/units.ts";
import { delayOf, isChosen, isInWindow, retryDelay } from "../../../agent/update/schedule.ts";

const NODES = Array.from({ length: 2_000 }, (_, i) => `node-${i}`);

describe("isChosen()", () => {
  test("a share of the nodes, which only grows with the percentage", () => {
    const chosen = (percent: number) =>
      NODES.filter((node) => isChosen(node, { percent, salt: "release 7" }));
    const [tenth, half] = [chosen(10), chosen(50)];
    expect(tenth.length).toBeGreaterThan(140);
    expect(tenth.length).toBeLessThan(260);
    expect(half.length).toBeGreaterThan(900);
    expect(tenth.every((node) => half.includes(node))).toBe(true);
    expect([chosen(0).length, chosen(100).length]).toEqual([0, NODES.length]);
  });

  test("another salt begins with other nodes", () => {
    const first = (salt: string) => NODES.filter((node) => isChosen(node, { percent: 5, salt }));
    const before = new Set(first("a"));
    expect(first("b").filter((node) => before.has(node)).length).toBeLessThan(30);
  });
});

test("delayOf() is the same each time and spread over the jitter", () => {
  const delays = NODES.map((node) => delayOf(node, 7, 3_600));
  expect(delays).toEqual(NODES.map((node) => delayOf(node, 7, 3_600)));
  expect(Math.min(...delays)).toBeLessThan(60);
  expect(Math.max(...delays)).toBeGreaterThan(3_540);
  expect(delays.every((delay) => delay < 3_600)).toBe(true);
  expect(delayOf("node-1", 7, 0)).toBe(0);
});

test("retryDelay() grows to an hour", () => {
  expect([0, 1, 2, 6, 7, 100].map(retryDelay)).toEqual([60, 60, 300, 3_600, 3_600, 3_600]);
});

describe("isInWindow()", () => {
  const at = (text: string) => unixSeconds(Date.parse(text) / 1_000);
  const night = { from: 22 * 60, to: 5 * 60, days: [6], time_zone: "Europe/Berlin" };
  const day = { from: 9 * 60, to: 17 * 60, days: [], time_zone: "UTC" };

  test("without a window any moment is right", () => {
    expect(isInWindow([], at("2026-11-23T00:00:00Z"))).toBe(true);
  });

  test.each([
    ["2026-11-23T08:59:59Z", false],
    ["2026-11-23T09:00:00Z", true],
    ["2026-11-23T16:59:59Z", true],
    ["2026-11-23T17:00:00Z", false],
  ])("by day at %s: %p", (time, want) => {
    expect(isInWindow([day], at(time))).toBe(want);
  });

  // 2026-11-21 is a Saturday; Berlin is an hour ahead of UTC.
  test.each([
    ["2026-11-21T20:59:00Z", false],
    ["2026-11-21T21:00:00Z", true],
    ["2026-11-22T03:59:00Z", true],
    ["2026-11-22T04:00:00Z", false],
    ["2026-11-22T21:30:00Z", false],
    ["2026-11-21T03:00:00Z", false],
  ])("over midnight of a Saturday in Berlin at %s: %p", (time, want) => {
    expect(isInWindow([night], at(time))).toBe(want);
  });
});
