import { describe, expect, test } from "bun:test";
import type { KernelRoute } from "../../../agent/domain/kernel-net.ts";
import type { NetlinkMessage } from "../../../agent/wire/netlink.ts";
import { splitMessages } from "../../../agent/wire/netlink.ts";
import {
  decodeRoute,
  encodeRouteDelete,
  encodeRouteDump,
  encodeRouteLookup,
  encodeRouteReplace,
  familyOf,
} from "../../../agent/wire/netlink-route.ts";
import { bytesOf, routeOf } from "../../support/kernel-values.ts";
import { golden, hexOf } from "../../support/netlink-golden.ts";

const fe80 = (last: number) => bytesOf(0xfe, 0x80, ...new Array<number>(13).fill(0), last);
const fd11 = (last: number) => bytesOf(0xfd, 0x11, ...new Array<number>(13).fill(0), last);

function sent(request: Uint8Array): NetlinkMessage {
  const [message] = splitMessages(request);
  if (message === undefined) throw new Error("no message");
  return message;
}

describe("encodeRouteReplace()", () => {
  test("is one message with CREATE, REPLACE and ACK", () => {
    const request = encodeRouteReplace(routeOf());
    expect(sent(request)).toMatchObject({ type: 24, flags: 0x505 });
    expect(hexOf(request.subarray(16))).toBe(
      "020000009e9e0001" +
        "00000000" + // rtm_flags
        "08000f009e000000" + // table 158
        "080005000a010001" + // gateway
        "0800040002000000" + // interface 2
        "0800060001000000", // metric 1
    );
  });

  const rows: readonly [string, KernelRoute][] = [
    ["a gateway outside the prefix", routeOf({ flags: 4 })],
    ["a device alone", routeOf({ gateway: null, scope: 253 })],
    ["unreachable", routeOf({ gateway: null, oif: null, type: 7, metric: 4000 })],
    ["a path table above 255", routeOf({ table: 1200 })],
    ["IPv6", routeOf({ family: 6, gateway: fe80(1), table: 1001 })],
    ["IPv4 over an IPv6 gateway", routeOf({ gateway: fe80(9), viaFamily: 6 })],
    ["a prefix", routeOf({ dst: bytesOf(10, 50, 0, 0), dstLen: 16 })],
    ["a source prefix", routeOf({ family: 6, gateway: fe80(1), src: fd11(0), srcLen: 64 })],
    ["a preference", routeOf({ family: 6, gateway: fe80(1), preference: 3 })],
    ["a nexthop object", routeOf({ gateway: null, oif: null, nextHopId: 17 })],
    [
      "several hops",
      routeOf({
        gateway: null,
        oif: null,
        hops: [
          { gateway: bytesOf(10, 1, 0, 1), viaFamily: 4, oif: 2, flags: 0 },
          { gateway: fe80(1), viaFamily: 6, oif: 3, flags: 16 },
          { gateway: null, viaFamily: 4, oif: 4, flags: 1 },
        ],
      }),
    ],
  ];
  test.each(rows)("round trip: %s", (_, route) => {
    expect(decodeRoute(sent(encodeRouteReplace(route)))).toEqual(route);
    const removal = sent(encodeRouteDelete(route));
    expect(removal).toMatchObject({ type: 25, flags: 5 });
    expect(decodeRoute(removal)).toEqual(route);
  });
});

describe("questions", () => {
  test("encodeRouteDump() asks for one table, or all", () => {
    expect(sent(encodeRouteDump(6, null))).toMatchObject({ type: 26, flags: 0x301 });
    expect(hexOf(encodeRouteDump(4, 158).subarray(16))).toBe(
      "020000000000000000000000" + "08000f009e000000",
    );
  });

  test("encodeRouteLookup() asks for the matching route, in IPv6 without LOOKUP_TABLE", () => {
    const v4 = encodeRouteLookup(4, bytesOf(192, 0, 2, 1));
    expect(sent(v4)).toMatchObject({ type: 26, flags: 1 });
    expect(hexOf(v4.subarray(16))).toBe("022000000000000000300000" + "08000100c0000201");
    expect(hexOf(encodeRouteLookup(6, fd11(1)).subarray(16, 28))).toBe("0a8000000000000000200000");
  });
});

describe("decodeRoute() reads what the kernel sent:", () => {
  test("ours", () => {
    expect(decodeRoute(golden("route4-ours"))).toEqual(routeOf());
  });

  test("unreachable, in IPv6 through the loopback device", () => {
    const want = { type: 7, metric: 4000, table: 159, gateway: null };
    expect(decodeRoute(golden("route4-unreachable"))).toMatchObject({ ...want, oif: null });
    expect(decodeRoute(golden("route6-unreachable"))).toMatchObject({ ...want, oif: 1 });
  });

  test("a device route that lost its carrier, in a table above 255", () => {
    const want = { table: 1001, gateway: null, oif: 3, scope: 253, flags: 16 };
    expect(decodeRoute(golden("route4-device"))).toMatchObject(want);
  });

  test("several hops", () => {
    expect(decodeRoute(golden("route4-multipath"))).toMatchObject({
      metric: 200,
      gateway: null,
      oif: null,
      hops: [
        { gateway: bytesOf(10, 1, 0, 1), viaFamily: 4, oif: 2, flags: 0 },
        { gateway: null, viaFamily: 4, oif: 3, flags: 16 },
      ],
    });
  });

  test("IPv4 over an IPv6 gateway", () => {
    const want = { family: 4, gateway: fe80(9), viaFamily: 6, oif: 2 };
    expect(decodeRoute(golden("route4-via6"))).toMatchObject(want);
  });

  test("a source-specific default with a preference, and one of a router advertisement", () => {
    const source = { src: fd11(0), srcLen: 64, gateway: fe80(1), metric: 512, preference: 1 };
    expect(decodeRoute(golden("route6-source"))).toMatchObject(source);
    const ra = { protocol: 9, metric: 300, gateway: fd11(1), preference: 0 };
    expect(decodeRoute(golden("route6-ra"))).toMatchObject(ra);
  });
});

describe("decodeRoute() is null for", () => {
  const route = golden("route4-ours");
  const changed = (at: number, value: number): NetlinkMessage => {
    const body = route.body.slice();
    body[at] = value;
    return { ...route, body };
  };

  test.each([
    ["another type of message", { ...route, type: 26 }],
    ["another family", changed(0, 128)],
    ["a prefix longer than an address", changed(1, 33)],
    ["a prefix without an address", changed(1, 24)],
    ["a cache entry", changed(9, 2)],
  ])("%s", (_, message) => {
    expect(decodeRoute(message)).toBeNull();
  });

  test("each way to cut it short inside an attribute", () => {
    const { body } = route;
    const whole = new Set([12, 20, 28, 36, body.byteLength]);
    for (let length = 0; length < body.byteLength; length++) {
      if (whole.has(length)) continue;
      expect(decodeRoute({ ...route, body: body.subarray(0, length) })).toBeNull();
    }
  });
});

test("familyOf() knows IPv4 and IPv6 only", () => {
  expect([familyOf(2), familyOf(10), familyOf(7), familyOf(undefined)]).toEqual([4, 6, null, null]);
});
