import { describe, expect, test } from "bun:test";
import type {
  LinkChange,
  NetOrder,
  NetState,
  NetWatch,
  OrderOutcome,
} from "../../../agent/wire/net-frames.ts";
import {
  readLinkChange,
  readNetOrder,
  readNetState,
  readNetWatch,
  readOrderOutcome,
} from "../../../agent/wire/net-frames.ts";
import { netJson } from "../../../agent/wire/net-json.ts";
import { bytesOf, routeOf, ruleOf } from "../../support/kernel-values.ts";

function through(value: unknown): unknown {
  return JSON.parse(netJson(value));
}

const PREFIX = { address: bytesOf(10, 7, 0, 0), length: 16 };
const ADDRESS = bytesOf(10, 1, 0, 2);

const orders: readonly NetOrder[] = [
  { kind: "switch-route", route: routeOf(), canary: bytesOf(192, 0, 2, 1) },
  { kind: "switch-route", route: routeOf(), canary: null },
  { kind: "apply-route", route: routeOf({ metric: 101 }) },
  { kind: "delete-route", route: routeOf() },
  { kind: "apply-rule", rule: ruleOf() },
  { kind: "delete-rule", rule: ruleOf({ oif: "wan0", priority: 1005 }) },
  { kind: "set-link", device: "wan0", rpFilter: 2, ignoreRoutesWithLinkdown: true },
  { kind: "set-link", device: "wan0", rpFilter: null, ignoreRoutesWithLinkdown: null },
  { kind: "delete-flows", flows: { family: 4, address: ADDRESS, from: PREFIX, to: null } },
  { kind: "report" },
];

describe("orders", () => {
  test.each(orders)("$kind comes through whole", (order) => {
    expect(readNetOrder(through(order))).toEqual(order);
  });

  test.each([
    ["an unknown kind", { kind: "flush" }],
    ["no route", { kind: "apply-route" }],
    ["a canary of the other family", { ...orders[0], canary: "2001:db8::1" }],
    ["a device with a slash", { ...orders[6], device: "../all" }],
    ["rp_filter as text", { ...orders[6], rpFilter: "2" }],
    ["a list", []],
    ["nothing", undefined],
  ])("readNetOrder() is null for %s", (_, body) => {
    expect(readNetOrder(through(body ?? null))).toBeNull();
  });
});

describe("outcomes", () => {
  const outcomes: readonly OrderOutcome[] = [
    { kind: "done", durationUs: 61.25, shadowedByTable: null, flows: null },
    { kind: "done", durationUs: 61.25, shadowedByTable: 254, flows: 3, atUs: 5_000_000.5 },
    { kind: "rejected", reason: "kernel", errno: 101, words: "Nexthop has invalid gateway" },
  ];

  test.each(outcomes)("$kind comes through whole", (outcome) => {
    expect(readOrderOutcome(through(outcome))).toEqual(outcome);
  });

  test("readOrderOutcome() is null for an unknown kind or reason", () => {
    expect(readOrderOutcome({ kind: "maybe" })).toBeNull();
    expect(readOrderOutcome({ ...outcomes[2], reason: "mood" })).toBeNull();
  });
});

describe("reports", () => {
  test("a watch request comes through whole, with names of devices only", () => {
    const watch: NetWatch = {
      devices: ["wan0", "wan1"],
      activeDevices: ["wan0"],
      learnTables: [254],
    };
    expect(readNetWatch(through(watch))).toEqual(watch);
    expect(readNetWatch({ ...watch, activeDevices: ["../wan0"] })).toBeNull();
    expect(readNetWatch({ ...watch, learnTables: ["main"] })).toBeNull();
  });

  test("a link change comes through whole", () => {
    const change: LinkChange = {
      device: "wan0",
      index: null,
      isAlive: false,
      source: "read",
      atUs: 12.5,
    };
    expect(readLinkChange(through(change))).toEqual(change);
    expect(readLinkChange({ ...change, source: "guess" })).toBeNull();
    expect(readLinkChange({ ...change, atUs: null })).toBeNull();
  });

  test("a state comes through whole", () => {
    const state: NetState = {
      atUs: 1e6,
      links: [],
      addresses: [],
      routes: [routeOf()],
      rules: [ruleOf()],
      confs: [{ index: 0, rpFilter: 1, ignoreRoutesWithLinkdown: false }],
      canResetFlows: true,
      problems: ["cannot read links"],
    };
    expect(readNetState(through(state))).toEqual(state);
    expect(readNetState({ ...state, routes: [{}] })).toBeNull();
  });
});
