import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import type { Contender } from "../../../../agent/engine/failover/contender.ts";
import { follow } from "../../../../agent/engine/failover/follow.ts";
import { PathStanding } from "../../../../agent/engine/failover/standing.ts";
import type { State } from "../../../support/failover-steps.ts";
import { condition, policyConfig, seconds } from "../../../support/failover-steps.ts";

const FREE = { pin: null, hold: null };
const standing = new PathStanding(policyConfig());

function contenders(states: Readonly<Record<string, State>>): Contender[] {
  return Object.entries(states).map(([name, state]) => ({
    path: pathId(name),
    condition: condition(name, state, seconds(1), { family: 6 }),
    refusal: null,
    maintenance: false,
    standing,
  }));
}

describe("follow()", () => {
  test.each([
    { name: "goes after", a: "unknown", b: "unknown", lead: "b", want: "b" },
    { name: "stays where it leads", a: "unknown", b: "unknown", lead: "a", want: "stay" },
    {
      name: "stays without a gateway there",
      a: "unknown",
      b: "no-gateway",
      lead: "b",
      want: "stay",
    },
    { name: "minds no silence there", a: "unknown", b: "probes", lead: "b", want: "b" },
    { name: "leaves a cut cable", a: "carrier", b: "unknown", lead: "a", want: "b" },
    { name: "stays with nowhere to go", a: "carrier", b: "carrier", lead: "a", want: "stay" },
    {
      name: "stays while the lead is nowhere",
      a: "unknown",
      b: "unknown",
      lead: null,
      want: "stay",
    },
  ] as const)("$name", ({ a, b, lead, want }) => {
    const led = { active: lead === null ? null : pathId(lead), isInformed: true };
    const decision = follow(pathId("a"), led, contenders({ a, b }), FREE);
    expect<string>(decision.kind === "move" ? decision.to : decision.kind).toBe(want);
  });

  test("a refused path is not tried again", () => {
    const [a, b] = contenders({ a: "unknown", b: "unknown" });
    if (a === undefined || b === undefined) throw new Error("no contenders");
    const led = { active: pathId("b"), isInformed: true };
    const decision = follow(pathId("a"), led, [a, { ...b, refusal: "no" }], FREE);
    expect(decision.kind).toBe("stay");
  });
});
