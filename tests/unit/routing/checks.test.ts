import { describe, expect, test } from "bun:test";
import { describeProblem, planProblems } from "../../../agent/routing/checks.ts";
import type { KernelFacts } from "../../../agent/routing/facts.ts";
import type { RoutePlan } from "../../../agent/routing/plan.ts";
import { box, link, own, path, plan, policy, selector, TUNNEL } from "../../support/routing.ts";

function messages(wanted: RoutePlan, facts: KernelFacts = box()): readonly string[] {
  return planProblems(wanted, facts).map(describeProblem);
}

const to = (prefix: string) =>
  plan({ policies: [policy({ selectors: [selector({ to: prefix })] })] });
const via = (gateway: string) => plan({ paths: [path(1, "fiber", "wan0", gateway)], policies: [] });

describe("planProblems()", () => {
  test("finds nothing wrong with a plain plan", () => {
    expect(messages(plan())).toEqual([]);
  });

  test.each([
    ["10.1.0.0/24", 1],
    ["10.1.0.128/25", 1],
    ["10.1.0.1", 1],
    ["10.1.0.0/23", 0],
    ["10.9.0.0/24", 0],
    ["fd11::/64", 1],
    ["fe80::1", 2],
  ])("to %s: %d problems", (prefix, count) => {
    const addresses = [...box().addresses, own(3, "fe80::3/64")];
    expect(messages(to(prefix), box({ addresses }))).toHaveLength(count);
  });

  test("says what is connected where", () => {
    expect(messages(to("10.1.0.128/25"))).toEqual([
      "cannot route to 10.1.0.128/25 by policy 1: want a prefix outside of 10.1.0.0/24, " +
        'which is connected to "fiber"',
    ]);
  });

  test("refuses gateway none on ethernet, not on a tunnel or an absent device", () => {
    expect(messages(via("none"))).toEqual([
      'cannot use gateway none on wan0 ("fiber"): want auto or an address, ' +
        "or a device that is point to point",
    ]);
    expect(messages(via("none"), box({ links: [link(2, "wan0", TUNNEL)] }))).toEqual([]);
    expect(messages(via("none"), box({ links: [] }))).toEqual([]);
  });

  test("refuses this box's own address as gateway", () => {
    expect(messages(via("10.1.0.2"))).toEqual([
      'cannot use gateway 10.1.0.2 of "fiber": it is this box\'s own address',
    ]);
    expect(messages(via("10.1.0.1"))).toEqual([]);
  });

  test.each([
    { count: 500, problems: 0 },
    { count: 501, problems: 1 },
  ])("$count prefixes give $problems problems", ({ count, problems }) => {
    const selectors = Array.from({ length: count }, (_, i) =>
      selector({ to: `172.16.${i >> 8}.${i & 255}` }),
    );
    expect(messages(plan({ policies: [policy({ selectors })] }))).toHaveLength(problems);
  });
});
