import { describe, expect, test } from "bun:test";
import type { Family } from "../../../agent/domain/kernel-net.ts";
import type { RouteMatch } from "../../../agent/domain/selector.ts";
import {
  coversSelector,
  findShadowed,
  inKernelOrder,
  parseSelector,
  routedFamilies,
} from "../../../agent/domain/selector.ts";
import { selector } from "../../support/routing.ts";

type Match = Partial<RouteMatch>;
const mark = (value: number, mask = 0xffff_ffff) => ({ mark: value, mask });

describe("parseSelector()", () => {
  test.each<[Match, readonly Family[]]>([
    [{ to: "default" }, [4, 6]],
    [{ iif: "lan" }, [4, 6]],
    [{ from: "10.0.0.0/8" }, [4]],
    [{ to: "2001:db8::/32", iif: "lan" }, [6]],
    [{ to: "0.0.0.0/0" }, [4]],
  ])("%j is of the families %j", (match, families) => {
    expect(selector(match).families).toEqual(families);
  });

  test("takes a prefix of length 0 as any address", () => {
    expect(selector({ to: "0.0.0.0/0", from: "0.0.0.0/0" })).toMatchObject({
      to: null,
      from: null,
    });
  });

  test("keeps of the mark what the mask compares", () => {
    expect(selector({ fwmark: mark(0x1ff, 0xff00) })).toMatchObject({ fwmark: 0x100 });
    expect(selector({ fwmark: mark(0xffff_ffff) })).toMatchObject({ fwmark: 0xffff_ffff });
  });

  test("refuses two families and what is no prefix", () => {
    const none = { from: null, to: null, fwmark: null, iif: null };
    expect(parseSelector({ ...none, from: "10.0.0.0/8", to: "2001:db8::/32" })).toBeNull();
    expect(parseSelector({ ...none, from: "default" })).toBeNull();
  });
});

test.each<[Match, "report" | "nat", readonly Family[]]>([
  [{ to: "default" }, "report", [4]],
  [{ to: "default" }, "nat", [4, 6]],
  [{ from: "2001:db8::/32" }, "report", [6]],
  [{ to: "2001:db8::/32" }, "report", []],
])("routedFamilies() of %j with ipv6 %s is %j", (match, ipv6, families) => {
  expect(routedFamilies(selector(match), ipv6)).toEqual(families);
});

describe("coversSelector()", () => {
  test.each<[Match, Match, boolean]>([
    [{ to: "default" }, { from: "10.0.0.0/8" }, true],
    [{ from: "10.0.0.0/8" }, { to: "default" }, false],
    [{ from: "10.0.0.0/8" }, { from: "10.1.0.0/16", iif: "lan" }, true],
    [{ from: "10.0.0.0/8", iif: "lan" }, { from: "10.1.0.0/16" }, false],
    [{ fwmark: mark(0x100, 0xff00) }, { fwmark: mark(0x1ab) }, true],
    [{ fwmark: mark(0x100, 0xff00) }, { fwmark: mark(0x2ab) }, false],
    [{ fwmark: mark(0x1ab) }, { fwmark: mark(0x100, 0xff00) }, false],
    [{ fwmark: mark(0x8000_0000) }, { fwmark: mark(0x8000_0000) }, true],
    [{ iif: "lan" }, { iif: "lan1" }, false],
  ])("%j over %j is %p", (wide, narrow, expected) => {
    expect(coversSelector(selector(wide), selector(narrow), 4)).toBe(expected);
  });
});

function named(matches: Readonly<Record<string, Match>>) {
  return Object.entries(matches).map(([name, match]) => ({ name, selector: selector(match) }));
}

test("inKernelOrder() asks long prefixes first and the catch-all last", () => {
  const items = named({
    rest: { to: "default" },
    source: { from: "10.0.0.0/8" },
    wide: { to: "192.0.0.0/16" },
    mark: { fwmark: mark(1) },
    long: { to: "192.0.2.0/24", iif: "lan" },
    long2: { to: "198.51.100.0/24" },
  });
  const names = inKernelOrder(items).map(({ name }) => name);
  expect(names).toEqual(["long", "long2", "wide", "source", "mark", "rest"]);
});

describe("findShadowed()", () => {
  const shadowed = (matches: Readonly<Record<string, Match>>) =>
    findShadowed(named(matches)).map(({ item, by }) => `${item.name} by ${by.name}`);

  test("names a selector that an earlier one takes whole", () => {
    expect(shadowed({ a: { from: "10.0.0.0/8" }, b: { from: "10.1.0.0/16" } })).toEqual(["b by a"]);
    expect(shadowed({ b: { from: "10.1.0.0/16" }, a: { from: "10.0.0.0/8" } })).toEqual([]);
  });

  test("goes by the order of the kernel, not of the file", () => {
    const wideFirst = { wide: { to: "192.0.0.0/16" }, long: { to: "192.0.2.0/24" } };
    expect(shadowed(wideFirst)).toEqual([]);
    expect(shadowed({ rest: { to: "default" }, lan: { iif: "lan" } })).toEqual([]);
  });

  test("wants every family of a selector to be taken", () => {
    const matches = { a: { iif: "lan", from: "0.0.0.0/0" }, b: { iif: "lan" } };
    expect(shadowed(matches)).toEqual([]);
    const both = { a: { iif: "lan", from: "0.0.0.0/0" }, c: { iif: "lan", from: "::/0" } };
    expect(shadowed({ ...both, b: { iif: "lan" } })).toEqual(["b by a"]);
  });

  test("finds a second default", () => {
    expect(shadowed({ a: { to: "default" }, b: { to: "0.0.0.0/0" } })).toEqual(["b by a"]);
  });
});
