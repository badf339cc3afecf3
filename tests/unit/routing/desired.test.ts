import { describe, expect, test } from "bun:test";
import type { Family } from "../../../agent/domain/kernel-net.ts";
import { OUR_PROTOCOL } from "../../../agent/domain/kernel-net.ts";
import { desiredState } from "../../../agent/routing/desired.ts";
import type { KernelFacts } from "../../../agent/routing/facts.ts";
import { asIpCommands } from "../../../agent/routing/ip-commands.ts";
import type { PlannedPolicy, RoutePlan } from "../../../agent/routing/plan.ts";
import {
  ADMIN_DOWN,
  box,
  bytes,
  chosen,
  defaultVia,
  gatewaysNow,
  link,
  NO_CARRIER,
  own,
  PATHS,
  path,
  plan,
  policy,
  selector,
} from "../../support/routing.ts";

function desired(wanted: RoutePlan, facts: KernelFacts = box()) {
  return desiredState(wanted, facts, gatewaysNow(wanted.paths, facts));
}

/** `metric way` of one table, as iproute2 says it. */
function table(wanted: RoutePlan, number: number, facts = box(), family: Family = 4) {
  const routes = desired(wanted, facts).routes.filter(
    (one) => one.table === number && one.family === family,
  );
  const operations = routes.map((route) => ({ kind: "apply-route", route }) as const);
  return asIpCommands(operations, facts.links).map((line) => {
    const [, way, metric] = /replace (.*) table \d+ metric (\d+) protocol 158$/.exec(line) ?? [];
    return `${metric} ${way}`;
  });
}

const one = (more: Partial<PlannedPolicy>) => plan({ policies: [policy(more)] });
const choose = (choice: ReturnType<typeof chosen>) => ({ choice: { 4: choice, 6: choice } });

const FIBER = "default via 10.1.0.1 dev wan0";
const LTE = "default via 10.2.0.1 dev wan1";
const wan1Lost = box({ links: [link(2, "wan0"), link(3, "wan1", NO_CARRIER)] });
const wan0Lost = box({ links: [link(2, "wan0", NO_CARRIER), link(3, "wan1")] });

describe("desiredState() of a path's table", () => {
  test("has one default of metric 1 in each family", () => {
    expect(table(plan(), 1001)).toEqual([`1 ${FIBER}`]);
    expect(table(plan(), 1002, box(), 6)).toEqual(["1 default via fe80::1 dev wan1"]);
  });

  test("stays without a carrier, and goes with the device or the gateway", () => {
    expect(table(plan(), 1001, wan0Lost)).toEqual([`1 ${FIBER}`]);
    expect(table(plan(), 1001, box({ links: [link(2, "wan0", ADMIN_DOWN)] }))).toEqual([]);
    expect(table(plan(), 1001, box({ links: [] }))).toEqual([]);
    expect(table(plan(), 1001, box({ routes: [] }))).toEqual([]);
  });
});

describe("desiredState() of a policy's table", () => {
  test("has the active path at metric 1 and the other candidates behind it", () => {
    expect(table(plan(), 158)).toEqual([`1 ${FIBER}`, `102 ${LTE}`]);
    const back = one(choose(chosen("lte", ["fiber"])));
    expect(table(back, 158)).toEqual([`1 ${LTE}`, `101 ${FIBER}`]);
  });

  test("counts candidates by the order of the policy", () => {
    const paths = [...PATHS, path(3, "dsl", "wan2")];
    const facts = box({
      links: [...box().links, link(5, "wan2")],
      routes: [...box().routes, defaultVia(5, "10.3.0.1")],
      addresses: [...box().addresses, own(5, "10.3.0.2/24")],
    });
    const order = ["dsl", "fiber", "lte"];
    const wanted = { paths, policies: [policy({ order, ...choose(chosen("fiber", order)) })] };
    const dsl = "101 default via 10.3.0.1 dev wan2";
    expect(table(wanted, 158, facts)).toEqual([`1 ${FIBER}`, dsl, `103 ${LTE}`]);
  });

  test("has no candidate that is not allowed, without carrier or without gateway", () => {
    expect(table(one(choose(chosen("fiber", []))), 158)).toEqual([`1 ${FIBER}`]);
    expect(table(plan(), 158, wan1Lost)).toEqual([`1 ${FIBER}`]);
    const routes = [defaultVia(2, "10.1.0.1")];
    expect(table(plan(), 158, box({ routes }))).toEqual([`1 ${FIBER}`]);
  });

  test("ends with unreachable where the policy says so", () => {
    const unreachable = "4000 unreachable default";
    expect(table(one({ allDown: "unreachable" }), 158)).toEqual([
      `1 ${FIBER}`,
      `102 ${LTE}`,
      unreachable,
    ]);
    expect(table(one({ allDown: "unreachable" }), 158, box({ links: [] }))).toEqual([unreachable]);
  });

  test.each([
    ["hold", [`1 ${FIBER}`, `102 ${LTE}`]],
    ["unreachable", ["4000 unreachable default"]],
    ["os", []],
  ] as const)("with all paths down and %s has %j", (allDown, routes) => {
    const wanted = one({ allDown, ...choose(chosen("fiber", ["lte"], true)) });
    expect(table(wanted, 158)).toEqual([...routes]);
  });

  test("is empty in a family that the policy does not route", () => {
    expect(table(one({ isEnabled: false }), 158)).toEqual([]);
    expect(table(one({ ipv6: "report" }), 158, box(), 6)).toEqual([]);
    const selectors = [selector({ from: "2001:db8::/32" })];
    expect(table(one({ selectors, ipv6: "report" }), 158)).toEqual([]);
    expect(table(one({ selectors, ipv6: "report" }), 158, box(), 6)).toHaveLength(2);
  });
});

describe("desiredState() while the active path cannot be written", () => {
  const present = (oif: number, gateway: string, protocol = OUR_PROTOCOL) =>
    defaultVia(oif, gateway, { table: 158, metric: 1, protocol });
  const lost = (route: ReturnType<typeof present>) => ({
    ...wan0Lost,
    routes: [...box().routes, route],
  });

  test("keeps the route that is there, by whichever path of the policy", () => {
    const own = lost(present(2, "10.1.0.9"));
    expect(table(plan(), 158, own)).toEqual(["1 default via 10.1.0.9 dev wan0", `102 ${LTE}`]);
    const other = lost(present(3, "10.2.0.1"));
    expect(table(plan(), 158, other)).toEqual([`1 ${LTE}`, `102 ${LTE}`]);
  });

  test("keeps it too while nothing is decided yet", () => {
    const facts = box({ routes: [...box().routes, present(3, "10.2.0.1")] });
    const undecided = one(choose(chosen(null, ["fiber", "lte"])));
    expect(table(undecided, 158, facts)).toEqual([`1 ${LTE}`, `101 ${FIBER}`, `102 ${LTE}`]);
  });

  test("keeps neither a route of others nor one by a device of no path", () => {
    expect(table(plan(), 158, lost(present(2, "10.1.0.1", 4)))).toEqual([`102 ${LTE}`]);
    expect(table(plan(), 158, lost(present(4, "10.9.0.7")))).toEqual([`102 ${LTE}`]);
    const gone = { ...present(2, "10.1.0.1"), oif: null };
    expect(table(plan(), 158, { ...lost(gone), links: [] })).toEqual([]);
  });
});

describe("desiredState() notes", () => {
  test("say which device is missing and which family has no gateway", () => {
    const facts = box({ links: [link(2, "wan0")], routes: [defaultVia(2, "fd11::1")] });
    expect(desired(plan(), facts).notes).toEqual([
      { kind: "interface-missing", path: "lte", device: "wan1" },
      { kind: "no-gateway", path: "fiber", family: 4 },
    ]);
  });

  test("are silent on IPv6 that nobody routes, and say that it is so", () => {
    const facts = box({ routes: box().routes.filter(({ family }) => family === 4) });
    const notes = desired(one({ ipv6: "report" }), facts).notes;
    expect(notes).toEqual([{ kind: "ipv6-not-routed", policy: 1 }]);
    const only4 = one({ ipv6: "report", selectors: [selector({ from: "10.0.0.0/8" })] });
    expect(desired(only4, facts).notes).toEqual([]);
  });

  test("never come with a preferred source, whatever main has", () => {
    const routes = [defaultVia(2, "10.1.0.1", { preferredSource: bytes("10.1.0.2") })];
    const wanted = desired(plan(), box({ routes })).routes;
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter(({ preferredSource }) => preferredSource !== undefined)).toEqual([]);
  });
});
