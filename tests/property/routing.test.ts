/**
 * From any state of a kernel to any plan: own rules partly missing, links down, foreign rules and
 * routes in between. The end is reached, what is foreign stays, and on the way no traffic loses a
 * default that it has before and after.
 */

import { describe, expect, test } from "bun:test";
import type { KernelLink, KernelRoute, KernelRule } from "../../agent/domain/kernel-net.ts";
import {
  isLinkAlive,
  LINK_FLAG,
  OUR_PROTOCOL,
  POLICY_TABLE_BASE,
  ROUTE_TYPE,
  TABLE_MAIN,
} from "../../agent/domain/kernel-net.ts";
import { desiredState } from "../../agent/routing/desired.ts";
import { diff, uninstall } from "../../agent/routing/diff.ts";
import type { KernelFacts } from "../../agent/routing/facts.ts";
import { isOurRoute, isOurRule } from "../../agent/routing/facts.ts";
import type { RouteOperation } from "../../agent/routing/operation.ts";
import type { PlannedPath, PlannedPolicy, RoutePlan } from "../../agent/routing/plan.ts";
import { placeKey } from "../../agent/routing/route-forms.ts";
import { ruleKey } from "../../agent/routing/rule-forms.ts";
import { applyAll, applyOne } from "../support/kernel-model.ts";
import { fc } from "../support/property.ts";
import {
  ADMIN_DOWN,
  chosen,
  defaultVia,
  gatewaysNow,
  link,
  NO_CARRIER,
  own,
  path,
  policy,
  route,
  rule,
  selector,
  systemRules,
  towards,
} from "../support/routing.ts";

const IDS = ["fiber", "lte", "dsl", "sat"] as const;
const FIRST_INDEX = 10;

/** One uplink at one moment. */
const uplink = fc.record({
  link: fc.constantFrom("alive", "alive", "alive", "no-carrier", "admin-down", "absent"),
  gateway: fc.constantFrom("auto", "auto", "none", "fixed", "outside"),
  hasAddress4: fc.boolean(),
  hasAddress6: fc.boolean(),
  hasDefault: fc.boolean(),
  isReplugged: fc.boolean(),
});
type Uplink = typeof uplink extends fc.Arbitrary<infer T> ? T : never;

const MATCH_ALL = selector({ to: "default" });
const MATCHES = [
  selector({ to: "192.0.2.0/24" }),
  selector({ to: "192.0.0.0/16", iif: "lan" }),
  selector({ to: "2001:db8::/32" }),
  selector({ from: "10.9.0.0/24" }),
  selector({ from: "2001:db8:9::/48", iif: "lan" }),
  selector({ fwmark: { mark: 0x100, mask: 0xff00 } }),
];

const choice = fc
  .record({
    active: fc.option(fc.constantFrom(...IDS)),
    candidates: fc.subarray([...IDS]),
    isAllDown: fc.boolean(),
  })
  .map(({ active, candidates, isAllDown }) => chosen(active, candidates, isAllDown));

const policies: fc.Arbitrary<readonly PlannedPolicy[]> = fc
  .array(
    fc.record({
      selectors: fc.subarray(MATCHES).map((list) => [MATCH_ALL, ...list]),
      isEnabled: fc.constantFrom(true, true, false),
      ipv6: fc.constantFrom("nat", "report"),
      order: fc.shuffledSubarray([...IDS], { minLength: 1 }),
      allDown: fc.constantFrom("hold", "unreachable", "os"),
      choice: fc.record({ 4: choice, 6: choice }),
    }),
    { maxLength: 3 },
  )
  // The same slots before and after, so that tables change more often than they come and go.
  .map((list) => list.map((one, i) => policy({ ...one, id: i + 1, slot: i })));

const uplinks = fc.array(uplink, { minLength: IDS.length, maxLength: IDS.length });

/** Rules and routes of others, some in the middle of our ranges and tables. */
const FOREIGN_RULES: readonly KernelRule[] = [
  rule(4, 1001, { table: 100, oif: "wan0", protocol: 4 }),
  rule(4, 30_000, { suppressPrefixLen: 0, protocol: 4 }),
  rule(6, 31_000, { table: 158, protocol: 3 }),
  rule(4, 100, { table: 300, fwmark: 1, fwmask: 255, protocol: OUR_PROTOCOL }),
];
const FOREIGN_ROUTES: readonly KernelRoute[] = [
  route(4, { table: 158, metric: 1, oif: 4, gateway: null, protocol: 4 }),
  towards("203.0.113.0/24", { table: 1001, oif: 4, protocol: 4 }),
  defaultVia(4, "10.9.0.254", { table: 300, protocol: OUR_PROTOCOL }),
  towards("198.51.100.0/24", { oif: 4, protocol: OUR_PROTOCOL }),
];

const foreign = fc.record({
  rules: fc.subarray([...FOREIGN_RULES]),
  routes: fc.subarray([...FOREIGN_ROUTES]),
});

function linkOf(state: Uplink, i: number): readonly KernelLink[] {
  const index = FIRST_INDEX + i + (state.isReplugged ? 10 : 0);
  const more = { alive: {}, "no-carrier": NO_CARRIER, "admin-down": ADMIN_DOWN, absent: {} };
  return state.link === "absent" ? [] : [link(index, `wan${i}`, more[state.link])];
}

/** The system's part of a box: links, addresses and what DHCP put into main. */
function boxOf(states: readonly Uplink[]): KernelFacts {
  const links = states.flatMap(linkOf);
  const per = states.flatMap((state, i) =>
    linkOf(state, i).map((one) => ({ state, i, link: one })),
  );
  const up = per.filter((one) => (one.link.flags & LINK_FLAG.up) !== 0);
  return {
    links: [link(1, "lo"), link(4, "lan"), ...links],
    addresses: [
      own(4, "10.9.0.1/24"),
      ...per.flatMap(({ state, i, link: { index } }) => [
        ...(state.hasAddress4 ? [own(index, `10.${i}.0.2/24`)] : []),
        // The first two uplinks carry the same IPv6 address.
        ...(state.hasAddress6 ? [own(index, `fd1${Math.max(i, 1)}::2/64`)] : []),
        own(index, "fe80::2/64"),
      ]),
    ],
    routes: up.flatMap(({ state, i, link: { index } }) =>
      state.hasDefault && state.hasAddress4
        ? [
            defaultVia(index, `10.${i}.0.1`, { metric: 100 + i }),
            defaultVia(index, state.hasAddress6 ? `fd1${Math.max(i, 1)}::1` : "fe80::1"),
          ]
        : [],
    ),
    rules: [...systemRules(4), ...systemRules(6)],
  };
}

function pathsOf(states: readonly Uplink[]): readonly PlannedPath[] {
  const gateways = { auto: "auto", none: "none", outside: "192.0.2.254" };
  return states.map(({ gateway }, i) => {
    const text = gateway === "fixed" ? `10.${i}.0.7` : gateways[gateway];
    return path(i + 1, IDS[i] ?? "", `wan${i}`, text);
  });
}

function planned(plan: RoutePlan, facts: KernelFacts) {
  return desiredState(plan, facts, gatewaysNow(plan.paths, facts));
}

/** What the kernel itself does to our routes when devices change. */
function survivors(routes: readonly KernelRoute[], links: readonly KernelLink[]) {
  return routes.filter(
    ({ oif, type }) =>
      type !== ROUTE_TYPE.unicast ||
      links.some(({ index, flags }) => index === oif && (flags & LINK_FLAG.up) !== 0),
  );
}

const world = fc
  .record({
    before: fc.record({ states: uplinks, policies }),
    after: fc.record({ states: uplinks, policies }),
    foreign,
    /** `ip rule flush` leaves the look into table local alone. */
    isFlushed: fc.constantFrom(true, false, false, false),
    /** Which of our own entries somebody deleted meanwhile. */
    isLost: fc.infiniteStream(fc.constantFrom(true, false, false, false)),
  })
  .map((one) => {
    const start = boxOf(one.before.states);
    const others = {
      ...start,
      rules: [...start.rules, ...one.foreign.rules].sort((a, b) => a.priority - b.priority),
      routes: [...start.routes, ...one.foreign.routes],
    };
    const first = planned(
      { paths: pathsOf(one.before.states), policies: one.before.policies },
      others,
    );
    const installed = applyAll(others, diff(first, others));
    const isKept = () => one.isLost.next().value === false;
    const system = boxOf(one.after.states);
    const rules = one.isFlushed
      ? installed.rules.filter(({ table }) => table === 255)
      : installed.rules;
    const facts: KernelFacts = {
      ...system,
      rules: rules.filter((entry) => !isOurRule(entry) || isKept()),
      routes: [
        ...system.routes,
        ...one.foreign.routes,
        ...survivors(installed.routes.filter(isOurRoute), system.links).filter(isKept),
      ],
    };
    const plan = { paths: pathsOf(one.after.states), policies: one.after.policies };
    const theirs = {
      rules: rules.filter((entry) => !isOurRule(entry)),
      routes: [...system.routes, ...one.foreign.routes],
    };
    return { facts, plan, theirs, desired: planned(plan, facts) };
  });

/** The same box and policies, where only the engine decided anew. */
const decision = fc
  .record({ states: uplinks, policies, choices: fc.array(choice, { minLength: 3, maxLength: 3 }) })
  .map(({ states, policies, choices }) => {
    const alive = states.map((state) => ({ ...state, hasAddress4: true, hasDefault: true }));
    const paths = pathsOf(alive);
    const system = boxOf(alive);
    const facts = applyAll(system, diff(planned({ paths, policies }, system), system));
    const decided = policies.map((one, i) => {
      const next = choices[i] ?? one.choice[4];
      return { ...one, choice: { 4: next, 6: next } };
    });
    return { facts, desired: planned({ paths, policies: decided }, facts) };
  });

interface Entries {
  readonly rules: readonly KernelRule[];
  readonly routes: readonly KernelRoute[];
}

/** Every rule and route as a text, in order within itself. */
function keysOf({ rules, routes }: Entries): readonly string[] {
  const texts = routes.map((one) => `${placeKey(one)} ${JSON.stringify(one)}`);
  return [...rules.map(ruleKey).sort(), ...texts.sort()];
}

function missing(wanted: Entries, facts: KernelFacts): readonly string[] {
  const present = new Set(keysOf(facts));
  return keysOf(wanted).filter((key) => !present.has(key));
}

/** `family table` of every policy table with a default through a living link. */
function servedTables({ routes, links }: KernelFacts): ReadonlySet<string> {
  const alive = new Set(links.filter(isLinkAlive).map(({ index }) => index));
  const served = routes.filter(
    ({ table, type, oif }) =>
      table >= POLICY_TABLE_BASE &&
      table < TABLE_MAIN &&
      type === ROUTE_TYPE.unicast &&
      oif !== null &&
      alive.has(oif),
  );
  return new Set(served.map(({ family, table }) => `${family} ${table}`));
}

/** Lookups of policy tables, without their priority and table: whose traffic has a rule at all. */
function ruledTraffic({ rules }: KernelFacts): ReadonlySet<string> {
  const lookups = rules.filter((one) => isOurRule(one) && one.table < TABLE_MAIN);
  return new Set(lookups.map((one) => ruleKey({ ...one, priority: 0, table: 0 })));
}

/** Our lookups in front of which the look into main is missing. */
function unguarded({ rules }: KernelFacts): ReadonlySet<string> {
  const ours = rules.filter(isOurRule);
  const guards = ours.filter(({ table }) => table === TABLE_MAIN);
  const isGuarded = (one: KernelRule) =>
    guards.some(
      (guard) =>
        guard.family === one.family &&
        guard.priority < one.priority &&
        (guard.priority === 30_000 ||
          ruleKey({ ...guard, priority: 0, table: 0, suppressPrefixLen: null }) ===
            ruleKey({ ...one, priority: 0, table: 0 })),
    );
  const lookups = ours.filter((one) => one.table !== TABLE_MAIN && !isGuarded(one));
  return new Set(lookups.map(ruleKey));
}

function steps(facts: KernelFacts, operations: readonly RouteOperation[]): KernelFacts[] {
  const states: KernelFacts[] = [];
  let state = facts;
  for (const operation of operations) {
    state = applyOne(state, operation);
    states.push(state);
  }
  return states;
}

/** In all of `bounds`, and missing somewhere on the way. */
function lostBetween(
  states: readonly KernelFacts[],
  bounds: readonly KernelFacts[],
  entries: (facts: KernelFacts) => ReadonlySet<string>,
): readonly string[] {
  const [first, last] = bounds.map(entries);
  const lasting = [...(first ?? [])].filter((entry) => last?.has(entry));
  return lasting.filter((entry) => states.some((state) => !entries(state).has(entry)));
}

describe("diff() from any kernel to any plan", () => {
  test("the worlds have something to change, to keep and to switch", () => {
    const samples = fc.sample(world, { numRuns: 150, seed: 7 });
    const kinds = samples.flatMap(({ facts, desired }) => diff(desired, facts));
    for (const kind of ["apply-rule", "delete-rule", "apply-route", "delete-route"]) {
      expect(kinds.filter((one) => one.kind === kind).length).toBeGreaterThan(50);
    }
    const lasting = samples.filter(({ facts, desired }) => {
      const end = applyAll(facts, diff(desired, facts));
      const before = servedTables(facts);
      return [...servedTables(end)].some((table) => before.has(table));
    });
    expect(lasting.length).toBeGreaterThan(15);
  });

  test("reaches it: the difference of the result is empty, also when planned anew", () => {
    fc.assert(
      fc.property(world, ({ facts, plan, desired }) => {
        const end = applyAll(facts, diff(desired, facts));
        expect(diff(desired, end)).toEqual([]);
        expect(diff(planned(plan, end), end)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("leaves every rule and route of others as it is", () => {
    fc.assert(
      fc.property(world, ({ facts, desired, theirs }) => {
        expect(missing(theirs, facts)).toEqual([]);
        const end = applyAll(facts, diff(desired, facts));
        expect(missing(theirs, end)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("takes from no table its last default, and from no traffic its rule, on the way", () => {
    fc.assert(
      fc.property(world, ({ facts, desired }) => {
        const states = steps(facts, diff(desired, facts));
        const bounds = [facts, states.at(-1) ?? facts];
        expect(lostBetween(states, bounds, servedTables)).toEqual([]);
        expect(lostBetween(states, bounds, ruledTraffic)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("takes no table's last default when the engine only decides anew", () => {
    fc.assert(
      fc.property(decision, ({ facts, desired }) => {
        const operations = diff(desired, facts);
        const states = steps(facts, operations);
        const bounds = [facts, states.at(-1) ?? facts];
        expect(lostBetween(states, bounds, servedTables)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("never has a lookup without the look into main before it", () => {
    fc.assert(
      fc.property(world, ({ facts, desired }) => {
        const before = unguarded(facts);
        const states = steps(facts, diff(desired, facts));
        const bare = states.flatMap((state) => [...unguarded(state)]);
        expect(bare.filter((key) => !before.has(key))).toEqual([]);
        expect([...unguarded(states.at(-1) ?? facts)]).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

test("uninstall() leaves exactly what is foreign", () => {
  fc.assert(
    fc.property(world, ({ facts, desired, theirs }) => {
      const installed = applyAll(facts, diff(desired, facts));
      for (const state of [facts, installed]) {
        expect(keysOf(applyAll(state, uninstall(state)))).toEqual(keysOf(theirs));
      }
    }),
    { numRuns: 150 },
  );
});

test("a plan without paths and policies changes nothing on any box", () => {
  fc.assert(
    fc.property(uplinks, (states) => {
      const facts = boxOf(states);
      expect(diff(planned({ paths: [], policies: [] }, facts), facts)).toEqual([]);
    }),
  );
});
