import { describe, expect, test } from "bun:test";
import { instant, unixMillis } from "../../../../agent/domain/units.ts";
import type { Condition } from "../../../../agent/engine/alerts/conditions.ts";
import {
  alertOf,
  dueAt,
  endAt,
  newInstance,
  restoredInstance,
  saved,
  watches,
} from "../../../../agent/engine/alerts/instance.ts";
import { FIBER, rule, WALL0 } from "../../../support/alert-world.ts";

const condition: Condition = {
  key: "path-down:fiber",
  type: "path-down",
  path: FIBER,
  policy: null,
  summary: "path fiber is down",
  cause: "",
  since: instant(10_000_000),
  endsAt: null,
};
const now = { at: instant(40_000_000), wall: unixMillis(WALL0) };

describe("an instance", () => {
  test("is due when the condition has lasted, and ends when it has been over", () => {
    const one = newInstance(rule("r", { for_secs: 30, keep_secs: 5 }), condition, condition.since);
    expect(dueAt(one)).toBe(instant(40_000_000));
    expect(endAt(one)).toBeNull();
    one.over = now;
    expect(endAt(one)).toBe(instant(45_000_000));
  });

  test("alertOf() dates it by its age, so a step of the clock meanwhile is corrected", () => {
    const alert = alertOf(newInstance(rule("r"), condition, condition.since), [], now);
    expect(alert.started_at_ms).toBe(unixMillis(WALL0 - 30_000));
    expect(alert.id).toBe(`r/path-down:fiber/${WALL0 - 30_000}`);
  });

  test("is saved when it was told, and restored as it was", () => {
    const one = newInstance(rule("r"), condition, condition.since);
    expect(saved(one)).toEqual([]);
    one.told = { alert: alertOf(one, ["x"], now), channels: ["ops"] };
    const [kept] = saved(one);
    if (kept === undefined) throw new Error("nothing was saved");
    const later = { at: instant(5_000_000), wall: unixMillis(WALL0 + 60_000) };
    const back = restoredInstance(kept, rule("r"), later);
    expect(back.told).toEqual(one.told);
    expect(back.condition.since).toBe(instant(5_000_000 - 90_000_000));
    expect(back.condition).toMatchObject({ key: condition.key, path: FIBER });
  });
});

test("watches() asks for the type, the path and the policy", () => {
  expect(watches(rule("r"), condition)).toBe(true);
  expect(watches(rule("r", { on: "failover" }), condition)).toBe(false);
  expect(watches(rule("r", { paths: ["lte"] }), condition)).toBe(false);
  expect(watches(rule("r", { paths: ["lte", "fiber"] }), condition)).toBe(true);
  expect(watches(rule("r", { policies: [1] }), condition)).toBe(false);
  expect(watches(rule("r", { policies: [1] }), { ...condition, policy: 1 })).toBe(true);
});
