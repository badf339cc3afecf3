import { describe, expect, test } from "bun:test";
import { ALERT_TYPES } from "../../../../agent/domain/alerts.ts";
import {
  explains,
  isAbsorbed,
  isInMaintenance,
  rankOf,
} from "../../../../agent/engine/alerts/causes.ts";
import { FIBER, LTE, settings } from "../../../support/alert-world.ts";

const { policies } = settings();

describe("explains()", () => {
  test("never goes both ways, and never from itself", () => {
    const sides = ALERT_TYPES.flatMap((type) => [
      { type, path: FIBER, policy: null },
      { type, path: null, policy: 1 },
      { type, path: FIBER, policy: 1 },
    ]);
    for (const a of sides) {
      for (const b of sides) {
        const both = explains(a, b, policies) && explains(b, a, policies);
        expect(both).toBe(false);
      }
    }
  });

  test("all-down explains what is of its policy, and nothing of another one", () => {
    const root = { type: "all-down", path: null, policy: 1 } as const;
    const on = (policy: number) => ({ type: "failover-failed", path: FIBER, policy }) as const;
    expect(explains(root, on(1), policies)).toBe(true);
    expect(explains(root, on(2), policies)).toBe(false);
    expect(explains(root, { type: "path-down", path: LTE, policy: null }, policies)).toBe(true);
    expect(explains({ ...root, policy: 9 }, on(9), policies)).toBe(false);
  });

  test("a dead path explains the move away from it, not that the move failed", () => {
    const root = { type: "path-down", path: FIBER, policy: null } as const;
    expect(explains(root, { type: "failover", path: FIBER, policy: 1 }, policies)).toBe(true);
    expect(explains(root, { type: "failover", path: LTE, policy: 1 }, policies)).toBe(false);
    const failed = { type: "failover-failed", path: FIBER, policy: 1 } as const;
    expect(explains(root, failed, policies)).toBe(false);
  });
});

describe("isInMaintenance()", () => {
  test("a path by itself, a policy when all of its paths are", () => {
    const path = { type: "path-down", path: FIBER, policy: null } as const;
    const policy = { type: "all-down", path: null, policy: 1 } as const;
    expect(isInMaintenance(path, new Set([LTE]), policies)).toBe(false);
    expect(isInMaintenance(path, new Set([FIBER]), policies)).toBe(true);
    expect(isInMaintenance(policy, new Set([FIBER]), policies)).toBe(false);
    expect(isInMaintenance(policy, new Set([FIBER, LTE]), policies)).toBe(true);
  });
});

test("isAbsorbed() holds for moves alone, and rankOf() puts all-down first", () => {
  expect(ALERT_TYPES.filter(isAbsorbed)).toEqual(["failover", "failover-failed"]);
  expect(ALERT_TYPES.toSorted((a, b) => rankOf(a) - rankOf(b))[0]).toBe("all-down");
});
