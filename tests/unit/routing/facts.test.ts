import { expect, test } from "bun:test";
import { OUR_PROTOCOL } from "../../../agent/domain/kernel-net.ts";
import { hasUsableAddress, isOurRoute, isOurRule } from "../../../agent/routing/facts.ts";
import { box, own, route, rule, towards } from "../../support/routing.ts";

test.each([
  [31_000, OUR_PROTOCOL, true],
  [31_000, 4, false],
  [1000, OUR_PROTOCOL, true],
  [999, OUR_PROTOCOL, false],
  [32_000, OUR_PROTOCOL, true],
  [32_766, OUR_PROTOCOL, false],
])("isOurRule() of priority %d and protocol %d is %p", (priority, protocol, expected) => {
  expect(isOurRule(rule(4, priority, { protocol }))).toBe(expected);
});

test.each([
  [158, OUR_PROTOCOL, true],
  [158, 4, false],
  [218, OUR_PROTOCOL, true],
  [219, OUR_PROTOCOL, false],
  [254, OUR_PROTOCOL, false],
  [1200, OUR_PROTOCOL, true],
])("isOurRoute() of table %d and protocol %d is %p", (table, protocol, expected) => {
  expect(isOurRoute(route(4, { table, protocol }))).toBe(expected);
});

test("isOurRoute() is never true of a route that is no default: we write none", () => {
  expect(isOurRoute(towards("10.0.0.0/8", { table: 158, protocol: OUR_PROTOCOL }))).toBe(false);
});

test("hasUsableAddress() wants one that is not link-local", () => {
  const facts = box({ addresses: [own(2, "fe80::2/64"), own(3, "fd12::2/64")] });
  expect([2, 3].map((index) => hasUsableAddress(facts, index, 6))).toEqual([false, true]);
  expect(hasUsableAddress(facts, 3, 4)).toBe(false);
});
