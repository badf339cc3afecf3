import { describe, expect, test } from "bun:test";
import { covers, parsePrefix, rankOf, shadowed } from "../../../agent/config/selectors.ts";
import type { SelectorConfig } from "../../../agent/domain/config.ts";

function selector(given: Partial<SelectorConfig>): SelectorConfig {
  return { from: null, to: null, fwmark: null, iif: null, ...given };
}

describe("parsePrefix()", () => {
  test.each([
    { text: "10.0.0.0/8", length: 8 },
    { text: "192.0.2.1", length: 32 },
    { text: "2001:db8::/32", length: 32 },
    { text: "2001:db8::1", length: 128 },
    { text: "10.0.0.0/33", length: null },
    { text: "default", length: null },
    { text: "fe80::1%eth0", length: null },
  ])("of $text has $length bits", ({ text, length }) => {
    expect(parsePrefix(text)?.length ?? null).toBe(length);
  });
});

describe("covers()", () => {
  test.each([
    { wide: { from: "10.0.0.0/8" }, narrow: { from: "10.1.0.0/16" }, want: true },
    { wide: { from: "10.1.0.0/16" }, narrow: { from: "10.0.0.0/8" }, want: false },
    { wide: { from: "10.0.0.0/9" }, narrow: { from: "10.128.0.0/16" }, want: false },
    { wide: { from: "10.0.0.0/9" }, narrow: { from: "10.127.0.0/16" }, want: true },
    { wide: { from: "0.0.0.0/0" }, narrow: { from: "::/0" }, want: false },
    { wide: { from: "10.0.0.0/8" }, narrow: {}, want: false },
    { wide: { iif: "lan0" }, narrow: { iif: "lan0", from: "10.0.0.0/8" }, want: true },
    { wide: { iif: "lan0" }, narrow: { iif: "lan1" }, want: false },
    { wide: { fwmark: 1 }, narrow: { fwmark: 1, to: "192.0.2.0/24" }, want: true },
    { wide: { fwmark: 1 }, narrow: { to: "192.0.2.0/24" }, want: false },
    { wide: { to: "default" }, narrow: { iif: "lan0" }, want: true },
  ])("$wide takes all of $narrow: $want", ({ wide, narrow, want }) => {
    expect(covers(selector(wide), selector(narrow))).toBe(want);
  });
});

test("rankOf() has destinations first, the narrowest before, and the bare default last", () => {
  const ranks = [
    { to: "192.0.2.1" },
    { to: "192.0.2.0/24", fwmark: 1 },
    { from: "10.0.0.0/8" },
    { to: "default" },
  ].map((given) => rankOf(selector(given)));
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(new Set(ranks).size).toBe(4);
  expect(rankOf(selector({ to: "default", iif: "lan0" }))).toBe(rankOf(selector({ iif: "lan1" })));
});

describe("shadowed()", () => {
  test.each([
    { name: "the later of equal ones", list: [{ iif: "a" }, { iif: "a" }], want: [[1, 0]] },
    {
      name: "a narrower one that comes later",
      list: [{ from: "10.0.0.0/8" }, { from: "10.1.0.0/16" }],
      want: [[1, 0]],
    },
    {
      name: "not one that comes earlier",
      list: [{ from: "10.1.0.0/16" }, { from: "10.0.0.0/8" }],
      want: [],
    },
    {
      name: "not a narrower destination, whatever the order of the file",
      list: [{ to: "10.0.0.0/8" }, { to: "10.1.0.0/16" }],
      want: [],
    },
    {
      name: "not what comes before the default",
      list: [{ to: "default" }, { from: "10.0.0.0/8" }, { to: "192.0.2.0/24" }],
      want: [],
    },
  ])("finds $name", ({ list, want }) => {
    expect<unknown>(shadowed(list.map(selector))).toEqual(want);
  });
});
