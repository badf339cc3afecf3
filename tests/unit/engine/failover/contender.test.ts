import { describe, expect, test } from "bun:test";
import type { Contender } from "../../../../agent/engine/failover/contender.ts";
import {
  hardDownOf,
  isEligible,
  isLinkFact,
  isUsable,
  pathsOf,
  scoreOf,
} from "../../../../agent/engine/failover/contender.ts";
import { PathStanding } from "../../../../agent/engine/failover/standing.ts";
import type { State } from "../../../support/failover-steps.ts";
import { condition, policyConfig, seconds } from "../../../support/failover-steps.ts";

function contender(state: State | null, change: Partial<Contender> = {}): Contender {
  const told = state === null ? null : condition("fiber", state, seconds(1));
  const [path] = pathsOf(policyConfig());
  if (path === undefined) throw new Error("no path");
  const standing = new PathStanding(policyConfig());
  return { path, condition: told, refusal: null, maintenance: false, standing, ...change };
}

describe("a contender", () => {
  test.each([
    { state: 50, score: 50, eligible: true, usable: true },
    { state: 49.9, score: 49.9, eligible: true, usable: false },
    { state: "unknown", score: null, eligible: true, usable: false },
    { state: "probes", score: null, eligible: false, usable: false },
    { state: null, score: null, eligible: false, usable: false },
  ] as const)("at $state", ({ state, score, eligible, usable }) => {
    const one = contender(state);
    expect([scoreOf(one), isEligible(one), isUsable(one, 50)]).toEqual([score, eligible, usable]);
  });

  test.each([{ maintenance: true }, { refusal: "no" }])("with %p is not eligible", (change) => {
    expect(isEligible(contender(90, change))).toBe(false);
    expect(isUsable(contender(90, change), 50)).toBe(false);
  });

  test.each([
    { cause: "probes", fact: false },
    { cause: "carrier", fact: true },
    { cause: "admin-down", fact: true },
    { cause: "no-gateway", fact: true },
    { cause: "unroutable", fact: true },
  ] as const)("isLinkFact() of $cause is $fact", ({ cause, fact }) => {
    expect(isLinkFact(cause)).toBe(fact);
    expect(hardDownOf(contender(cause))).toBe(cause);
  });
});

test("pathsOf() has the primary first", () => {
  expect<readonly string[]>(pathsOf(policyConfig())).toEqual(["fiber", "lte", "dsl"]);
});
