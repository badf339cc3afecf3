import { describe, expect, test } from "bun:test";
import {
  OUR_PROTOCOL,
  ROUTE_SCOPE,
  ROUTE_TYPE,
  RTNH_FLAG,
} from "../../../agent/domain/kernel-net.ts";
import {
  defaultRoute,
  isOnLink,
  sameRoute,
  unreachableRoute,
} from "../../../agent/routing/route-forms.ts";
import { box, bytes, link, own, towards } from "../../support/routing.ts";

const WAN0 = link(2, "wan0");
const place4 = { family: 4, table: 158, metric: 1 } as const;
const place6 = { ...place4, family: 6 } as const;

function via(place: typeof place4 | typeof place6, text: string, facts = box()) {
  return defaultRoute(place, WAN0, { kind: "via", address: bytes(text) }, facts);
}

describe("defaultRoute()", () => {
  test.each([
    [place4, "10.1.0.1", 0],
    [place4, "10.2.0.1", RTNH_FLAG.onlink],
    [place4, "fe80::1", 0],
    [place4, "fd99::1", RTNH_FLAG.onlink],
    [place6, "fd11::1", 0],
    [place6, "fd12::1", RTNH_FLAG.onlink],
    [place6, "fe80::1", 0],
  ])("%j via %s has the flags %d", (place, gateway, flags) => {
    const route = via(place, gateway);
    expect(route).toMatchObject({ ...place, flags, oif: 2, protocol: OUR_PROTOCOL, dst: null });
    expect(route.preferredSource).toBeUndefined();
  });

  test("names the family of a gateway only where it is another one", () => {
    expect(via(place4, "fe80::1").viaFamily).toBe(6);
    expect("viaFamily" in via(place4, "10.1.0.1")).toBe(false);
  });

  test("has scope link without a gateway, in IPv4 only", () => {
    const through = (place: typeof place4 | typeof place6) =>
      defaultRoute(place, WAN0, { kind: "device" }, box());
    expect(through(place4)).toMatchObject({ gateway: null, scope: ROUTE_SCOPE.link });
    expect(through(place6)).toMatchObject({ gateway: null, scope: ROUTE_SCOPE.universe });
  });
});

describe("isOnLink()", () => {
  test("goes by the far end of a point-to-point address", () => {
    const facts = box({ addresses: [own(2, "10.1.0.2/32", "10.5.0.1")] });
    expect(isOnLink(facts, WAN0, bytes("10.5.0.1"))).toBe(true);
    expect(isOnLink(facts, WAN0, bytes("10.1.0.2"))).toBe(false);
  });

  test("goes by device routes of main as well: DHCP with a /32, on-link prefixes of RA", () => {
    const near = towards("10.77.0.1/32", { oif: 2, scope: ROUTE_SCOPE.link });
    const far = towards("10.78.0.0/16", { oif: 2, gateway: bytes("10.1.0.1") });
    const other = towards("10.79.0.0/16", { oif: 3 });
    const facts = box({ routes: [near, far, other] });
    const found = ["10.77.0.1", "10.78.0.1", "10.79.0.1"].map((one) =>
      isOnLink(facts, WAN0, bytes(one)),
    );
    expect(found).toEqual([true, false, false]);
  });
});

describe("sameRoute()", () => {
  const base = via(place4, "10.1.0.1");

  test("does not mind what tells of the link, nor the scope", () => {
    expect(sameRoute(base, { ...base, flags: RTNH_FLAG.linkdown | RTNH_FLAG.dead })).toBe(true);
    expect(sameRoute(base, { ...base, scope: 253, preference: 0 })).toBe(true);
  });

  test.each([
    { metric: 2 },
    { table: 159 },
    { family: 6 as const },
    { oif: 3 },
    { gateway: bytes("10.1.0.9") },
    { gateway: null },
    { flags: RTNH_FLAG.onlink },
    { type: ROUTE_TYPE.unreachable },
    { preferredSource: bytes("10.1.0.2") },
    { hops: [] },
    { nextHopId: 7 },
    { dst: bytes("10.0.0.0"), dstLen: 8 },
    { src: bytes("10.0.0.0"), srcLen: 8 },
  ])("tells %j apart", (change) => {
    expect(sameRoute(base, { ...base, ...change })).toBe(false);
  });

  test("knows an unreachable route again though IPv6 shows a device", () => {
    const route = unreachableRoute({ ...place6, metric: 4000 });
    expect(sameRoute(route, { ...route, oif: 1, flags: 0x200 })).toBe(true);
    expect(sameRoute(route, { ...route, type: ROUTE_TYPE.blackhole })).toBe(false);
  });
});
