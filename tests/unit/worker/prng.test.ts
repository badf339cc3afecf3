/** The generator of the schedule's jitter. */

import { expect, test } from "bun:test";
import { seededRandom } from "../../../agent/worker/prng.ts";

test("seededRandom() repeats itself for a seed and stays in [0, 1)", () => {
  const [a, b] = [seededRandom(12), seededRandom(12)];
  let sum = 0;
  for (let i = 0; i < 10_000; i++) {
    const value = a();
    expect(value).toBe(b());
    expect(value >= 0 && value < 1).toBe(true);
    sum += value;
  }
  expect(sum / 10_000).toBeCloseTo(0.5, 1);
});
