import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import type { OperatorCommand } from "../../../../agent/engine/failover/command.ts";
import type { Step } from "../../../support/failover-steps.ts";
import {
  FailoverScript,
  hold,
  maintenance,
  pin,
  plain,
  played,
  policyConfig,
  SIGNED,
  switchTo,
  wanted,
} from "../../../support/failover-steps.ts";

/** The audit of one order after `setup`. */
function audit(command: OperatorCommand, setup: (script: FailoverScript) => unknown = () => 0) {
  const script = new FailoverScript().started();
  setup(script);
  script.take();
  script.command(command);
  return { script, audit: script.take("audit").at(-1), moves: script.outcomes() };
}

const nowhere = { ...SIGNED, action: "switch", policy: 9, path: pathId("lte") } as const;

describe("obey()", () => {
  test.each([
    { command: switchTo("lte"), want: "switch by ann: done" },
    { command: pin("lte", "safe"), want: "pin safe by ann: done" },
    { command: pin("lte", "strict", 60), want: "pin strict by ann: done" },
    { command: hold(false), want: "hold by ann: done" },
    { command: hold(true, 60), want: "hold strict by ann: done" },
    { command: maintenance("fiber", true), want: "maintenance on by ann: done" },
    { command: plain("disable"), want: "disable by ann: done" },
  ])("A25: records $want", ({ command, want }) => {
    expect(audit(command).audit).toBe(want);
  });

  const carrier = (script: FailoverScript) => script.tell("lte", "carrier");
  const refusals = [
    { command: nowhere, want: "cannot find the policy 9" },
    { command: switchTo("cable"), want: "cannot switch: cable is not a path of the policy" },
    { command: switchTo("fiber"), want: "cannot switch: fiber is active" },
    { command: switchTo("lte"), setup: carrier, want: "cannot switch: lte is down: carrier lost" },
    {
      command: switchTo("lte"),
      setup: (script: FailoverScript) => script.tell("lte", 49),
      want: "pin it instead: lte scores 49.0 and would be left below 50",
    },
    {
      command: switchTo("lte"),
      setup: (script: FailoverScript) => script.command(maintenance("lte", true)),
      want: "cannot switch: lte is in maintenance",
    },
    {
      command: switchTo("lte"),
      setup: (script: FailoverScript) => script.command(pin("fiber", "safe")),
      want: "unpin the policy first",
    },
    {
      command: switchTo("lte"),
      setup: (script: FailoverScript) => script.command(hold(true)),
      want: "release the strict hold first",
    },
    {
      command: switchTo("lte"),
      setup: (script: FailoverScript) => script.command(plain("disable")),
      want: "enable the policy first",
    },
    { command: pin("cable", "safe"), want: "cannot pin: cable is not a path of the policy" },
    {
      command: pin("lte", "safe"),
      setup: (script: FailoverScript) => script.command(hold(true)),
      want: "release the strict hold first",
    },
    { command: plain("unpin"), want: "cannot unpin: the policy is not pinned" },
    { command: plain("release"), want: "cannot release: the policy is not held" },
    { command: plain("enable"), want: "cannot enable it: the policy is enabled" },
    { command: maintenance("cable", true), want: "cannot find the path cable" },
    {
      command: maintenance("fiber", false),
      want: "cannot end it: fiber is not in maintenance",
    },
  ];
  test.each(refusals)("refuses with: $want", ({ command, setup, want }) => {
    const result = audit(command, setup);
    expect(result.audit).toEndWith(`refused (${want})`);
    expect(result.moves).toEqual([]);
  });

  test("a switch goes once: the return is automatic, after the usual time", () => {
    const { script, moves } = audit(switchTo("dsl"));
    expect(moves).toEqual(["fiber>dsl operator"]);
    expect(script.at(59).outcomes()).toEqual([]);
    expect(script.at(60).outcomes()[0]).toEqual("dsl>fiber failback");
  });

  test("an operator's move is no failure of the path that it left", () => {
    const { script } = audit(switchTo("lte"));
    const fiber = script.engine.explain(1, 4, script.now)?.paths[0];
    expect(fiber?.failures).toBe(0);
  });

  test("a switch does not wait for the dwell", () => {
    const { moves } = audit(switchTo("dsl"), (script) => {
      script.at(1).tell("fiber", 40);
      script.outcomes();
    });
    expect(moves).toEqual(["lte>dsl operator"]);
  });

  test("a switch waits for the one that is under way", () => {
    const script = new FailoverScript({ answers: false }).started();
    script.at(1).tell("fiber", "carrier").take();
    script.command(switchTo("dsl"));
    expect(script.take("switch", "audit")).toEqual([
      "switch by ann: refused (wait: a switch is under way)",
    ]);
  });

  test("a disabled policy stays where it is; enabled again it acts at once", () => {
    const { script } = audit(plain("disable"));
    expect(script.events().at(-1)).toMatchObject({
      type: "policy_disabled",
      reason: "disabled by ann",
    });
    script.at(1).tell("fiber", "carrier");
    expect(script.at(600).outcomes()).toEqual([]);
    script.tell("lte", 100).command(plain("enable"));
    expect(script.events().map(({ type }) => type)).toContain("policy_enabled");
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
  });

  test("the author and the reason are in the record of the move", () => {
    const { script } = audit({ ...pin("dsl", "strict"), reason: "works on fiber" });
    expect(script.events()[0]?.reason).toBe("pinned to dsl by ann: works on fiber");
  });
});

interface Row {
  readonly name: string;
  readonly policy?: Parameters<typeof policyConfig>[0];
  readonly steps: readonly Step[];
}

describe("what operators ordered", () => {
  test.each<Row>([
    {
      name: "rule 9: maintenance is left at once, without margin or dwell, and counts as no failure",
      policy: { backups: ["lte"] },
      steps: [
        { at: 1, tell: { lte: 50 }, want: [] },
        { at: 2, order: maintenance("fiber", true), want: ["fiber>lte maintenance"] },
        { at: 3, tell: { fiber: "carrier" }, want: [] },
        { at: 400, tell: { fiber: 90 }, want: [] },
        { at: 500, order: maintenance("fiber", false), want: [] },
        { at: 559, want: [] },
        { at: 560, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 9: with nowhere to go it stays, and goes as soon as it can",
      policy: { backups: ["lte"] },
      steps: [
        { at: 1, tell: { lte: 49 }, want: [] },
        { at: 2, order: maintenance("fiber", true), want: [] },
        { at: 3, tell: { lte: 51 }, want: ["fiber>lte maintenance"] },
      ],
    },
    {
      name: "no move goes to a path in maintenance, not even from a dead one",
      policy: { backups: ["lte"] },
      steps: [
        { at: 1, order: maintenance("lte", true), want: [] },
        { at: 2, tell: { fiber: "carrier" }, want: ["failed fiber> all-down"] },
        { at: 3, order: pin("lte", "strict"), want: ["fiber>lte pin"] },
      ],
    },
    {
      name: "A25: maintenance that runs out ends by itself",
      steps: [
        { at: 1, order: maintenance("fiber", true, 100), want: ["fiber>lte maintenance"] },
        { at: 160, want: [] },
        { at: 161, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 10: a strict pin stays on a dead path; when it ends that is left at once",
      steps: [
        { at: 1, order: pin("lte", "strict"), want: ["fiber>lte pin"] },
        { at: 2, tell: { lte: "probes" }, want: [] },
        { at: 99, tell: { fiber: 95 }, want: [] },
        { at: 100, order: plain("unpin"), want: ["lte>fiber hard-down"] },
      ],
    },
    {
      name: "rule 10: timers run under a pin, so that a well primary is returned to at once",
      steps: [
        { at: 1, order: pin("lte", "safe", 300), want: ["fiber>lte pin"] },
        { at: 300, want: [] },
        { at: 301, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 10: a pin that ends early waits for the rest of the time",
      steps: [
        { at: 1, order: pin("lte", "safe"), want: ["fiber>lte pin"] },
        { at: 31, order: plain("unpin"), want: [] },
        { at: 60, want: [] },
        { at: 61, want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "A25: a safe pin leaves a dead path, not a bad one, and returns when it is proved",
      steps: [
        { at: 1, order: pin("lte", "safe"), want: ["fiber>lte pin"] },
        { at: 2, tell: { lte: 10 }, want: [] },
        { at: 3, tell: { lte: "carrier" }, want: ["lte>fiber hard-down"] },
        { at: 10, tell: { lte: 90 }, want: [] },
        { at: 69, want: [] },
        { at: 70, want: ["fiber>lte failback"] },
      ],
    },
    {
      name: "A25: a safe pin to a dead path waits for it",
      steps: [
        { at: 1, tell: { lte: "probes" }, want: [] },
        { at: 2, order: pin("lte", "safe"), want: [] },
        { at: 9, tell: { lte: 60 }, want: ["fiber>lte pin"] },
      ],
    },
    {
      name: "A25: a strict pin to a silent path goes there, to one without carrier it waits",
      steps: [
        { at: 1, tell: { lte: "probes", dsl: "carrier" }, want: [] },
        { at: 2, order: pin("lte", "strict"), want: ["fiber>lte pin"] },
        { at: 3, order: pin("dsl", "strict"), want: [] },
        { at: 4, tell: { dsl: "unknown" }, want: ["lte>dsl pin"] },
      ],
    },
    {
      name: "rule 10: hold stops the return, not the emergency",
      steps: [
        { at: 1, tell: { fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 2, tell: { fiber: 90 }, order: hold(false), want: [] },
        { at: 600, tell: { lte: 40 }, want: ["lte>fiber score"] },
        { at: 601, tell: { lte: 90, fiber: "carrier" }, want: ["fiber>lte hard-down"] },
        { at: 602, tell: { fiber: 90 }, want: [] },
        { at: 5_000, order: plain("release"), want: ["lte>fiber failback"] },
      ],
    },
    {
      name: "rule 10: hold strict stops everything until it ends",
      steps: [
        { at: 1, order: hold(true, 50), want: [] },
        { at: 2, tell: { fiber: "carrier" }, want: [] },
        { at: 50, want: [] },
        { at: 51, want: ["fiber>lte hard-down"] },
      ],
    },
  ])("$name", ({ policy, steps }) => {
    const script = new FailoverScript({ policies: [policyConfig(policy)] }).started();
    expect(played(script, steps)).toEqual(wanted(steps));
  });
});
