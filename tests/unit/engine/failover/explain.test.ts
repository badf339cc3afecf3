import { describe, expect, test } from "bun:test";
import {
  FailoverScript,
  hold,
  maintenance,
  pin,
  plain,
  policyConfig,
} from "../../../support/failover-steps.ts";

function sentences(script: FailoverScript): readonly string[] {
  return script.engine.explain(1, 4, script.now)?.sentences ?? [];
}

function onBackup(): FailoverScript {
  const script = new FailoverScript().started();
  return script.at(10).tell("fiber", "carrier").at(20).tell("fiber", 90).at(50);
}

describe("explainPolicy()", () => {
  test("says nothing where traffic is where it should be", () => {
    const explanation = new FailoverScript().started().engine.explain(1, 4, 0 as never);
    expect(explanation).toMatchObject({ active: "fiber", pending: null, isAllDown: false });
    expect(explanation?.decision).toEqual({ kind: "stay", obstacles: [], wakeAt: null });
    expect(explanation?.paths.map(({ isActive }) => isActive)).toEqual([true, false, false]);
  });

  test("says what holds a return back, and for how long", () => {
    expect(sentences(onBackup())).toEqual([
      "fiber must stay well for 30 s more",
      "fiber waits 30 s after 1 failures",
    ]);
    expect(sentences(onBackup().tell("fiber", 70))).toEqual([
      "fiber scores 70.0, needs 80.0",
      "fiber is not well enough for its time to count",
      "fiber waits 30 s after 1 failures",
    ]);
  });

  test.each<{ name: string; script: () => FailoverScript; want: string }>([
    {
      name: "a disabled policy",
      script: () => onBackup().command(plain("disable")),
      want: "the policy is disabled",
    },
    {
      name: "a pin",
      script: () => onBackup().command(pin("lte", "safe")),
      want: "pinned to lte (safe)",
    },
    {
      name: "a hold",
      script: () => onBackup().command(hold(false, 100)).at(100),
      want: "held: no voluntary moves for 50 s",
    },
    {
      name: "a strict hold",
      script: () => onBackup().command(hold(true)),
      want: "held: no moves",
    },
    {
      name: "the dwell",
      script: () => new FailoverScript().started().tell("fiber", 40).at(4).tell("lte", 20),
      want: "moved a moment ago: 6 s to go",
    },
    {
      name: "too little to gain",
      script: () => new FailoverScript().started().tellAll({ lte: 60, dsl: 55, fiber: 49 }),
      want: "lte scores 60.0, needs 64.0",
    },
    {
      name: "maintenance with nowhere to go",
      script: () => {
        const script = new FailoverScript({ policies: [policyConfig({ backups: ["lte"] })] });
        return script.started().tell("lte", 20).command(maintenance("fiber", true));
      },
      want: "no usable path to take over from fiber",
    },
    {
      name: "a dead primary",
      script: () => onBackup().tell("fiber", "admin-down"),
      want: "fiber is down: its device is switched off",
    },
    {
      name: "an unknown primary",
      script: () => onBackup().tell("fiber", "unknown"),
      want: "fiber is not measured yet",
    },
    {
      name: "a suspect primary",
      script: () => onBackup().tell("fiber", 90, { suspect: true }),
      want: "fiber has not answered its last probes",
    },
    {
      name: "a verify burst",
      script: () => {
        const script = new FailoverScript().started().at(60);
        return script.tell("dsl", "carrier").tell("fiber", "probes");
      },
      want: "lte is being asked: 1 s at most",
    },
    {
      name: "nowhere to go",
      script: () => new FailoverScript().started().tellAll({ lte: 9, dsl: 9, fiber: 20 }),
      want: "fiber scores 20.0, below 50; no other path is better by enough",
    },
  ])("names $name", ({ script, want }) => {
    expect(sentences(script())).toContain(want);
  });

  test("has for each path what keeps it from being the better choice", () => {
    const explanation = onBackup().engine.explain(1, 4, 50e6 as never);
    expect(explanation?.paths[0]).toMatchObject({
      path: "fiber",
      isUsable: true,
      score: 90,
      failures: 1,
    });
    expect(explanation?.paths[0]?.holdsBack.map(({ kind }) => kind)).toEqual(["streak", "penalty"]);
  });

  test("of a follower names the one that is followed", () => {
    const script = new FailoverScript().started().adopt({ family: 6, table: "fiber" });
    const explanation = script.engine.explain(1, 6, script.now);
    expect(explanation?.sentences).toEqual(["follows IPv4, which goes by fiber"]);
  });
});

test("snapshotPolicy() has where traffic is, and what was ordered", () => {
  const script = onBackup().command(maintenance("dsl", true)).command(hold(false));
  expect(script.engine.snapshot(1)).toMatchObject({
    policy: 1,
    enabled: true,
    ipv4: { active: "lte", usingPrimary: false, pending: null, isAllDown: false },
    ipv6: { active: null, usingPrimary: false },
    maintenance: [{ path: "dsl", author: "ann" }],
    hold: { strict: false },
    pin: null,
  });
});
