import { describe, expect, test } from "bun:test";
import {
  addressRules,
  deviceRules,
  isPathRule,
  lookupRule,
  mainRule,
  sameRule,
  selectorOfRule,
  withSelector,
} from "../../../agent/routing/rule-forms.ts";
import { bytes, rule, selector } from "../../support/routing.ts";

/** The parts that tell our rules apart. */
function brief({
  priority,
  table,
  suppressPrefixLen,
  oif,
  from,
  fromLen,
}: ReturnType<typeof rule>) {
  return { priority, table, suppressPrefixLen, oif, from, fromLen };
}

describe("rules of a path", () => {
  test("the pair of the device asks main without its defaults first", () => {
    const common = { oif: "wan0", from: null, fromLen: 0 };
    expect(deviceRules(4, 200, "wan0").map(brief)).toEqual([
      { priority: 1800, table: 254, suppressPrefixLen: 0, ...common },
      { priority: 1801, table: 1200, suppressPrefixLen: null, ...common },
    ]);
  });

  test("the pair of an address has the length of its family", () => {
    const common = { oif: null, from: bytes("fd11::2"), fromLen: 128 };
    expect(addressRules(bytes("fd11::2"), 1).map(brief)).toEqual([
      { priority: 1006, table: 254, suppressPrefixLen: 0, ...common },
      { priority: 1007, table: 1001, suppressPrefixLen: null, ...common },
    ]);
    expect(addressRules(bytes("10.1.0.2"), 1)[0]).toMatchObject({ family: 4, fromLen: 32 });
  });

  test("isPathRule() tells them from the rules of policies", () => {
    expect(deviceRules(4, 200, "wan0").every(isPathRule)).toBe(true);
    expect([29_000, 30_000, 32_000].map((one) => isPathRule(rule(4, one)))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("sameRule()", () => {
  const base = withSelector(lookupRule(4, 31_000, 158), selector({ from: "10.0.0.0/8" }));

  test("does not mind that a device is missing, but minds an inversion", () => {
    expect(sameRule(base, { ...base, flags: 8 | 16 })).toBe(true);
    expect(sameRule(base, { ...base, flags: 2 })).toBe(false);
  });

  test("does not mind how any address is written", () => {
    const all = lookupRule(4, 32_000, 158);
    expect(sameRule(all, { ...all, from: bytes("0.0.0.0"), fromLen: 0 })).toBe(true);
  });

  test.each([
    { priority: 31_001 },
    { table: 159 },
    { protocol: 4 },
    { family: 6 as const },
    { action: 7 },
    { fromLen: 16 },
    { from: bytes("11.0.0.0") },
    { to: bytes("10.0.0.0"), toLen: 8 },
    { iif: "lan" },
    { oif: "lan" },
    { fwmark: 1, fwmask: 1 },
    { suppressPrefixLen: 0 },
  ])("tells %j apart", (change) => {
    expect(sameRule(base, { ...base, ...change })).toBe(false);
  });

  test("tells iif from oif", () => {
    const all = lookupRule(4, 31_000, 158);
    expect(sameRule({ ...all, iif: "lan" }, { ...all, oif: "lan" })).toBe(false);
  });
});

test("selectorOfRule() gives back what withSelector() put in", () => {
  const wanted = selector({
    from: "10.0.0.0/8",
    to: "192.0.2.0/24",
    fwmark: { mark: 0x100, mask: 0xff00 },
    iif: "lan",
  });
  expect(selectorOfRule(withSelector(mainRule(4, 29_000, 24), wanted))).toEqual(wanted);
});
