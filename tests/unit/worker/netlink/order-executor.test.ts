import { describe, expect, test } from "bun:test";
import type { KernelRoute, KernelRule } from "../../../../agent/domain/kernel-net.ts";
import type { RouteOrder } from "../../../../agent/worker/netlink/order-executor.ts";
import { executeOrder } from "../../../../agent/worker/netlink/order-executor.ts";
import { FakeRequests } from "../../../support/fake-requests.ts";
import { bytesOf, routeOf, ruleOf } from "../../../support/kernel-values.ts";

const CANARY = bytesOf(192, 0, 2, 1);

function run(order: RouteOrder, fake = new FakeRequests()) {
  let us = 0;
  const ports = { socket: fake, now: () => (us += 40), indexOf: () => 2 };
  return { outcome: executeOrder(ports, order), sent: fake.sent };
}

function fakeWith(fields: Partial<FakeRequests>): FakeRequests {
  return Object.assign(new FakeRequests(), fields);
}

function switchTo(fields: Partial<KernelRoute>, fake: FakeRequests, canary = CANARY) {
  return run({ kind: "switch-route", route: routeOf(fields), canary }, fake);
}

const DONE = { kind: "done", durationUs: 40, shadowedByTable: null, flows: null } as const;

describe("what is not ours is refused without a message to the kernel:", () => {
  const routes: readonly [string, Partial<KernelRoute>][] = [
    ["main", { table: 254 }],
    ["local", { table: 255 }],
    ["the table below the first policy's", { table: 157 }],
    ["the table above the last policy's", { table: 219 }],
    ["the table above the last path's", { table: 1201 }],
    ["another protocol", { protocol: 16 }],
    ["a prefix", { dst: bytesOf(10, 0, 0, 0), dstLen: 8 }],
    ["a source prefix", { family: 6, srcLen: 64 }],
    ["a black hole", { type: 6 }],
    ["a route without a device", { oif: null }],
    ["interface 0", { oif: 0 }],
    ["a nexthop object", { nextHopId: 1 }],
    ["several hops", { hops: [] }],
  ];
  test.each(routes)("a route: %s", (_, fields) => {
    const route = routeOf(fields);
    const orders: readonly RouteOrder[] = [
      { kind: "switch-route", route, canary: null },
      { kind: "apply-route", route },
      { kind: "delete-route", route },
    ];
    for (const order of orders) {
      const { outcome, sent } = run(order);
      expect(outcome).toMatchObject({ kind: "rejected", reason: "not-ours", errno: 0 });
      expect(sent).toEqual([]);
    }
  });

  const rules: readonly [string, Partial<KernelRule>][] = [
    ["the kernel's look into main", { priority: 32_766 }],
    ["priority 0", { priority: 0 }],
    ["one above the paths'", { priority: 1804 }],
    ["one below the policies'", { priority: 28_999 }],
    ["another protocol", { protocol: 2 }],
    ["a foreign table", { table: 100 }],
    ["main with its defaults", { table: 254 }],
    ["an unreachable rule", { action: 7 }],
  ];
  test.each(rules)("a rule: %s", (_, fields) => {
    for (const kind of ["apply-rule", "delete-rule"] as const) {
      const { outcome, sent } = run({ kind, rule: ruleOf(fields) });
      expect(outcome).toMatchObject({ kind: "rejected", reason: "not-ours", errno: 0 });
      expect(sent).toEqual([]);
    }
  });

  test("an rp_filter that does not exist", () => {
    const settings = { rpFilter: 3, ignoreRoutesWithLinkdown: null };
    const { outcome, sent } = run({ kind: "set-link", device: "wan0", ...settings });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "not-ours" });
    expect(sent).toEqual([]);
  });
});

describe("switch-route", () => {
  test("asks for the link, writes one message, and reads the canary's route back", () => {
    const { outcome, sent } = switchTo({}, fakeWith({ lookup: routeOf() }));
    expect(outcome).toEqual(DONE);
    expect(sent).toEqual([18, 24, 26]);
  });

  test.each([
    ["no device", null],
    ["down", 0x1_0042],
    ["no carrier", 0x1003],
  ])("writes nothing with %s", (_, linkFlags) => {
    const { outcome, sent } = switchTo({}, fakeWith({ linkFlags, lookup: routeOf() }));
    expect(outcome).toMatchObject({ kind: "rejected", reason: "link" });
    expect(sent).toEqual([18]);
  });

  test("hands on the kernel's words, and reads nothing back", () => {
    const ack = { kind: "refused", errno: 101, text: "Nexthop has invalid gateway" } as const;
    const { outcome, sent } = switchTo({}, fakeWith({ ack }));
    const words = "Nexthop has invalid gateway";
    expect(outcome).toEqual({ kind: "rejected", reason: "kernel", errno: 101, words });
    expect(sent).toEqual([18, 24]);
  });

  test("without words the errno is named", () => {
    const { outcome } = switchTo({}, fakeWith({ ack: { kind: "refused", errno: 113, text: "" } }));
    expect(outcome).toMatchObject({ words: "no route to the gateway (errno 113)" });
  });

  test("tells who takes the canary instead, when our table is right", () => {
    const vpn = routeOf({ table: 254, protocol: 3, oif: 9 });
    const { outcome } = switchTo({}, fakeWith({ lookup: vpn, routes: [routeOf()] }));
    expect(outcome).toEqual({ ...DONE, shadowedByTable: 254 });
  });

  test.each([
    ["another gateway", [routeOf({ gateway: bytesOf(10, 1, 0, 9) })]],
    ["another device", [routeOf({ oif: 3 })]],
    ["another metric", [routeOf({ metric: 2 })]],
    ["another protocol", [routeOf({ protocol: 3 })]],
    ["another table", [routeOf({ table: 159 })]],
    ["nothing", []],
  ])("is unverified when the table shows %s", (_, routes) => {
    const { outcome } = switchTo({}, fakeWith({ lookup: routes[0] ?? null, routes }));
    expect(outcome).toMatchObject({ kind: "rejected", reason: "unverified" });
  });

  test("is unverified when the canary takes another route of our own table", () => {
    const second = routeOf({ metric: 101, oif: 3 });
    const routes = [second];
    const { outcome } = switchTo({}, fakeWith({ lookup: second, routes }));
    expect(outcome).toMatchObject({ kind: "rejected", reason: "unverified" });
  });

  test.each([
    ["dead", 1],
    ["linkdown", 16],
  ])("is no success when the route reads back as %s", (_, flags) => {
    const { outcome } = switchTo({}, fakeWith({ lookup: routeOf({ flags }) }));
    expect(outcome).toMatchObject({ kind: "rejected", reason: "link" });
  });

  test("without a canary the table is compared", () => {
    const fake = fakeWith({ routes: [routeOf({ metric: 101 }), routeOf()] });
    const { outcome, sent } = run({ kind: "switch-route", route: routeOf(), canary: null }, fake);
    expect(outcome).toEqual(DONE);
    expect(sent).toEqual([18, 24, 26]);
  });

  test("without a canary two routes of one metric are no success: the kernel uses the first", () => {
    const fake = fakeWith({ routes: [routeOf(), routeOf()] });
    const { outcome } = run({ kind: "switch-route", route: routeOf(), canary: null }, fake);
    expect(outcome).toMatchObject({ kind: "rejected", reason: "unverified" });
  });

  test("unreachable needs no link, and IPv6 may show a device for it", () => {
    const route = routeOf({ family: 6, gateway: null, oif: null, type: 7, metric: 4000 });
    const fake = fakeWith({ linkFlags: null, routes: [{ ...route, oif: 1 }] });
    expect(run({ kind: "switch-route", route, canary: null }, fake).outcome).toEqual(DONE);
  });
});

describe("the other orders", () => {
  const ack = (errno: number) => ({ kind: "refused", errno, text: "" }) as const;

  test("each is one message", () => {
    expect(run({ kind: "apply-route", route: routeOf() })).toEqual({ outcome: DONE, sent: [24] });
    expect(run({ kind: "delete-route", route: routeOf() })).toEqual({ outcome: DONE, sent: [25] });
    expect(run({ kind: "apply-rule", rule: ruleOf() })).toEqual({ outcome: DONE, sent: [32] });
    expect(run({ kind: "delete-rule", rule: ruleOf() })).toEqual({ outcome: DONE, sent: [33] });
    const settings = { rpFilter: 2, ignoreRoutesWithLinkdown: true };
    const order = { kind: "set-link", device: "wan0", ...settings } as const;
    expect(run(order)).toEqual({ outcome: DONE, sent: [16] });
  });

  test.each([
    ["apply-rule", 17],
    ["delete-rule", 2],
  ] as const)("%s is done when it is so already (errno %d)", (kind, errno) => {
    const order = { kind, rule: ruleOf() };
    expect(run(order, fakeWith({ ack: ack(errno) })).outcome).toEqual(DONE);
    const other = run(order, fakeWith({ ack: ack(1) })).outcome;
    expect(other).toMatchObject({ kind: "rejected", reason: "kernel", errno: 1 });
  });

  test("delete-route is done when there is no such route; apply-route has no such excuse", () => {
    const fake = () => fakeWith({ ack: ack(3) });
    expect(run({ kind: "delete-route", route: routeOf() }, fake()).outcome).toEqual(DONE);
    const applied = run({ kind: "apply-route", route: routeOf() }, fake()).outcome;
    expect(applied).toMatchObject({ kind: "rejected", errno: 3 });
  });

  test("set-link needs the device", () => {
    const fake = new FakeRequests();
    const ports = { socket: fake, now: () => 0, indexOf: () => 0 };
    const settings = { rpFilter: 2, ignoreRoutesWithLinkdown: null };
    const order = { kind: "set-link", device: "wan9", ...settings } as const;
    expect(executeOrder(ports, order)).toMatchObject({ reason: "link", errno: 19 });
    expect(fake.sent).toEqual([]);
  });
});
