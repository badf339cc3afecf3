import { describe, expect, test } from "bun:test";
import { OUR_PROTOCOL, RTNH_FLAG } from "../../../agent/domain/kernel-net.ts";
import type { Gateway } from "../../../agent/routing/gateway.ts";
import { findGateway, sameGateway } from "../../../agent/routing/gateway.ts";
import {
  ADMIN_DOWN,
  box,
  bytes,
  defaultVia,
  link,
  own,
  path,
  route,
} from "../../support/routing.ts";

const via = (text: string): Gateway => ({ kind: "via", address: bytes(text) });
const DEVICE: Gateway = { kind: "device" };
const FIBER = path(1, "fiber", "wan0");

describe("findGateway()", () => {
  test("auto learns the system's default of each family", () => {
    expect(findGateway(box(), FIBER, 4, null)).toEqual(via("10.1.0.1"));
    expect(findGateway(box(), path(2, "lte", "wan1"), 6, null)).toEqual(via("fe80::1"));
  });

  test("auto takes the lowest metric, not our own routes, not other tables, not dead ones", () => {
    const routes = [
      defaultVia(2, "10.1.0.9", { metric: 50, protocol: OUR_PROTOCOL }),
      defaultVia(2, "10.1.0.8", { metric: 60, table: 100 }),
      defaultVia(2, "10.1.0.7", { metric: 70, flags: RTNH_FLAG.dead }),
      defaultVia(2, "10.1.0.6", { metric: 90 }),
      defaultVia(2, "10.1.0.5", { metric: 80 }),
    ];
    expect(findGateway(box({ routes }), FIBER, 4, null)).toEqual(via("10.1.0.5"));
    const elsewhere = box({ routes, learnTables: [100] });
    expect(findGateway(elsewhere, FIBER, 4, null)).toEqual(via("10.1.0.8"));
  });

  test("auto keeps the one in use among equals", () => {
    const routes = [defaultVia(2, "10.1.0.1"), defaultVia(2, "10.1.0.2")];
    expect(findGateway(box({ routes }), FIBER, 4, null)).toEqual(via("10.1.0.1"));
    expect(findGateway(box({ routes }), FIBER, 4, via("10.1.0.2"))).toEqual(via("10.1.0.2"));
    expect(findGateway(box({ routes }), FIBER, 4, DEVICE)).toEqual(via("10.1.0.1"));
  });

  test("auto sees a default without gateway as point to point", () => {
    const routes = [route(4, { oif: 2 })];
    expect(findGateway(box({ routes }), FIBER, 4, null)).toEqual(DEVICE);
    expect(findGateway(box({ routes }), FIBER, 6, null)).toBeNull();
  });

  test("auto learns IPv4 over an IPv6 address", () => {
    const routes = [route(4, { oif: 2, gateway: bytes("fe80::1"), viaFamily: 6 })];
    expect(findGateway(box({ routes }), FIBER, 4, null)).toEqual(via("fe80::1"));
  });

  test("none wants an address of the family that is not link-local", () => {
    const tunnel = path(1, "fiber", "wan0", "none");
    expect(findGateway(box(), tunnel, 4, null)).toEqual(DEVICE);
    const addresses = [own(2, "10.1.0.2/24"), own(2, "fe80::2/64")];
    expect(findGateway(box({ addresses }), tunnel, 6, null)).toBeNull();
  });

  test("a fixed address is for its own family; the other one is learnt", () => {
    const fixed = path(1, "fiber", "wan0", "10.1.0.7");
    expect(findGateway(box(), fixed, 4, null)).toEqual(via("10.1.0.7"));
    expect(findGateway(box(), fixed, 6, null)).toEqual(via("fd11::1"));
    const fixed6 = path(1, "fiber", "wan0", "fe80::7");
    expect(findGateway(box(), fixed6, 6, null)).toEqual(via("fe80::7"));
    expect(findGateway(box(), fixed6, 4, null)).toEqual(via("10.1.0.1"));
  });

  test.each(["auto", "none", "10.1.0.7"])("%s knows none while the device is down", (text) => {
    const one = path(1, "fiber", "wan0", text);
    expect(findGateway(box({ links: [link(2, "wan0", ADMIN_DOWN)] }), one, 4, null)).toBeNull();
    expect(findGateway(box({ links: [] }), one, 4, null)).toBeNull();
  });
});

test("sameGateway() tells families and kinds apart", () => {
  expect(sameGateway(via("10.1.0.1"), via("10.1.0.1"))).toBe(true);
  expect(sameGateway(via("10.1.0.1"), via("::10.1.0.1"))).toBe(false);
  expect(sameGateway(via("10.1.0.1"), DEVICE)).toBe(false);
  expect(sameGateway(null, DEVICE)).toBe(false);
  expect(sameGateway(null, null)).toBe(true);
});
