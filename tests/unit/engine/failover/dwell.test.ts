import { describe, expect, test } from "bun:test";
import { micros, US_PER_S } from "../../../../agent/domain/units.ts";
import { Dwell } from "../../../../agent/engine/failover/dwell.ts";
import { seconds } from "../../../support/failover-steps.ts";

const TEN = micros(10 * US_PER_S);

function after(...moves: readonly number[]): Dwell {
  const dwell = new Dwell(TEN);
  for (const at of moves) dwell.note(seconds(at));
  return dwell;
}

describe("Dwell", () => {
  test("holds nothing before the first move", () => {
    expect(after().until()).toBeNull();
  });

  test.each([
    { moves: [0], span: 10 },
    { moves: [0, 20], span: 20 },
    { moves: [0, 20, 50], span: 40 },
    { moves: [0, 20, 50, 100, 200], span: 160 },
    { moves: [0, 20, 50, 100, 200, 400], span: 300 },
    { moves: [0, 20, 50, 100, 200, 400, 599], span: 300 },
  ])("rule 3: moves at $moves hold for $span s", ({ moves, span }) => {
    expect(after(...moves).until()).toBe(seconds((moves.at(-1) ?? 0) + span));
  });

  test.each([
    { second: 599, span: 20 },
    { second: 600, span: 10 },
  ])("rule 3: a move $second s later holds for $span s", ({ second, span }) => {
    expect(after(0, second).until()).toBe(seconds(second + span));
  });

  test("a configured time above the cap stays what it is", () => {
    const dwell = new Dwell(micros(600 * US_PER_S));
    dwell.note(seconds(0));
    dwell.note(seconds(1));
    expect(dwell.until()).toBe(seconds(601));
  });

  test("restore() goes on after a restart", () => {
    const dwell = new Dwell(TEN);
    dwell.restore(after(0, 20).persisted(seconds(25)), micros(3 * US_PER_S), seconds(1_000));
    expect(dwell.until()).toBe(seconds(1_000 - 8 + 20));
  });

  test("adjust() applies to what is running", () => {
    const dwell = after(0);
    dwell.adjust(micros(30 * US_PER_S));
    expect(dwell.until()).toBe(seconds(30));
  });
});
