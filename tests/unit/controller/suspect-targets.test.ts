import { describe, expect, test } from "bun:test";
import { planProbes } from "../../../agent/controller/probe-table.ts";
import { SuspectTargets, SuspicionNotes } from "../../../agent/controller/suspect-targets.ts";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { VERDICT } from "../../../agent/wire/verdict.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";
import { FakeScorer } from "../../support/fake-scorer.ts";

const PLAN = planProbes(
  agentConfig([pathConfig("a", ["192.0.2.1"]), pathConfig("b", ["192.0.2.1", "192.0.2.2"])]),
  { known: new Map(), scopeOf: () => 0 },
);

function world() {
  const scorer = new FakeScorer(3);
  const suspects = new SuspectTargets(scorer);
  suspects.begin(PLAN, true);
  return { scorer, suspects };
}

describe("SuspectTargets", () => {
  test("takes a target out of its path and back in, once each", () => {
    const { scorer, suspects } = world();
    expect(suspects.take(VERDICT.targetSuspect, 1)).toBe(pathIndex(1));
    expect(suspects.take(VERDICT.targetSuspect, 1)).toBeNull();
    expect([suspects.has(1), [...scorer.excluded]]).toEqual([true, [1]] as never);
    expect(suspects.take(VERDICT.targetCleared, 1)).toBe(pathIndex(1));
    expect([suspects.has(1), scorer.excluded.size]).toEqual([false, 0]);
  });

  test.each([
    { name: "another verdict", kind: VERDICT.targetDead, series: 1 },
    { name: "a series that is not in the table", kind: VERDICT.targetSuspect, series: 9 },
  ])("$name changes nothing", ({ kind, series }) => {
    const { scorer, suspects } = world();
    expect(suspects.take(kind, series)).toBeNull();
    expect(scorer.excluded.size).toBe(0);
  });

  test("without the worker that said so everything counts again", () => {
    const { scorer, suspects } = world();
    suspects.take(VERDICT.targetSuspect, 0);
    suspects.clear();
    expect([suspects.has(0), scorer.excluded.size]).toEqual([false, 0]);
    suspects.take(VERDICT.targetSuspect, 0);
    suspects.begin(PLAN, false);
    expect(scorer.excluded.size).toBe(0);
  });
});

test("SuspicionNotes notes a target once, when the first of its paths blames it and the last not", () => {
  const notes = new SuspicionNotes();
  expect(notes.note("192.0.2.1", true)?.action).toBe("target suspect");
  expect(notes.note("192.0.2.1", true)).toBeNull();
  expect(notes.note("192.0.2.1", false)).toBeNull();
  expect(notes.note("192.0.2.1", false)?.detail).toBe("192.0.2.1 answers again");
});
