import { describe, expect, test } from "bun:test";
import { OUR_PROTOCOL } from "../../../agent/domain/kernel-net.ts";
import { desiredState } from "../../../agent/routing/desired.ts";
import { diff, takenPlaces, uninstall } from "../../../agent/routing/diff.ts";
import type { KernelFacts } from "../../../agent/routing/facts.ts";
import { asIpCommands } from "../../../agent/routing/ip-commands.ts";
import type { RouteOperation } from "../../../agent/routing/operation.ts";
import type { PlannedPolicy, RoutePlan } from "../../../agent/routing/plan.ts";
import { applyAll } from "../../support/kernel-model.ts";
import {
  box,
  chosen,
  defaultVia,
  gatewaysNow,
  plan,
  policy,
  rule,
  selector,
  systemRules,
} from "../../support/routing.ts";

/** IPv4 alone is enough to see an order. */
const V4: KernelFacts = {
  ...box(),
  routes: box().routes.filter(({ family }) => family === 4),
  addresses: box().addresses.filter(({ family }) => family === 4),
};
const ONLY4 = { ipv6: "report" } as const;

function desired(wanted: RoutePlan, facts: KernelFacts) {
  return desiredState(wanted, facts, gatewaysNow(wanted.paths, facts));
}

/** The commands of IPv4, shortened. */
function steps(operations: readonly RouteOperation[]): readonly string[] {
  return asIpCommands(operations, box().links)
    .filter((line) => line.startsWith("ip -4"))
    .map((line) => line.replace("ip -4 ", "").replace(" protocol 158", ""))
    .map((line) => line.replace("suppress_prefixlength", "suppress"));
}

function install(wanted: RoutePlan, facts: KernelFacts = V4): KernelFacts {
  return applyAll(facts, diff(desired(wanted, facts), facts));
}

const one = (more: Partial<PlannedPolicy> = {}) =>
  plan({ policies: [policy({ ...ONLY4, ...more })] });
const onLte = { choice: { 4: chosen("lte", ["fiber"]), 6: chosen("lte", ["fiber"]) } };

const INSTALLED = [
  "rule add priority 1004 from all oif wan0 lookup main suppress 0",
  "rule add priority 1006 from 10.1.0.2 lookup main suppress 0",
  "rule add priority 1008 from all oif wan1 lookup main suppress 0",
  "rule add priority 1010 from 10.2.0.2 lookup main suppress 0",
  "route replace default via 10.1.0.1 dev wan0 table 1001 metric 1",
  "route replace default via 10.2.0.1 dev wan1 table 1002 metric 1",
  "rule add priority 1005 from all oif wan0 lookup 1001",
  "rule add priority 1007 from 10.1.0.2 lookup 1001",
  "rule add priority 1009 from all oif wan1 lookup 1002",
  "rule add priority 1011 from 10.2.0.2 lookup 1002",
  "route replace default via 10.1.0.1 dev wan0 table 158 metric 1",
  "route replace default via 10.2.0.1 dev wan1 table 158 metric 102",
  "route replace unreachable default table 158 metric 4000",
  "rule add priority 30000 from all lookup main suppress 0",
  "rule add priority 29000 from all to 192.0.2.0/24 lookup main suppress 24",
  "rule add priority 29001 from all to 192.0.2.0/24 lookup 158",
  "rule add priority 32000 from all lookup 158",
];

describe("diff()", () => {
  const all = [selector({ to: "192.0.2.0/24" }), selector({ to: "default" })];
  const full = one({ selectors: all, allDown: "unreachable" });

  test("installs paths first and the rules of policies last", () => {
    expect(steps(diff(desired(full, V4), V4))).toEqual(INSTALLED);
  });

  test("is empty once it is installed, in both families", () => {
    const both = plan({ policies: [policy({ selectors: all, allDown: "unreachable" })] });
    const facts = install(both, box());
    expect(facts.rules.length).toBeGreaterThan(20);
    expect(diff(desired(both, facts), facts)).toEqual([]);
  });

  test("uninstall() goes back in reverse", () => {
    const reversed = steps(uninstall(install(full)));
    const rank = (line: string) => Number(/priority (\d+)/.exec(line)?.[1] ?? 0);
    const rules = reversed.filter((line) => line.startsWith("rule del")).map(rank);
    expect(rules.slice(0, 4)).toEqual([32_000, 29_001, 29_000, 30_000]);
    expect(rules.slice(4)).toEqual([1011, 1010, 1009, 1008, 1007, 1006, 1005, 1004]);
    const place = (line: string) => reversed.findIndex((one) => one.includes(line));
    const order = ["priority 30000", "metric 102", "table 158 metric 1", "metric 4000"];
    const marks = [...order, "priority 1011", "priority 1004", "table 1001"].map(place);
    expect(marks).toEqual([...marks].sort((a, b) => a - b));
    expect(marks[0]).toBeGreaterThan(0);
  });

  test("a switch is one replace before anything else, then the standby metrics", () => {
    const facts = install(one());
    expect(steps(diff(desired(one(onLte), facts), facts))).toEqual([
      "route replace default via 10.2.0.1 dev wan1 table 158 metric 1",
      "route replace default via 10.1.0.1 dev wan0 table 158 metric 101",
      "route del default via 10.2.0.1 dev wan1 table 158 metric 102",
    ]);
  });

  test("a new gateway goes into the policy's table before the path's", () => {
    const facts = install(one());
    const renewed = facts.routes.map((route) =>
      route.oif === 2 && route.table === 254 ? defaultVia(2, "10.1.0.254") : route,
    );
    const next = { ...facts, routes: renewed };
    expect(steps(diff(desired(one(), next), next))).toEqual([
      "route replace default via 10.1.0.254 dev wan0 table 158 metric 1",
      "route replace default via 10.1.0.254 dev wan0 table 1001 metric 1",
    ]);
  });

  test("with all paths down takes candidates before the active, and leaves unreachable", () => {
    const before = one({ allDown: "unreachable" });
    const facts = install(before);
    const choice = chosen("fiber", ["lte"], true);
    const down = one({ allDown: "unreachable", choice: { 4: choice, 6: choice } });
    expect(steps(diff(desired(down, facts), facts))).toEqual([
      "route del default via 10.2.0.1 dev wan1 table 158 metric 102",
      "route del default via 10.1.0.1 dev wan0 table 158 metric 1",
    ]);
    const recovered = install(down, facts);
    expect(steps(diff(desired(before, recovered), recovered))).toEqual([
      "route replace default via 10.1.0.1 dev wan0 table 158 metric 1",
      "route replace default via 10.2.0.1 dev wan1 table 158 metric 102",
    ]);
  });

  test("a reorder adds the new rules before it deletes the old ones", () => {
    const lan = policy({ ...ONLY4, id: 1, selectors: [selector({ iif: "lan" })] });
    const dmz = policy({ ...ONLY4, id: 2, slot: 1, selectors: [selector({ iif: "dmz" })] });
    const facts = install(plan({ policies: [lan, dmz] }));
    expect(steps(diff(desired(plan({ policies: [dmz, lan] }), facts), facts))).toEqual([
      "rule add priority 31000 from all iif dmz lookup 159",
      "rule add priority 31016 from all iif lan lookup 158",
      "rule del priority 31016 from all iif dmz lookup 159",
      "rule del priority 31000 from all iif lan lookup 158",
    ]);
  });

  test("after a flush of all rules restores ours, and not main or default", () => {
    const facts = install(one());
    const flushed = { ...facts, rules: systemRules(4).slice(0, 1) };
    const repair = diff(desired(one(), flushed), flushed);
    expect(steps(repair)).toHaveLength(10);
    expect(steps(repair)).toContain("rule add priority 30000 from all lookup main suppress 0");
    expect(repair.every(({ kind }) => kind === "apply-rule")).toBe(true);
    expect(steps(repair).filter((line) => line.includes("3276"))).toEqual([]);
  });

  test("gives the looks into main back before it writes a route", () => {
    const facts = install(one());
    const flushed = { ...facts, rules: systemRules(4).slice(0, 1) };
    const [first, second, third, fourth, fifth] = steps(
      diff(desired(one(onLte), flushed), flushed),
    );
    for (const step of [first, second, third, fourth]) expect(step).toContain("lookup main");
    expect(fifth).toBe("route replace default via 10.2.0.1 dev wan1 table 158 metric 1");
  });

  test("restores 30000 alone when somebody deleted it", () => {
    const facts = install(one());
    const rules = facts.rules.filter(({ priority }) => priority !== 30_000);
    expect(steps(diff(desired(one(), facts), { ...facts, rules }))).toEqual([
      "rule add priority 30000 from all lookup main suppress 0",
    ]);
  });

  test("deletes the address pair of an address that went", () => {
    const facts = install(one());
    const next = { ...facts, addresses: facts.addresses.filter(({ index }) => index !== 3) };
    expect(steps(diff(desired(one(), next), next))).toContain(
      "rule del priority 1011 from 10.2.0.2 lookup 1002",
    );
  });

  test("deletes a second route of ours at one metric, never the right one", () => {
    const facts = install(one());
    const extra = { table: 158, metric: 1, protocol: OUR_PROTOCOL };
    const double = { ...facts, routes: [defaultVia(3, "10.2.0.1", extra), ...facts.routes] };
    expect(steps(diff(desired(one(), double), double))).toEqual([
      "route del default via 10.2.0.1 dev wan1 table 158 metric 1",
    ]);
  });

  test("does not write where somebody else's route is, and takenPlaces() tells", () => {
    const foreign = defaultVia(4, "10.9.0.9", { table: 158, metric: 1, protocol: 4 });
    const facts = { ...V4, routes: [...V4.routes, foreign] };
    const wanted = desired(one(), facts);
    expect(steps(diff(wanted, facts)).filter((line) => line.endsWith("158 metric 1"))).toEqual([]);
    expect(takenPlaces(wanted, facts)).toEqual([{ kind: "place-taken", table: 158, family: 4 }]);
    expect(takenPlaces(wanted, V4)).toEqual([]);
  });

  test("adds our rule beside an equal one of another protocol", () => {
    const theirs = rule(4, 30_000, { suppressPrefixLen: 0, protocol: 4 });
    const facts = { ...V4, rules: [...V4.rules, theirs] };
    expect(steps(diff(desired(one(), facts), facts))).toContain(
      "rule add priority 30000 from all lookup main suppress 0",
    );
    expect(uninstall(facts)).toEqual([]);
  });
});
