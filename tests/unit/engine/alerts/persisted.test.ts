import { describe, expect, test } from "bun:test";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { parseSavedAlerts } from "../../../../agent/engine/alerts/persisted.ts";
import {
  AlertWorld,
  completed,
  FIBER,
  LTE,
  RULES,
  settings,
  WALL0,
} from "../../../support/alert-world.ts";

function savedState(): Record<string, unknown> {
  const world = new AlertWorld();
  world.path(FIBER, "down");
  world.pass(10_000);
  return JSON.parse(JSON.stringify(world.saved));
}

describe("parseSavedAlerts()", () => {
  test("takes what the engine persists", () => {
    const state = savedState();
    expect(parseSavedAlerts(state)).toEqual(state as never);
    expect(state["alerts"]).toHaveLength(1);
  });

  test("refuses every state that lacks a part, or is of another version", () => {
    for (const name of Object.keys(savedState())) {
      const { [name]: _, ...rest } = savedState();
      expect(parseSavedAlerts(rest)).toBeNull();
    }
    expect(parseSavedAlerts({ ...savedState(), version: 2 })).toBeNull();
    expect(parseSavedAlerts({ ...savedState(), alerts: [{ key: "x" }] })).toBeNull();
    for (const value of [null, [], "x", 3]) expect(parseSavedAlerts(value)).toBeNull();
  });
});

describe("AlertEngine over a restart", () => {
  test("does not tell again what was told, and tells its end", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down");
    world.pass(10_000);
    world.restart(30_000);
    expect(world.engine.firing()).toHaveLength(1);
    world.path(FIBER, "unknown");
    world.pass(10_000);
    world.path(FIBER, "down");
    world.pass(60_000);
    world.restart(1_000);
    world.path(FIBER, "up");
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing path-down fiber", "resolved path-down fiber"]);
    const ids = new Set(world.records.map(({ id }) => id));
    expect(ids.size).toBe(2);
  });

  test("an end that was held back by maintenance is not lost", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down");
    world.pass(10_000);
    world.give({ kind: "maintenance", paths: [FIBER] });
    world.path(FIBER, "up");
    world.restart(60_000);
    world.give({ kind: "maintenance", paths: [FIBER] });
    world.path(FIBER, "up");
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing path-down fiber"]);
    world.give({ kind: "maintenance", paths: [] });
    world.pass(10_000);
    expect(world.lines()[1]).toBe("resolved path-down fiber");
  });

  test("all-down that ended while nobody looked is over with the first path that works", () => {
    const world = new AlertWorld();
    world.give({ kind: "all-down", policy: 1, family: 4, phase: "begun" });
    world.pass(10_000);
    world.restart(1_000);
    world.path(LTE, "up");
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing all-down 1", "resolved all-down 1"]);
  });

  test("a move is over when traffic is found on the primary, and goes on while it is not", () => {
    const world = new AlertWorld();
    world.give({ kind: "failover", event: completed({ cause: "score" }) });
    world.pass(10_000);
    world.restart(1_000);
    world.give({ kind: "active", policy: 1, paths: [LTE] });
    world.pass(2 * 3_600_000);
    expect(world.lines()).toEqual(["firing failover fiber"]);
    world.give({ kind: "active", policy: 1, paths: [FIBER] });
    world.pass(10_000);
    expect(world.lines()[1]).toBe("resolved failover fiber");
  });

  test("what nothing speaks of for an hour is over", () => {
    const world = new AlertWorld();
    world.give({ kind: "store", store: "history", fault: "full" });
    world.pass(10_000);
    world.restart(1_000);
    world.pass(3_599_000);
    expect(world.lines()).toHaveLength(1);
    world.pass(10_000);
    expect(world.lines()[1]).toBe("resolved store-trouble");
  });

  test("the end of an alert is told when its rule or its path is gone", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down");
    world.path(LTE, "down");
    world.pass(10_000);
    world.engine.configure(settings({ paths: [{ id: FIBER, name: "f" }], policies: [] }));
    world.give();
    world.pass(10_000);
    expect(world.lines()[2]).toBe("resolved path-down lte");
    world.restart(1_000, { rules: RULES.filter(({ on }) => on !== "path-down") });
    world.path(FIBER, "down");
    world.pass(10_000);
    expect(world.lines()).toContain("resolved path-down fiber");
  });

  test("a rule that was gone and is back tells what goes on as another alert", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down");
    for (const rules of [[], RULES]) {
      world.pass(10_000);
      world.engine.configure(settings({ rules }));
      world.give();
    }
    world.pass(10_000);
    const told = world.records.flatMap(({ alerts }) => alerts);
    expect(told.map(({ status }) => status)).toEqual(["firing", "resolved", "firing"]);
    expect(told[1]?.id).toBe(told[0]?.id ?? "");
    expect(told[2]?.id).not.toBe(told[0]?.id ?? "");
    expect(told[2]?.started_at_ms).toBe(unixMillis(WALL0));
  });
});
