import { describe, expect, test } from "bun:test";
import { RttEstimate } from "../../../agent/worker/rtt-estimate.ts";

function fed(timeoutUs: number, ...samples: number[]): number {
  const estimate = new RttEstimate(Float64Array.of(timeoutUs));
  for (const us of samples) estimate.sample(0, us);
  return estimate.rtoUs(0);
}

describe("RttEstimate", () => {
  test("rtoUs() is the timeout before the first reply", () => {
    expect(fed(1_000_000)).toBe(1_000_000);
  });

  test("rtoUs() is SRTT plus four RTTVAR, RTTVAR half of the first RTT", () => {
    expect(fed(1_000_000, 100_000)).toBe(300_000);
    // RFC 6298 2.3: RTTVAR = 3/4 * 50 ms + 1/4 * |100 - 140|, SRTT = 7/8 * 100 + 1/8 * 140.
    expect(fed(1_000_000, 100_000, 140_000)).toBeCloseTo(105_000 + 4 * 47_500, 6);
  });

  test("rtoUs() keeps 20 ms above a steady RTT, and never falls below 50 ms", () => {
    const steady = (us: number) => fed(1_000_000, ...new Array<number>(200).fill(us));
    expect(steady(100_000)).toBeCloseTo(120_000, 0);
    expect(steady(1_000)).toBe(50_000);
  });

  test("rtoUs() never exceeds the timeout, even one below 50 ms", () => {
    expect(fed(200_000, 190_000)).toBe(200_000);
    expect(fed(30_000, 1_000)).toBe(30_000);
  });

  test("hasReplied() turns true with the first sample of that series only", () => {
    const estimate = new RttEstimate(Float64Array.of(1, 1));
    estimate.sample(1, 5);
    expect([estimate.hasReplied(0), estimate.hasReplied(1)]).toEqual([false, true]);
  });
});
