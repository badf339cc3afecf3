import { describe, expect, test } from "bun:test";
import { instant, US_PER_MS, US_PER_S } from "../../../agent/domain/units.ts";
import { RestartPolicy } from "../../../agent/supervisor/restart-policy.ts";

function at(seconds: number) {
  return instant(seconds * US_PER_S);
}

describe("RestartPolicy", () => {
  test("died() answers five deaths at once, then doubles the wait up to 30 s", () => {
    const policy = new RestartPolicy(at(0));
    const waits = Array.from({ length: 16 }, () => policy.died(at(1)) / US_PER_MS);
    expect(waits.slice(0, 9)).toEqual([0, 0, 0, 0, 0, 100, 200, 400, 800]);
    expect(waits.at(-1)).toBe(30_000);
  });

  test("died() forgets earlier deaths after a quiet minute", () => {
    const policy = new RestartPolicy(at(0));
    for (let i = 0; i < 6; i++) policy.died(at(1));
    policy.started(at(10));
    expect(policy.died(at(69.9)) / US_PER_MS).toBe(200);
    policy.started(at(100));
    expect(policy.died(at(160)) / US_PER_MS).toBe(0);
  });
});
