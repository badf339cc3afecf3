/** The decision rules as step tables; the numbers are those of the rules. */

import { describe, expect, test } from "bun:test";
import { lineOf } from "../../../../agent/engine/failover/decide.ts";
import type { Step } from "../../../support/failover-steps.ts";
import { FailoverScript, played, policyConfig, wanted } from "../../../support/failover-steps.ts";

interface Row {
  readonly name: string;
  readonly policy?: Parameters<typeof policyConfig>[0];
  readonly steps: readonly Step[];
}

function play({ policy, steps }: Row): void {
  const script = new FailoverScript({ policies: [policyConfig(policy)] }).started();
  expect(played(script, steps)).toEqual(wanted(steps));
}

describe("decide(): leaving what is bad", () => {
  test.each<Row>([
    {
      name: "rule 1: a backup below failover_threshold is not chosen by backup_threshold",
      policy: { failover_threshold: 60, backups: ["lte"] },
      steps: [
        { at: 1, tell: { lte: 59, fiber: 50 }, want: ["failed fiber> all-down"] },
        { at: 2, tell: { lte: 65 }, want: ["fiber>lte score"] },
        { at: 600, want: [] },
      ],
    },
    {
      name: "P8: the policy's own backup_threshold counts",
      policy: { backup_threshold: 70, backups: ["lte"] },
      steps: [
        { at: 1, tell: { lte: 69, fiber: 60 }, want: [] },
        { at: 2, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
      ],
    },
    {
      name: "the threshold itself is not below it",
      steps: [
        { at: 1, tell: { fiber: 50 }, want: [] },
        { at: 2, tell: { fiber: 49.999 }, want: ["fiber>lte score"] },
      ],
    },
    {
      name: "P1: one metric past its critical value is a score below 50, and that is left",
      steps: [{ at: 1, tell: { fiber: 49.9 }, want: ["fiber>lte score"] }],
    },
    {
      name: "rule 2: a soft leave needs the margin",
      policy: { backups: ["lte"] },
      steps: [
        { at: 1, tell: { lte: 63, fiber: 49 }, want: [] },
        { at: 2, tell: { lte: 63.9 }, want: [] },
        { at: 3, tell: { lte: 64 }, want: ["fiber>lte score"] },
      ],
    },
    {
      name: "P7: a path at 45 is not left for one at 0",
      steps: [
        { at: 1, tell: { lte: 0, dsl: 10, fiber: 45 }, want: ["failed fiber> all-down"] },
        { at: 500, want: [] },
      ],
    },
    {
      name: "rule 2: below the line the best by the margin is taken",
      steps: [
        {
          at: 1,
          tell: { lte: 30, dsl: 45, fiber: 10 },
          want: ["fiber>dsl score", "failed dsl> all-down"],
        },
      ],
    },
    {
      name: "rule 5: a hard leave needs no margin and takes what there is",
      steps: [
        {
          at: 1,
          tell: { lte: 10, dsl: 20, fiber: "probes" },
          want: ["fiber>dsl hard-down", "failed dsl> all-down"],
        },
      ],
    },
    {
      name: "P6: a dying backup is left for the next one, and for the primary below failback",
      steps: [
        { at: 1, tell: { fiber: "probes" }, want: ["fiber>lte hard-down"] },
        { at: 2, tell: { lte: "probes" }, want: ["lte>dsl hard-down"] },
        { at: 3, tell: { fiber: 60, lte: 0 }, want: [] },
        { at: 4, tell: { dsl: "carrier" }, want: ["dsl>fiber hard-down"] },
      ],
    },
    {
      name: "A8: with the primary at 60 and all else dead it is used",
      steps: [
        { at: 1, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 2, tell: { lte: "carrier" }, want: ["lte>dsl hard-down"] },
        { at: 3, tell: { fiber: 60 }, want: [] },
        { at: 4, tell: { dsl: 20 }, want: ["dsl>fiber score"] },
      ],
    },
    {
      name: "rule 5: only unknown paths are left, and one of them beats a dead one",
      steps: [
        { at: 1, tell: { lte: "unknown", dsl: "unknown" }, want: [] },
        { at: 2, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
      ],
    },
  ])("$name", play);
});

describe("decide(): all-down", () => {
  test.each<Row>([
    {
      name: "rule 8, A9: one failed per episode, and the first usable path is taken at once",
      steps: [
        { at: 1, tell: { lte: "probes", dsl: "probes" }, want: [] },
        { at: 2, tell: { fiber: "probes" }, want: ["failed fiber> all-down"] },
        { at: 300, tell: { dsl: "unknown" }, want: ["fiber>dsl hard-down"] },
        { at: 310, tell: { dsl: "probes" }, want: ["failed dsl> all-down"] },
        { at: 600, tell: { lte: 20 }, want: ["dsl>lte hard-down", "failed lte> all-down"] },
      ],
    },
    {
      name: "rule 8: where the active path is the first to return, nothing moves",
      steps: [
        {
          at: 1,
          tell: { lte: "carrier", dsl: "carrier", fiber: "carrier" },
          want: ["failed fiber> all-down"],
        },
        { at: 2, tell: { fiber: 70 }, want: [] },
        { at: 3, tell: { fiber: "carrier" }, want: ["failed fiber> all-down"] },
      ],
    },
    {
      name: "rule 8: a score that swings around the line tells it once",
      policy: { backups: ["lte"] },
      steps: [
        { at: 1, tell: { lte: 30, fiber: 49 }, want: ["failed fiber> all-down"] },
        { at: 10, tell: { fiber: 51 }, want: [] },
        { at: 20, tell: { fiber: 49 }, want: [] },
        { at: 30, tell: { fiber: 51 }, want: [] },
        { at: 100, tell: { fiber: 52 }, want: [] },
        { at: 101, tell: { fiber: 49 }, want: ["failed fiber> all-down"] },
      ],
    },
    {
      name: "rule 18: everything silent at once holds the route, without churn",
      steps: [
        { at: 10, tell: { fiber: 100, lte: 100, dsl: 100 }, want: [] },
        { at: 12, tell: { fiber: 95 }, told: { suspect: true, silent: 2 }, want: [] },
        { at: 12.3, tell: { lte: 95, dsl: 95 }, told: { suspect: true, silent: 2.3 }, want: [] },
        { at: 12.8, tell: { fiber: "probes" }, want: [] },
        { at: 13.1, want: ["failed fiber> all-down"] },
        { at: 13.2, tell: { lte: "probes", dsl: "probes" }, want: [] },
        { at: 600, want: [] },
      ],
    },
    {
      name: "rule 6: a path that comes back with a seeded window is taken at once",
      steps: [
        { at: 1, tell: { lte: "probes", dsl: "probes" }, want: [] },
        { at: 2, tell: { fiber: "probes" }, want: ["failed fiber> all-down"] },
        { at: 9, tell: { lte: 88 }, want: ["fiber>lte hard-down"] },
      ],
    },
  ])("$name", play);
});

describe("decide(): returning", () => {
  test.each<Row>([
    {
      name: "A6: a dip after 59 s restarts the 60 s",
      steps: [
        { at: 1, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 10, tell: { fiber: 90 }, want: [] },
        { at: 69, tell: { fiber: 79 }, want: [] },
        { at: 70, tell: { fiber: 90 }, want: [] },
        { at: 129.999, want: [] },
        { at: 130, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "A7, rule 11: failures at 0, 10 and 20 min wait for 60, 120 and 240 s",
      steps: [
        { at: 0, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 10, tell: { fiber: 90 }, want: [] },
        { at: 70, want: ["lte>fiber failback"] },
        { at: 600, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 610, tell: { fiber: 90 }, want: [] },
        { at: 729, want: [] },
        { at: 730, want: ["lte>fiber failback"] },
        { at: 1_200, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 1_210, tell: { fiber: 90 }, want: [] },
        { at: 1_449, want: [] },
        { at: 1_450, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "A7, rule 12: a quiet hour on the path resets the delay",
      steps: [
        { at: 0, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 10, tell: { fiber: 90 }, want: [] },
        { at: 70, want: ["lte>fiber failback"] },
        { at: 3_680, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 3_690, tell: { fiber: 90 }, want: [] },
        { at: 3_750, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 12: a quiet hour on the backup resets nothing",
      steps: [
        { at: 0, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 7_200, tell: { fiber: 90 }, want: [] },
        { at: 7_260, want: ["lte>fiber failback"] },
        { at: 7_270, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 14_400, tell: { fiber: 90 }, want: [] },
        { at: 14_519, want: [] },
        { at: 14_520, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 13: traffic goes up step by step, each with its own time",
      steps: [
        { at: 1, tell: { fiber: "carrier", lte: "carrier" }, want: ["fiber>dsl hard-down"] },
        { at: 10, tell: { lte: 85 }, want: [] },
        { at: 40, tell: { fiber: 85 }, want: [] },
        { at: 70, want: ["dsl>lte failback"] },
        { at: 99, want: [] },
        { at: 100, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 14: a move to the primary at 55 is a failure of the backup, not of the primary",
      steps: [
        { at: 1, tell: { fiber: "carrier", dsl: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 10, tell: { fiber: 55 }, want: [] },
        { at: 20, tell: { lte: "carrier" }, want: ["lte>fiber hard-down"] },
        { at: 30, tell: { fiber: "carrier", lte: 90 }, want: ["fiber>lte hard-down"] },
        { at: 40, tell: { fiber: 90 }, want: [] },
        { at: 159, want: [] },
        { at: 160, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "P3: one lost probe, a score between the lines, is no reason to leave",
      steps: [{ at: 1, tell: { fiber: 60 }, want: [] }],
    },
  ])("$name", play);
});

describe("decide(): moves that repeat", () => {
  test("rule 3: soft moves that repeat wait longer each time", () => {
    const script = new FailoverScript({ policies: [policyConfig({ backups: ["lte"] })] }).started();
    const movedAt: number[] = [];
    for (let second = 1; second < 600; second++) {
      const isEven = second % 2 === 0;
      script.at(second).tellAll({ fiber: isEven ? 30 : 70, lte: isEven ? 70 : 30 });
      if (script.outcomes().length > 0) movedAt.push(second);
    }
    const gaps = movedAt.slice(1).map((at, i) => at - (movedAt[i] ?? 0));
    expect(movedAt[0]).toBe(2);
    expect(gaps).toEqual([10, 20, 40, 80, 160]);
  });

  test("rule 3: a dead path is left whatever the dwell", () => {
    const script = new FailoverScript().started();
    const steps = [
      { at: 1, tell: { fiber: 40 }, want: ["fiber>lte score"] },
      { at: 1.5, tell: { lte: 20 }, want: [] },
      { at: 2, tell: { lte: "carrier" }, want: ["lte>dsl hard-down"] },
    ] as const;
    expect(played(script, steps)).toEqual(wanted(steps));
  });

  test("rule 2: two paths that swing 45..55 in opposite phase do not move traffic", () => {
    const script = new FailoverScript({ policies: [policyConfig({ backups: ["lte"] })] }).started();
    for (let second = 1; second < 3_600; second++) {
      const swing = 5 * Math.sin(second / 20);
      script.at(second).tellAll({ fiber: 50 + swing, lte: 50 - swing });
    }
    expect(script.moves()).toEqual([]);
  });

  // P2: a cliff at a threshold would turn a change of 1 % into a move.
  const lines = [35, 49, 50, 64, 65, 79, 80, 100];
  test.each(lines)("A5, P2: 1 %% around %d for ten minutes moves at most once", (center) => {
    for (const other of lines) {
      const script = new FailoverScript().started();
      script.tellAll({ lte: other, dsl: "carrier" });
      for (let second = 1; second < 600; second++) {
        const swing = second % 2 === 0 ? 1.01 : 0.99;
        script.at(second).tellAll({ fiber: Math.min(100, center * swing), lte: other });
      }
      expect(script.moves().length).toBeLessThanOrEqual(1);
    }
  });
});

test("lineOf() takes the higher of the two thresholds", () => {
  expect(lineOf(policyConfig({ backup_threshold: 40 }))).toBe(50);
  expect(lineOf(policyConfig({ backup_threshold: 60 }))).toBe(60);
});
