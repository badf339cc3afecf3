import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../agent/worker/prng.ts";
import type { Behaviour, Verdict } from "../../support/lab/behaviour.ts";
import { decide, newState } from "../../support/lab/behaviour.ts";

function run(behaviour: Behaviour, count: number, isUdp = false): Verdict[] {
  const state = newState();
  const random = seededRandom(7);
  return Array.from({ length: count }, () => decide(behaviour, state, random, isUdp));
}

function letters(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ decision }) => (decision === "lost" ? "x" : ".")).join("");
}

function delays(verdicts: readonly Verdict[]): number[] {
  return verdicts.flatMap(({ delaysUs }) => delaysUs);
}

describe("decide: loss", () => {
  test("decide() loses every n-th, counted from 1", () => {
    expect(letters(run({ loss: { kind: "nth", n: 5 } }, 11))).toBe("....x....x.");
  });

  test("decide() repeats a pattern", () => {
    expect(letters(run({ loss: { kind: "pattern", pattern: ".xx" } }, 7))).toBe(".xx.xx.");
  });

  test("decide() loses everything in a blackhole", () => {
    expect(letters(run({ loss: { kind: "all" } }, 3))).toBe("xxx");
  });

  test("decide() loses independently with probability p", () => {
    const lost = letters(run({ loss: { kind: "random", p: 0.05 } }, 20_000)).split("x").length - 1;
    // Within 4 standard deviations of 1,000.
    expect(Math.abs(lost - 1_000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.05 * 0.95));
  });

  test("decide() loses in bursts of the mean length 1 / r and the share p / (p + r)", () => {
    const text = letters(run({ loss: { kind: "gilbert", p: 0.02, r: 0.25 } }, 50_000));
    const bursts = text.match(/x+/g) ?? [];
    const lost = bursts.join("").length;
    expect(lost / bursts.length).toBeCloseTo(4, 0);
    expect(lost / text.length).toBeCloseTo(0.02 / 0.27, 2);
  });

  test("decide() repeats itself from the same seed", () => {
    const behaviour: Behaviour = { jitterUs: 2_000, loss: { kind: "random", p: 0.3 } };
    expect(run(behaviour, 100)).toEqual(run(behaviour, 100));
  });
});

describe("decide: delay", () => {
  test("decide() spreads jitter uniformly on both sides of the delay", () => {
    const all = delays(run({ delayUs: 20_000, jitterUs: 2_000 }, 5_000));
    expect(Math.min(...all)).toBeGreaterThanOrEqual(18_000);
    expect(Math.min(...all)).toBeLessThan(18_050);
    expect(Math.max(...all)).toBeLessThanOrEqual(22_000);
    expect(Math.max(...all)).toBeGreaterThan(21_950);
    expect(all.reduce((sum, us) => sum + us, 0) / all.length).toBeCloseTo(20_000, -2);
  });

  test("decide() never answers before the request", () => {
    expect(Math.min(...delays(run({ jitterUs: 1_000 }, 100)))).toBe(0);
  });

  test("decide() drains a burst linearly", () => {
    const all = delays(run({ delayUs: 10, bursts: { p: 1, length: 4, extraUs: 400 } }, 5));
    expect(all).toEqual([410, 310, 210, 110, 410]);
  });

  test("decide() alternates two delays, the first one first", () => {
    expect(delays(run({ alternateUs: [150, 10] }, 3))).toEqual([150, 10, 150]);
  });

  test("decide() sends copies of one reply with the gap between them", () => {
    expect(delays(run({ delayUs: 100, duplicates: 2, duplicateGapUs: 5 }, 1))).toEqual([
      100, 105, 110,
    ]);
  });
});

describe("decide: decision", () => {
  test("decide() tells good replies from bad ones and errors", () => {
    const decisionOf = (behaviour: Behaviour, isUdp = false) =>
      run(behaviour, 1, isUdp)[0]?.decision;
    expect(decisionOf({})).toBe("answered");
    expect(decisionOf({ fault: { kind: "ip-options" } })).toBe("answered");
    expect(decisionOf({ fault: { kind: "flip" } })).toBe("faulted");
    expect(decisionOf({ error: { kind: "ttl-exceeded" } })).toBe("error");
    expect(decisionOf({ udp: "closed" })).toBe("answered");
    expect(decisionOf({ udp: "closed" }, true)).toBe("error");
  });
});
