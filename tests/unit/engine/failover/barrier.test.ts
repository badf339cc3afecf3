import { expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { Barrier } from "../../../../agent/engine/failover/barrier.ts";
import { PathBook } from "../../../../agent/engine/failover/path-book.ts";
import { Turn } from "../../../../agent/engine/failover/turn.ts";
import { FailoverScript, policyConfig, seconds } from "../../../support/failover-steps.ts";

const PLACE = { policy: policyConfig({ all_down: "os" }), family: 4, path: pathId("lte") } as const;

test("raise() and lift() tell it once each, and ask for the state to be kept", () => {
  const turn = new Turn(seconds(1), new PathBook(), 1);
  const barrier = new Barrier();
  barrier.lift(PLACE, turn);
  expect(turn.effects).toEqual([]);
  barrier.raise(PLACE, turn);
  barrier.raise(PLACE, turn);
  expect(barrier.isUp).toBe(true);
  barrier.lift(PLACE, turn);
  barrier.lift(PLACE, turn);
  const told = {
    kind: "all-down",
    policy: 1,
    family: 4,
    handling: "os",
    path: PLACE.path,
  } as const;
  expect(turn.effects).toEqual([
    { ...told, phase: "begun" },
    { ...told, phase: "ended" },
  ]);
  expect(turn.mustPersist).toBe(true);
});

test("set() tells nothing", () => {
  const barrier = new Barrier();
  barrier.set(true);
  expect(barrier.isUp).toBe(true);
});

test("the end is told with the path that now carries the traffic", () => {
  const policies = [policyConfig({ all_down: "unreachable" })];
  const script = new FailoverScript({ policies }).started();
  script.at(1).tellAll({ fiber: "carrier", lte: "carrier", dsl: "carrier" });
  script.at(2).tell("dsl", 70);
  expect(script.effects.findLast(({ kind }) => kind === "all-down")).toMatchObject({
    phase: "ended",
    path: "dsl",
  });
});
