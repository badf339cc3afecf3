import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { PathBook } from "../../../../agent/engine/failover/path-book.ts";
import type { State } from "../../../support/failover-steps.ts";
import { condition, SIGNED, seconds } from "../../../support/failover-steps.ts";

const FIBER = pathId("fiber");

function told(...states: readonly State[]): { book: PathBook; up: boolean[] } {
  const book = new PathBook();
  return { book, up: states.map((state) => book.take(condition("fiber", state, seconds(1)))) };
}

describe("PathBook", () => {
  test.each([
    { states: ["carrier", 90] as const, up: [false, true] },
    { states: ["carrier", "no-gateway", "probes"] as const, up: [false, false, true] },
    { states: ["probes", 90] as const, up: [false, false] },
    { states: [90, "carrier"] as const, up: [false, false] },
  ])("take() tells when the link comes up: $states", ({ states, up }) => {
    expect(told(...states).up).toEqual([...up]);
  });

  test("keeps the families apart", () => {
    const { book } = told(90);
    book.refuse(FIBER, 6, "no");
    expect(book.condition(FIBER, 6)).toBeNull();
    expect(book.refusal(FIBER, 4)).toBeNull();
    expect(book.refusal(FIBER, 6)).toBe("no");
  });

  test.each([
    { states: [80, 90] as const, want: "no" },
    { states: ["probes", 90] as const, want: "no" },
    { states: ["carrier"] as const, want: null },
  ])("a refusal outlives scores, not links: $states", ({ states, want }) => {
    const { book } = told(100);
    book.refuse(FIBER, 4, "no");
    for (const state of states) book.take(condition("fiber", state, seconds(2)));
    expect(book.refusal(FIBER, 4)).toBe(want);
  });

  test.each([
    { state: 90, hardDown: null },
    { state: "probes", hardDown: null },
    { state: "carrier", hardDown: "carrier" },
  ] as const)("forget() keeps only what the kernel said: $state", ({ state, hardDown }) => {
    const { book } = told(state);
    book.forget();
    const want = { score: null, status: "unknown", newestReply: null, hardDown } as const;
    expect(book.condition(FIBER, 4)).toMatchObject(want);
  });

  test("keepOnly() drops what is not configured", () => {
    const { book } = told(90);
    book.maintain(FIBER, { ...SIGNED, since: seconds(0), expiresAt: null });
    book.refuse(FIBER, 4, "no");
    book.keepOnly(new Set([pathId("lte")]));
    expect(book.condition(FIBER, 4)).toBeNull();
    expect(book.refusal(FIBER, 4)).toBeNull();
    expect(book.inMaintenance(FIBER)).toBe(false);
  });

  test("expire() ends maintenance exactly at its end", () => {
    const { book } = told();
    book.maintain(FIBER, { ...SIGNED, since: seconds(0), expiresAt: seconds(9) });
    expect(book.nextExpiry()).toBe(seconds(9));
    expect(book.expire(seconds(8.999))).toEqual([]);
    expect(book.expire(seconds(9)).map(([path]) => path)).toEqual([FIBER]);
    expect(book.endMaintenance(FIBER)).toBe(false);
  });
});
