import { describe, expect, test } from "bun:test";
import { instant, US_PER_MS, US_PER_S } from "../../../agent/domain/units.ts";
import { RestartPolicy } from "../../../agent/supervisor/restart-policy.ts";

function at(seconds: number) {
  return instant(seconds * US_PER_S);
}

describe("RestartPolicy", () => {
  test("died() answers the first death at once", () => {
    expect(new RestartPolicy(at(0)).died(at(1))).toBe(0 as never);
  });

  test("died() doubles the wait of a child that keeps dying, up to 30 s", () => {
    const policy = new RestartPolicy(at(0));
    const waits = Array.from({ length: 12 }, () => policy.died(at(1)) / US_PER_MS);
    expect(waits.slice(0, 5)).toEqual([0, 100, 200, 400, 800]);
    expect(waits.at(-1)).toBe(30_000);
  });

  test("died() forgets earlier deaths after a quiet minute", () => {
    const policy = new RestartPolicy(at(0));
    policy.died(at(1));
    policy.died(at(2));
    policy.started(at(10));
    expect(policy.died(at(69.9)) / US_PER_MS).toBe(200);
    policy.started(at(100));
    expect(policy.died(at(160)) / US_PER_MS).toBe(0);
  });
});
