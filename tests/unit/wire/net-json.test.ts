import { describe, expect, test } from "bun:test";
import type { KernelAddress, KernelLink } from "../../../agent/domain/kernel-net.ts";
import type { Raw } from "../../../agent/wire/net-json.ts";
import {
  deviceAt,
  netJson,
  rawOf,
  readAddress,
  readLink,
  readOrNull,
  readRoute,
  readRule,
} from "../../../agent/wire/net-json.ts";
import { bytesOf, routeOf, ruleOf } from "../../support/kernel-values.ts";

const fe80 = bytesOf(0xfe, 0x80, ...new Array<number>(13).fill(0), 1);

function through<T>(value: T, read: (raw: Raw) => T): T | null {
  return readOrNull(() => read(rawOf(JSON.parse(netJson(value)))));
}

describe("values as JSON", () => {
  test("addresses are text", () => {
    expect(netJson({ gateway: bytesOf(10, 1, 0, 1), via: fe80 })).toBe(
      '{"gateway":"10.1.0.1","via":"fe80::1"}',
    );
  });

  test.each([
    ["the default", routeOf()],
    ["no next hop", routeOf({ gateway: null, oif: null })],
    ["IPv4 over IPv6", routeOf({ gateway: fe80, viaFamily: 6 })],
    ["a source", routeOf({ family: 6, gateway: fe80, src: fe80, srcLen: 128, preference: 1 })],
    ["hops", routeOf({ hops: [{ gateway: fe80, viaFamily: 6, oif: 4, flags: 16 }] })],
    ["foreign things", routeOf({ nextHopId: 3, preferredSource: bytesOf(10, 1, 0, 2) })],
  ])("a route comes through whole: %s", (_, route) => {
    expect(through(route, readRoute)).toEqual(route);
  });

  test.each([
    ["the default", ruleOf()],
    ["selectors", ruleOf({ from: bytesOf(10, 7, 0, 0), fromLen: 16, iif: "lan", oif: "wan0" })],
    ["a mark", ruleOf({ fwmark: 0xffff_ffff, fwmask: 0xffff_ffff, suppressPrefixLen: 0 })],
    ["flags", ruleOf({ to: bytesOf(10, 7, 0, 0), toLen: 16, flags: 8 })],
  ])("a rule comes through whole: %s", (_, rule) => {
    expect(through(rule, readRule)).toEqual(rule);
  });

  test("links and addresses come through whole", () => {
    const counts = { hasCarrier: true, carrierUps: 1, carrierDowns: 2, operstate: 6 };
    const link: KernelLink = { index: 2, name: "wan0", flags: 69_699, ...counts, kind: null };
    expect(through(link, readLink)).toEqual(link);
    const address: KernelAddress = {
      index: 2,
      family: 6,
      address: fe80,
      prefixLen: 64,
      scope: 253,
      flags: 128,
    };
    expect(through(address, readAddress)).toEqual(address);
    expect(through({ ...address, peer: fe80 }, readAddress)).toEqual({ ...address, peer: fe80 });
  });
});

describe("readRoute() and readRule() take nothing else:", () => {
  const route = JSON.parse(netJson(routeOf()));
  const rule = JSON.parse(netJson(ruleOf()));

  test.each([
    ["a table below 0", { table: -1 }],
    ["a table above 2^32-1", { table: 2 ** 32 }],
    ["half a metric", { metric: 1.5 }],
    ["a metric as text", { metric: "1" }],
    ["a family of 5", { family: 5 }],
    ["a gateway of the other family", { gateway: "fe80::1" }],
    ["a gateway with a zone", { family: 6, gateway: "fe80::1%wan0" }],
    ["a prefix longer than the family's", { dst: "10.0.0.0", dstLen: 33 }],
    ["hops that are no list", { hops: {} }],
  ])("%s", (_, change) => {
    expect(readOrNull(() => readRoute(rawOf({ ...route, ...change })))).toBeNull();
  });

  test.each([
    ["a device with a slash", { oif: "../x" }],
    ["a device of 16 letters", { iif: "a".repeat(16) }],
    ["no protocol", { protocol: undefined }],
  ])("%s", (_, change) => {
    expect(readOrNull(() => readRule(rawOf({ ...rule, ...change })))).toBeNull();
  });

  test("what is no record at all", () => {
    for (const value of [null, 1, "x", [], undefined]) {
      expect(readOrNull(() => readRoute(rawOf(value)))).toBeNull();
    }
  });
});

test.each([["."], [".."], [""], ["a b"], ["a/b"]])("deviceAt() refuses %p", (name) => {
  expect(readOrNull(() => deviceAt({ name }, "name"))).toBeNull();
});

test("readOrNull() lets a bug of ours through", () => {
  expect(() =>
    readOrNull(() => {
      throw new TypeError("a bug");
    }),
  ).toThrow("a bug");
});
