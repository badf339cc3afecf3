import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { ALERTS_MAX } from "../../../../agent/engine/alerts/messages.ts";
import { AlertWorld, completed, FIBER, LTE, rule, WALL0 } from "../../../support/alert-world.ts";

describe("AlertEngine.handle()", () => {
  test("tells a path that is down once, with the time it began, and its end once", () => {
    const world = new AlertWorld();
    world.path(FIBER, "up");
    world.pass(10_000);
    world.path(FIBER, "down");
    world.pass(4_999);
    expect(world.lines()).toEqual([]);
    world.pass(1);
    expect(world.lines()).toEqual(["firing path-down fiber"]);
    expect(world.sent[0]?.notification.alerts[0]).toMatchObject({
      summary: "path Fiber uplink (fiber) is down: no answer",
      started_at_ms: WALL0 + 10_000,
      resolved_at_ms: null,
    });
    world.path(FIBER, "down");
    world.pass(20_000);
    world.path(FIBER, "up");
    world.pass(60_000);
    expect(world.lines()).toEqual(["firing path-down fiber", "resolved path-down fiber"]);
    expect(world.sent.at(-1)?.notification.alerts[0]?.resolved_at_ms).toBe(
      (WALL0 + 35_000) as never,
    );
    const [firing, resolved] = world.records.map(({ alerts }) => alerts[0]?.id);
    expect(firing).toBe(resolved as string);
  });

  test("waits for as long as the rule says, not a moment less", () => {
    const world = new AlertWorld({ rules: [rule("r", { for_secs: 30 })], groupSecs: 0 });
    world.path(FIBER, "down");
    world.pass(29_999);
    expect(world.lines()).toEqual([]);
    world.pass(1);
    expect(world.lines()).toEqual(["firing r fiber"]);
  });

  test("says nothing of what is over before it was told", () => {
    const world = new AlertWorld({ rules: [rule("r", { for_secs: 30 })] });
    world.path(FIBER, "down");
    world.pass(29_000);
    world.path(FIBER, "up");
    world.pass(60_000);
    expect(world.records).toEqual([]);
  });

  test("unknown says nothing: neither begins an alert nor ends one", () => {
    const world = new AlertWorld();
    world.path(FIBER, "unknown");
    world.pass(10_000);
    expect(world.lines()).toEqual([]);
    world.path(FIBER, "down");
    world.pass(10_000);
    world.path(FIBER, "unknown");
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing path-down fiber"]);
  });

  test("with keep_secs what comes back soon is the same alert", () => {
    const world = new AlertWorld({ rules: [rule("r", { keep_secs: 60 })] });
    world.path(FIBER, "down");
    world.pass(10_000);
    for (let i = 0; i < 5; i++) {
      world.path(FIBER, "up");
      world.pass(50_000);
      world.path(FIBER, "down");
      world.pass(5_000);
    }
    expect(world.lines()).toEqual(["firing r fiber"]);
    world.path(FIBER, "up");
    world.pass(65_000);
    expect(world.lines()).toEqual(["firing r fiber", "resolved r fiber"]);
  });

  test("one cable is one alarm: the link, with the switch that it caused in it", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down", "carrier lost");
    world.pass(40);
    world.give({ kind: "failover", event: completed({ reason: "carrier lost" }) });
    world.pass(100_000);
    expect(world.lines()).toEqual(["firing link-down fiber"]);
    expect(world.sent[0]?.notification.alerts[0]?.consequences).toEqual([
      "policy critical-traffic left Fiber uplink (fiber) for lte: carrier lost",
    ]);
    world.path(FIBER, "up");
    world.pass(30_000);
    // The switch back follows later; it was a part of the alarm, and stays it.
    world.give({
      kind: "failover",
      event: completed({ from: LTE, to: FIBER, cause: "failback" }),
    });
    world.pass(30_000);
    expect(world.lines()).toEqual(["firing link-down fiber", "resolved link-down fiber"]);
  });

  test("all-down hides its paths and the moves; when it ends the path that stays down is told", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down", "carrier lost");
    world.path(LTE, "down");
    const failed = completed({ type: "failed", to: null, cause: "all-down" });
    world.give({ kind: "failover", event: failed });
    world.give({ kind: "all-down", policy: 1, family: 4, phase: "begun" });
    world.pass(60_000);
    expect(world.lines()).toEqual(["firing all-down 1"]);
    expect(world.sent[0]?.notification.alerts[0]?.consequences).toHaveLength(2);
    world.path(LTE, "up");
    world.give({ kind: "all-down", policy: 1, family: 4, phase: "ended" });
    world.pass(60_000);
    expect(world.lines()).toEqual([
      "firing all-down 1",
      "resolved all-down 1",
      "firing link-down fiber",
    ]);
  });

  test("a cause that comes a moment later is told instead, in the same message at the top", () => {
    const world = new AlertWorld();
    world.give({ kind: "store", store: "history", fault: "disk full" });
    world.path(LTE, "down");
    world.pass(3_000);
    world.path(FIBER, "down");
    world.give({ kind: "all-down", policy: 1, family: 4, phase: "begun" });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing all-down 1", "firing store-trouble"]);
    expect(world.records).toHaveLength(1);
  });

  test("a move that nobody asked for lasts until traffic is back on the primary", () => {
    const world = new AlertWorld();
    world.give({ kind: "failover", event: completed({ cause: "score", reason: "score 31.0" }) });
    world.give({ kind: "failover", event: completed({ family: 6, cause: "follow" }) });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing failover fiber"]);
    const back = completed({ from: LTE, to: FIBER, cause: "failback" });
    world.give({ kind: "failover", event: back });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing failover fiber"]);
    world.give({ kind: "failover", event: { ...back, family: 6 } });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing failover fiber", "resolved failover fiber"]);
  });

  test("a move that an operator ordered is no alert", () => {
    const world = new AlertWorld();
    for (const cause of ["operator", "pin", "maintenance"] as const) {
      world.give({ kind: "failover", event: completed({ cause }) });
      world.pass(10_000);
    }
    expect(world.lines()).toEqual([]);
  });

  test("the move of a bad path hides that the path is bad", () => {
    const world = new AlertWorld();
    world.path(FIBER, "degraded");
    world.give({ kind: "failover", event: completed({ cause: "score" }) });
    world.pass(120_000);
    expect(world.lines()).toEqual(["firing failover fiber"]);
  });

  test("a failed move is told, and over with the next one that succeeds or after ten minutes", () => {
    const world = new AlertWorld();
    const failed = completed({ type: "failed", reason: "the kernel said: EINVAL" });
    world.give({ kind: "failover", event: failed });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing failover-failed fiber"]);
    world.pass(600_000);
    expect(world.lines()[1]).toBe("resolved failover-failed fiber");
    world.give({ kind: "failover", event: failed });
    world.pass(2_000);
    world.give({ kind: "failover", event: completed({ cause: "operator" }) });
    world.pass(20_000);
    expect(world.lines()).toHaveLength(2);
  });

  test("restarts, budgets and updates have their alerts", () => {
    const world = new AlertWorld({ groupSecs: 0 });
    world.give({ kind: "restarted", process: "worker", reason: "signal 9" });
    const burn = { kind: "budget", objective: "fiber", path: null, policy: 1 } as const;
    world.give({ ...burn, burning: "14.4 times" });
    world.give({ kind: "update", fault: "the signature is wrong" });
    expect(world.lines()).toEqual([
      "firing worker-restart",
      "firing budget-burn 1",
      "firing update-trouble",
    ]);
    world.give({ ...burn, burning: null }, { kind: "update", fault: null });
    world.pass(600_000);
    expect(world.lines().slice(3).toSorted()).toEqual([
      "resolved budget-burn 1",
      "resolved update-trouble",
      "resolved worker-restart",
    ]);
  });
});

describe("AlertEngine in maintenance and quiet hours", () => {
  test("tells nothing of a path in maintenance, and what is left of it afterwards", () => {
    const world = new AlertWorld();
    world.give({ kind: "maintenance", paths: [FIBER] });
    world.path(FIBER, "down");
    world.pass(600_000);
    expect(world.records).toEqual([]);
    world.give({ kind: "maintenance", paths: [] });
    world.pass(5_000);
    expect(world.lines()).toEqual(["firing path-down fiber"]);
    expect(world.records[0]?.alerts[0]?.started_at_ms).toBe(WALL0 as never);
  });

  test("an alert that ends in maintenance is told to be over afterwards, with its own time", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down");
    world.pass(10_000);
    world.give({ kind: "maintenance", paths: [FIBER] });
    world.path(FIBER, "up");
    world.path(FIBER, "down");
    world.path(FIBER, "up");
    world.pass(600_000);
    expect(world.lines()).toEqual(["firing path-down fiber"]);
    world.give({ kind: "maintenance", paths: [] });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing path-down fiber", "resolved path-down fiber"]);
    expect(world.sent.at(-1)?.notification.alerts[0]?.resolved_at_ms).toBe(
      (WALL0 + 10_000) as never,
    );
  });

  test("the end of an alert is held back by the path that it was told of", () => {
    const world = new AlertWorld();
    const failed = (from: typeof FIBER) => ({
      kind: "failover" as const,
      event: completed({ type: "failed", from, to: from }),
    });
    world.give(failed(LTE));
    world.pass(10_000);
    world.give(failed(FIBER), { kind: "maintenance", paths: [LTE] });
    world.pass(700_000);
    expect(world.lines()).toEqual(["firing failover-failed lte"]);
    world.give({ kind: "maintenance", paths: [] });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing failover-failed lte", "resolved failover-failed lte"]);
  });

  test("a policy is in maintenance when all of its paths are", () => {
    const begun = { kind: "all-down", policy: 1, family: 4, phase: "begun" } as const;
    const world = new AlertWorld();
    world.give({ kind: "maintenance", paths: [FIBER, LTE] }, begun);
    world.pass(10_000);
    expect(world.lines()).toEqual([]);
    world.give({ kind: "maintenance", paths: [FIBER] });
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing all-down 1"]);
  });

  test("quiet hours hold back what is not severe until they end", () => {
    // 22:13 UTC is 23:13 in Berlin.
    const night = { from: 22 * 60, to: 6 * 60, days: [], time_zone: "Europe/Berlin" };
    const world = new AlertWorld({ quietHours: [{ ...night, pass: "critical" }] });
    world.path(FIBER, "down");
    world.path(LTE, "degraded");
    world.pass(3_600_000);
    expect(world.lines()).toEqual(["firing path-down fiber"]);
    world.pass(6 * 3_600_000);
    expect(world.lines()).toEqual(["firing path-down fiber", "firing path-degraded lte"]);
  });
});

describe("AlertEngine and channels", () => {
  test("a channel hears what is severe enough for it, and of ends only if it wants to", () => {
    const world = new AlertWorld();
    world.path(FIBER, "down");
    world.give({ kind: "store", store: "history", fault: "full" });
    world.pass(10_000);
    world.path(FIBER, "up");
    world.pass(10_000);
    expect(world.lines("pager")).toEqual(["firing path-down fiber"]);
    expect(world.lines("ops")).toHaveLength(3);
  });

  test("a cause that a channel does not hear of hides nothing from it", () => {
    const rules = [
      rule("all", { on: "all-down", channels: ["pager"] }),
      rule("path", { on: "path-down" }),
    ];
    const world = new AlertWorld({ rules });
    world.path(FIBER, "down");
    world.give({ kind: "all-down", policy: 1, family: 4, phase: "begun" });
    world.pass(10_000);
    expect(world.lines("ops")).toEqual(["firing path fiber"]);
    expect(world.lines("pager")).toEqual(["firing all 1", "firing path fiber"]);
  });

  test("rules are for the paths and policies that they name", () => {
    const rules = [
      rule("mine", { paths: ["lte"] }),
      rule("other", { on: "all-down", policies: [2] }),
    ];
    const world = new AlertWorld({ rules });
    world.path(FIBER, "down");
    world.give({ kind: "all-down", policy: 1, family: 4, phase: "begun" });
    world.path(LTE, "down");
    world.pass(10_000);
    expect(world.lines()).toEqual(["firing mine lte"]);
  });

  test("a thousand paths at once are a few messages, and cost little", () => {
    const paths = Array.from({ length: 1_000 }, (_, i) => ({ id: pathId(`p${i}`), name: `p${i}` }));
    const world = new AlertWorld({ paths });
    world.give(
      ...paths.map(({ id }) => ({
        kind: "path" as const,
        path: id,
        status: "down" as const,
        score: 0,
        link: null,
      })),
    );
    world.pass(10_000);
    expect(world.records).toHaveLength(1_000 / ALERTS_MAX);
    expect(world.lines()).toHaveLength(1_000);
  });

  test("states() says why an alert is not told", () => {
    const world = new AlertWorld();
    world.give({ kind: "maintenance", paths: [LTE] });
    world.path(FIBER, "down");
    world.path(LTE, "down");
    const states = () =>
      world.engine
        .states(world.now())
        .map(({ alert, state }) => `${alert.rule} ${alert.path_id} ${state}`);
    expect(states()).toContain("path-down fiber waiting");
    expect(states()).toContain("path-down lte muted");
    world.pass(10_000);
    expect(states()).toContain("path-down fiber firing");
    expect(states()).toContain("path-degraded fiber hidden");
  });
});
