/** Whatever happens, in whatever order: every alert that was told ends, exactly once. */

import { expect, test } from "bun:test";
import type { Status } from "../../agent/domain/status.ts";
import type { AlertInput } from "../../agent/engine/alerts/input.ts";
import { AlertWorld, completed, FIBER, LTE, RULES, settings } from "../support/alert-world.ts";
import { fc } from "../support/property.ts";

const isFull = process.env["FULL"] === "1";
const numRuns = isFull ? 200_000 : 400;

const path = fc.constantFrom(FIBER, LTE);
const status = fc.constantFrom<Status>("up", "degraded", "down", "unknown");
const link = fc.constantFrom(null, "carrier lost");

type Step =
  | { readonly do: "give"; readonly input: AlertInput }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "restart"; readonly ms: number }
  | { readonly do: "reload"; readonly rules: number };

const input: fc.Arbitrary<AlertInput> = fc.oneof(
  fc.record({ kind: fc.constant("path" as const), path, status, score: fc.constant(50), link }),
  fc.record({
    kind: fc.constant("all-down" as const),
    policy: fc.constant(1),
    family: fc.constantFrom(4 as const, 6 as const),
    phase: fc.constantFrom("begun" as const, "ended" as const),
  }),
  fc
    .record({
      type: fc.constantFrom("completed" as const, "failed" as const),
      from: path,
      to: path,
      family: fc.constantFrom(4 as const, 6 as const),
      cause: fc.constantFrom("hard-down", "score", "failback", "follow", "operator", "pin"),
    })
    .map((facts) => ({ kind: "failover" as const, event: completed(facts as never) })),
  fc.record({
    kind: fc.constant("maintenance" as const),
    paths: fc.subarray([FIBER, LTE]),
  }),
  fc.record({
    kind: fc.constant("store" as const),
    store: fc.constant("history"),
    fault: fc.constantFrom(null, "full"),
  }),
  fc.constant({ kind: "restarted" as const, process: "worker", reason: "signal 9" }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("give" as const), input }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 999, 4_999, 5_000, 30_000, 61_000, 700_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("restart" as const), ms: fc.constantFrom(1, 90_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("reload" as const), rules: fc.nat(RULES.length) }),
  },
);

function messagesIn(world: AlertWorld): number {
  return world.records.length;
}

test("every alert that was told ends exactly once, and maintenance is silent", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new AlertWorld();
      let maintained: readonly string[] = [];
      for (const one of steps) {
        const before = messagesIn(world);
        switch (one.do) {
          case "give":
            if (one.input.kind === "maintenance") maintained = one.input.paths;
            world.give(one.input);
            break;
          case "pass":
            world.pass(one.ms);
            break;
          case "restart":
            world.restart(one.ms);
            world.give({ kind: "maintenance", paths: maintained as never });
            break;
          case "reload":
            world.engine.configure(settings({ rules: RULES.slice(0, one.rules) }));
            world.give();
            break;
        }
        for (const { alerts } of world.records.slice(before)) {
          for (const { path_id } of alerts) {
            if (path_id !== null) expect(maintained).not.toContain(path_id);
          }
        }
      }
      // All is well again, for long enough.
      world.give({ kind: "maintenance", paths: [] });
      for (const id of [FIBER, LTE]) world.path(id, "up");
      world.give({ kind: "store", store: "history", fault: null });
      for (const family of [4, 6] as const) {
        world.give({ kind: "all-down", policy: 1, family, phase: "ended" });
      }
      world.give({ kind: "active", policy: 1, paths: [FIBER] });
      world.pass(2 * 3_600_000);
      expect(world.engine.firing()).toEqual([]);
      const told = new Map<string, string[]>();
      for (const { alerts } of world.records) {
        for (const { id, status: now } of alerts) told.set(id, [...(told.get(id) ?? []), now]);
      }
      for (const phases of told.values()) expect(phases).toEqual(["firing", "resolved"]);
      const ids = world.records.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }),
    { numRuns },
  );
}, 120_000);
