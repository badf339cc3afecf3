import { describe, expect, test } from "bun:test";
import type { GatewayQuestion, LearntGateway } from "../../../agent/domain/gateways.ts";
import { isWithin, learnGateway, nextHopFields } from "../../../agent/domain/gateways.ts";
import type { KernelAddress, KernelRoute } from "../../../agent/domain/kernel-net.ts";
import { bytesOf, routeOf } from "../../support/kernel-values.ts";

const gw = (last: number) => bytesOf(10, 1, 0, last);
const fe80 = (last: number) => bytesOf(0xfe, 0x80, ...new Array<number>(13).fill(0), last);

/** A default that DHCP left in main. */
function theirs(fields: Partial<KernelRoute>): KernelRoute {
  return routeOf({ table: 254, protocol: 16, metric: 100, gateway: gw(1), ...fields });
}

function ra(fields: Partial<KernelRoute>): KernelRoute {
  return theirs({ family: 6, protocol: 9, gateway: fe80(1), preference: 0, ...fields });
}

function learn(routes: readonly KernelRoute[], asked: Partial<GatewayQuestion> = {}) {
  return learnGateway(routes, { oif: 2, family: 4, learnTables: [254], inUse: null, ...asked });
}

function inUse(family: 4 | 6, gateway: Uint8Array): LearntGateway {
  return { family, gateway, viaFamily: family, metric: 100, table: 254 };
}

describe("learnGateway()", () => {
  test("takes the default route through the device, of that family and table", () => {
    expect(learn([theirs({})])).toEqual(inUse(4, gw(1)));
    expect(learn([])).toBeNull();
    expect(learn([theirs({ oif: 3 })])).toBeNull();
    expect(learn([theirs({ table: 100 })])).toBeNull();
    expect(learn([theirs({ table: 100 })], { learnTables: [254, 100] })?.table).toBe(100);
    expect(learn([theirs({})], { family: 6 })).toBeNull();
  });

  test.each([
    ["one of ours", { protocol: 158 }],
    ["a narrower one", { dst: bytesOf(0, 0, 0, 0), dstLen: 1 }],
    ["an unreachable one", { type: 7 }],
    ["a dead one", { flags: 1 }],
  ])("does not learn from %s", (_, fields) => {
    expect(learn([theirs(fields)])).toBeNull();
  });

  test("a route that lost its carrier still tells the gateway", () => {
    expect(learn([theirs({ flags: 16 })])?.gateway).toEqual(gw(1));
  });

  test("the lowest metric wins", () => {
    const routes = [theirs({ metric: 200, gateway: gw(2) }), theirs({ metric: 100 })];
    expect(learn(routes)?.gateway).toEqual(gw(1));
  });

  test("of equals in IPv6 the router preference decides: high, medium, low", () => {
    const low = ra({ gateway: fe80(3), preference: 3 });
    const medium = ra({ gateway: fe80(2), preference: 0 });
    const high = ra({ gateway: fe80(1), preference: 1 });
    expect(learn([low, medium, high], { family: 6 })?.gateway).toEqual(fe80(1));
    expect(learn([low, medium], { family: 6 })?.gateway).toEqual(fe80(2));
  });

  test("of equals the one in use stays, also against the order of the dump", () => {
    const routes = [theirs({ gateway: gw(1) }), theirs({ gateway: gw(2) })];
    expect(learn(routes, { inUse: inUse(4, gw(2)) })?.gateway).toEqual(gw(2));
    expect(learn(routes, { inUse: inUse(4, gw(9)) })?.gateway).toEqual(gw(1));
    expect(learn(routes)?.gateway).toEqual(gw(1));
  });

  test("the one in use does not stay against a lower metric", () => {
    const routes = [theirs({ gateway: gw(1) }), theirs({ gateway: gw(2), metric: 101 })];
    expect(learn(routes, { inUse: inUse(4, gw(2)) })?.gateway).toEqual(gw(1));
  });

  test("a hop of a multipath route through the device counts, a dead one does not", () => {
    const hop = (last: number, oif: number, flags = 0) =>
      ({ gateway: gw(last), viaFamily: 4, oif, flags }) as const;
    const multipath = { gateway: null, oif: null };
    const routes = [theirs({ ...multipath, hops: [hop(8, 3), hop(1, 2)] })];
    expect(learn(routes)?.gateway).toEqual(gw(1));
    expect(learn([theirs({ ...multipath, hops: [hop(1, 2, 1)] })])).toBeNull();
  });

  test("source-specific defaults count", () => {
    const routes = [ra({ srcLen: 64, src: fe80(0) })];
    expect(learn(routes, { family: 6 })?.gateway).toEqual(fe80(1));
  });

  test("without a gateway the device is point to point", () => {
    const learnt = learn([theirs({ gateway: null, scope: 253 })]);
    expect(learnt).toMatchObject({ gateway: null, metric: 100 });
  });

  test("IPv4 over an IPv6 gateway keeps the gateway's family", () => {
    const learnt = learn([theirs({ gateway: fe80(1), viaFamily: 6 })]);
    expect(learnt).toMatchObject({ family: 4, viaFamily: 6, gateway: fe80(1) });
  });
});

describe("nextHopFields()", () => {
  const own = (address: Uint8Array, prefixLen: number, peer?: Uint8Array): KernelAddress => ({
    index: 2,
    family: address.byteLength === 4 ? 4 : 6,
    address,
    prefixLen,
    scope: 0,
    flags: 0,
    ...(peer === undefined ? {} : { peer }),
  });

  test.each([
    ["inside the prefix", gw(1), [own(gw(2), 24)], 0],
    ["outside of every prefix", bytesOf(10, 9, 9, 1), [own(gw(2), 24)], 4],
    ["without any address", gw(1), [], 4],
    ["the far end of a point-to-point address", gw(1), [own(gw(2), 32, gw(1))], 0],
    ["link-local", fe80(1), [], 0],
    ["an IPv6 one outside", bytesOf(0xfd, ...new Array<number>(15).fill(0)), [], 4],
  ])("ONLINK for a gateway %s: %#", (_, gateway, addresses, flags) => {
    expect(nextHopFields(gateway, addresses)).toEqual({ flags, scope: 0 });
  });

  test("without a gateway the scope is the link", () => {
    expect(nextHopFields(null, [])).toEqual({ flags: 0, scope: 253 });
  });
});

test.each([
  [bytesOf(10, 1, 2, 3), bytesOf(10, 1, 0, 0), 16, true],
  [bytesOf(10, 2, 2, 3), bytesOf(10, 1, 0, 0), 16, false],
  [bytesOf(10, 1, 127, 3), bytesOf(10, 1, 0, 0), 17, true],
  [bytesOf(10, 1, 128, 3), bytesOf(10, 1, 0, 0), 17, false],
  [bytesOf(1, 2, 3, 4), bytesOf(0, 0, 0, 0), 0, true],
  [bytesOf(1, 2, 3, 4), bytesOf(1, 2, 3, 4), 32, true],
  [bytesOf(1, 2, 3, 5), bytesOf(1, 2, 3, 4), 32, false],
  [bytesOf(1, 2, 3, 4), new Uint8Array(16), 0, false],
])("isWithin() %#", (address, prefix, length, within) => {
  expect(isWithin(address, prefix, length)).toBe(within);
});
