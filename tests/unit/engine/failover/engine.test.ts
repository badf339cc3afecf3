import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { micros, US_PER_S } from "../../../../agent/domain/units.ts";
import { FailoverEngine } from "../../../../agent/engine/failover/engine.ts";
import type { Elapsed, PersistedState } from "../../../../agent/engine/failover/persisted.ts";
import {
  FailoverScript,
  failoverPaths,
  hold,
  maintenance,
  pin,
  plain,
  policyConfig,
  seconds,
} from "../../../support/failover-steps.ts";

/** The state as it comes back from disk. */
function saved(script: FailoverScript): PersistedState {
  return JSON.parse(JSON.stringify(script.engine.persisted(script.now)));
}

/** A new life at `at`, with the kernel as it was left. */
function restarted(before: FailoverScript, elapsed: Elapsed, at: number): FailoverScript {
  const script = new FailoverScript();
  script.now = seconds(at);
  script.give({ kind: "restored", state: saved(before), elapsed });
  return script.adopt(elapsed === "reboot" ? { main: "fiber" } : { table: before.active() });
}

function reload(script: FailoverScript, change: Parameters<typeof policyConfig>[0] | null): void {
  const policies = change === null ? [] : [policyConfig(change)];
  script.give({ kind: "policies", policies, paths: failoverPaths() });
}

describe("FailoverEngine at start", () => {
  test("rule 4: every path is warmed up, metered or not, in the families it has targets in", () => {
    const paths = [...failoverPaths(["fiber", "lte"], [4, 6]), ...failoverPaths(["dsl"])];
    const script = new FailoverScript({ paths: [...paths, ...failoverPaths(["spare"])] });
    expect(script.take("warm-up")).toEqual([
      ...["warm-up fiber/4", "warm-up fiber/6", "warm-up lte/4", "warm-up lte/6"],
      "warm-up dsl/4",
    ]);
  });

  test("rule 7, A10, P4: with all unknown there is no move and no event", () => {
    const script = new FailoverScript().adopt({ table: "fiber" });
    script.tellAll({ fiber: "unknown", lte: "unknown", dsl: "unknown" });
    expect(script.at(3_600).events()).toEqual([]);
    script.tell("lte", 100);
    expect(script.at(3_700).events()).toEqual([]);
  });

  test("rule 7: hard facts count also while all is unknown", () => {
    const script = new FailoverScript().adopt({ table: "fiber" });
    script.tellAll({ fiber: "unknown", lte: "unknown", dsl: "unknown" });
    script.at(1).tell("fiber", "no-gateway");
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
    expect(script.events()[0]?.reason).toContain("lte is unproven");
  });

  test("rule 4: a primary that is dead from the start is left", () => {
    const script = new FailoverScript().adopt({ table: "fiber" });
    script.tellAll({ fiber: "unknown", lte: 90 }).at(3).tell("lte", 90).tell("fiber", "probes");
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
  });

  test("rule 4: link up warms up", () => {
    const script = new FailoverScript().started();
    script.tell("lte", "carrier").take("warm-up");
    script.tell("lte", "unknown");
    expect(script.take("warm-up")).toEqual(["warm-up lte/4"]);
  });
});

describe("FailoverEngine and what others decide", () => {
  test.each([
    { rule: "15, A15", states: { fiber: 98, lte: 97 }, told: { suspect: true } },
    { rule: "16: no target left to judge by", states: { fiber: "unknown" }, told: {} },
    { rule: "17: enough targets answer", states: { fiber: 70 }, told: {} },
    { rule: "19: a held verdict is a score of 50", states: { fiber: 50 }, told: { suspect: true } },
    { rule: "20: a blip is a dip between the lines", states: { fiber: 96 }, told: {} },
  ] as const)("rule $rule: does not move traffic", ({ states, told }) => {
    const script = new FailoverScript().started();
    script.at(10).tellAll(states, told);
    expect(script.at(100).events()).toEqual([]);
  });

  test("rule 21: a late reply of a dead path changes nothing by itself", () => {
    const script = new FailoverScript().started();
    script.at(10).tell("lte", 100).tell("fiber", "probes").outcomes();
    script.at(10.5).tell("fiber", "probes", { silent: 0 });
    expect(script.at(600).outcomes()).toEqual([]);
  });

  test("a score that is still there while the status is unknown is not believed", () => {
    const stale = { family: 4, score: 10, status: "unknown", hardDown: null } as const;
    const quiet = { suspect: false, newestReply: null, window: null };
    const script = new FailoverScript().started();
    script.give({ kind: "condition", path: pathId("fiber"), ...stale, ...quiet });
    expect(script.outcomes()).toEqual([]);
  });
});

describe("FailoverEngine and spans that nobody observed", () => {
  test("rule 22, A14: a stall voids the streak", () => {
    const script = new FailoverScript().started("lte");
    script.now = seconds(79);
    script.give({ kind: "stalled", from: seconds(59), to: seconds(79) });
    expect(script.at(138).outcomes()).toEqual([]);
    expect(script.at(139).outcomes()).toEqual(["lte>fiber failback"]);
  });

  test("rule 22: a stall while suspect begins the doubt anew", () => {
    const script = new FailoverScript().started();
    script.at(10).tell("fiber", 99, { suspect: true }).take("verify");
    script.now = seconds(40);
    script.give({ kind: "stalled", from: seconds(10), to: seconds(40) });
    expect(script.take("verify", "warm-up")).toContain("verify lte/4");
    script.tell("fiber", "probes");
    expect(script.obstacles()).toEqual(["verifying lte 1 s"]);
  });

  test.each([
    { span: 9.9, bursts: 0 },
    { span: 10, bursts: 3 },
  ])("rule 4: after $span s of standing still there are $bursts warm-ups", (row) => {
    const script = new FailoverScript().started();
    script.take("warm-up");
    script.now = seconds(row.span);
    script.give({ kind: "stalled", from: seconds(0), to: script.now });
    expect(script.take("warm-up")).toHaveLength(row.bursts);
  });

  test("rule 22: without a worker nothing is known and nothing moves, until it is back", () => {
    const script = new FailoverScript().started();
    script.at(10).give({ kind: "worker-lost" });
    script.take();
    script.at(20).tell("fiber", "carrier");
    expect(script.take()).toEqual([]);
    script.at(21).adopt({ table: "fiber" });
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
    expect(script.take("warm-up")).toHaveLength(3);
  });

  test("A11: a restart stays on the backup, and stabilization begins anew", () => {
    const before = new FailoverScript().started();
    before.at(10).tell("fiber", "carrier").at(20).tell("fiber", 95).at(79);
    const script = restarted(before, micros(0.2 * US_PER_S), 79.2);
    expect(script.take()).toEqual([]);
    script.tellAll({ fiber: "unknown", lte: "unknown", dsl: "unknown" });
    script.at(80).tellAll({ fiber: 95, lte: 95, dsl: 95 });
    expect(script.at(139).outcomes()).toEqual([]);
    expect(script.at(140).outcomes()).toEqual(["lte>fiber failback"]);
  });

  test.each([
    { elapsed: micros(100 * US_PER_S), wait: 240 - 50 - 100 },
    { elapsed: "reboot", wait: 240 - 50 },
  ] as const)("rule 22: penalties outlive $elapsed", ({ elapsed, wait }) => {
    const before = new FailoverScript().started();
    for (const at of [0, 600, 1_200]) {
      before
        .at(at)
        .tell("fiber", "carrier")
        .at(at + 10)
        .tell("fiber", 95)
        .at(at + 400);
    }
    before.at(1_700).tell("fiber", "carrier").at(1_710).tell("fiber", "carrier");
    const script = new FailoverScript();
    const state = saved(before);
    expect(state.policies[0]?.tracks[0]?.standings[0]?.failures).toBe(4);
    before.tell("fiber", 95).at(1_760);
    const edited = JSON.parse(
      JSON.stringify(saved(before)).replace('"failures":4', '"failures":3'),
    );
    script.now = seconds(10_000);
    script.give({ kind: "restored", state: edited, elapsed }).adopt({ table: "lte" });
    script.tellAll({ fiber: 95, lte: 95, dsl: "carrier" });
    expect(script.at(10_000 + wait - 1).outcomes()).toEqual([]);
    expect(script.at(10_000 + wait).outcomes()).toEqual(["lte>fiber failback"]);
  });

  test("overrides, counters and the number of orders outlive a restart", () => {
    const before = new FailoverScript().started();
    before
      .at(1)
      .tell("fiber", "carrier")
      .command(pin("lte", "safe", 100))
      .command(hold(true));
    before.command(maintenance("dsl", true, 50)).at(10);
    const script = restarted(before, micros(5 * US_PER_S), 1_000);
    const snapshot = script.engine.snapshot(1);
    expect(snapshot).toMatchObject({
      failovers: 1,
      pin: { path: "lte", mode: "safe", author: "ann", expiresAt: seconds(1_000 - 14 + 100) },
      hold: { strict: true, expiresAt: null },
      maintenance: [{ path: "dsl", expiresAt: seconds(1_000 - 14 + 50) }],
    });
    script.command(plain("release")).tell("dsl", 9).tell("fiber", 90).tell("lte", "carrier");
    expect(script.events()[0]?.order).toBe(2);
  });

  test("an episode that was told is not told again after a restart", () => {
    const before = new FailoverScript().started();
    before.at(1).tellAll({ fiber: "carrier", lte: "carrier", dsl: "carrier" });
    const script = restarted(before, micros(US_PER_S), 3);
    script.tellAll({ fiber: "carrier", lte: "carrier", dsl: "carrier" });
    expect(script.take()).toEqual([]);
  });

  test("what has run out while the agent was away ends at once", () => {
    const before = new FailoverScript().started().command(hold(true, 10));
    const script = restarted(before, micros(60 * US_PER_S), 60);
    expect(script.engine.snapshot(1)?.hold).toBeNull();
    expect(script.take("audit")).toEqual(["hold by ann: expired (its time is over)"]);
  });
});

describe("FailoverEngine and time", () => {
  test("A13, P9: a return waits 60 s of monotonic time, and says when it will be", () => {
    const script = new FailoverScript().started("lte");
    expect(script.engine.nextWakeup()).toBe(seconds(60));
    script.now = seconds(59.999_999);
    expect(script.give().outcomes()).toEqual([]);
    script.now = seconds(60);
    expect(script.give().outcomes()).toEqual(["lte>fiber failback"]);
    expect(script.engine.nextWakeup()).toBeNull();
  });

  test("nextWakeup() has the end of the dwell and of overrides", () => {
    const script = new FailoverScript().started();
    script.at(1).tell("fiber", 40).at(2).tell("lte", 20);
    expect(script.engine.nextWakeup()).toBe(seconds(11));
    script.command(maintenance("dsl", true, 3));
    expect(script.engine.nextWakeup()).toBe(seconds(5));
    script.at(5);
    expect(script.engine.nextWakeup()).toBe(seconds(11));
    expect(script.at(11).outcomes().at(-1)).toBe("lte>dsl score");
  });
});

describe("FailoverEngine at a reload", () => {
  test("A28: without a change nothing happens and nothing is forgotten", () => {
    const script = new FailoverScript().started("lte").command(hold(false));
    script.at(30);
    const before = saved(script);
    script.take();
    const effects = script.effects.length;
    reload(script, {});
    expect(script.effects.length).toBe(effects);
    expect(saved(script)).toEqual(before);
    script.command(plain("release"));
    expect(script.at(60).outcomes()).toEqual(["lte>fiber failback"]);
  });

  test("P10: a changed policy keeps the active path; returns are proved anew", () => {
    const script = new FailoverScript().started("lte");
    script.at(50);
    reload(script, { failback_threshold: 85 });
    expect(script.active()).toBe("lte");
    expect(script.at(109).outcomes()).toEqual([]);
    expect(script.at(110).outcomes()).toEqual(["lte>fiber failback"]);
  });

  test("an active path that the policy loses is left at once", () => {
    const script = new FailoverScript().started("lte");
    reload(script, { backups: ["dsl"] });
    expect(script.outcomes()).toEqual(["lte>fiber reconfigured"]);
    expect(script.active()).toBe("fiber");
  });

  test("A18, P11: a removed policy leaves policy_disabled, an added one policy_enabled", () => {
    const script = new FailoverScript().started();
    reload(script, null);
    expect(script.take()).toEqual(["policy_disabled"]);
    expect(script.engine.snapshot(1)).toBeNull();
    reload(script, {});
    expect(script.take()).toEqual(["policy_enabled"]);
    script.adopt({ table: "lte" });
    expect(script.active()).toBe("lte");
  });

  test("what is under way when a policy is removed ends as failed", () => {
    const script = new FailoverScript({ answers: false }).started();
    script.at(1).tell("fiber", "carrier");
    reload(script, null);
    expect(script.outcomes()).toEqual(["failed fiber>lte hard-down"]);
  });

  test("the flag in the configuration switches a policy, and wins over what was said before", () => {
    const script = new FailoverScript().started();
    reload(script, { enabled: false });
    script.at(1).tell("fiber", "carrier");
    expect(script.take()).toEqual(["policy_disabled"]);
    script.command(plain("enable"));
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
    reload(script, { enabled: true });
    reload(script, { enabled: false });
    expect(script.engine.snapshot(1)?.enabled).toBe(false);
  });

  test("a pin to a path that is gone ends", () => {
    const script = new FailoverScript().started().command(pin("dsl", "strict"));
    reload(script, { backups: ["lte"] });
    expect(script.engine.snapshot(1)?.pin).toBeNull();
    expect(script.active()).toBe("fiber");
  });
});

test("P12: state is asked to be kept with every event, whatever becomes of it", () => {
  const engine = new FailoverScript().started();
  engine.take("persist");
  engine.at(1).tell("fiber", "carrier");
  // The intent, then its outcome: nothing waits for the disk.
  expect(engine.take("persist", "record")).toEqual([
    ...["triggered fiber>lte (hard-down)", "persist"],
    ...["completed fiber>lte (hard-down)", "persist"],
  ]);
});

test("explain() and snapshot() know no policy that is not there", () => {
  const engine = new FailoverEngine();
  expect(engine.snapshot(1)).toBeNull();
  expect(engine.explain(1, 4, seconds(0))).toBeNull();
  expect(engine.nextWakeup()).toBeNull();
});
