import { describe, expect, test } from "bun:test";
import { parseSavedAlerts } from "../../../../agent/engine/alerts/persisted.ts";
import { AlertWorld, FIBER } from "../../../support/alert-world.ts";

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
