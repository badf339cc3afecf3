import { describe, expect, test } from "bun:test";
import { OUR_PROTOCOL, RTNH_FLAG } from "../../../agent/domain/kernel-net.ts";
import { shadowingRoutes } from "../../../agent/routing/main-shadow.ts";
import { box, defaultVia, towards } from "../../support/routing.ts";

const TUN = 9;
const halves = ["0.0.0.0/1", "128.0.0.0/1"];

function count(prefixes: readonly string[], family: 4 | 6, more = {}): number {
  const routes = prefixes.map((prefix) => towards(prefix, { oif: TUN, ...more }));
  return shadowingRoutes(box({ routes: [...box().routes, ...routes] }), family).length;
}

describe("shadowingRoutes()", () => {
  test.each([
    { prefixes: halves, family: 4, found: 2 },
    { prefixes: ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"], family: 4, found: 3 },
    { prefixes: ["0.0.0.0/1"], family: 4, found: 0 },
    { prefixes: ["0.0.0.0/1", "128.0.0.0/2"], family: 4, found: 0 },
    { prefixes: halves, family: 6, found: 0 },
    { prefixes: ["::/1", "8000::/1"], family: 6, found: 2 },
    { prefixes: ["2000::/3"], family: 6, found: 1 },
    { prefixes: ["2000::/4", "3000::/4", "fc00::/7"], family: 6, found: 2 },
    { prefixes: ["2000::/4"], family: 6, found: 0 },
    { prefixes: ["10.0.0.0/8", "192.168.0.0/16"], family: 4, found: 0 },
  ] as const)("$prefixes in IPv$family: $found", ({ prefixes, family, found }) => {
    expect(count(prefixes, family)).toBe(found);
  });

  test("does not count other tables, dead routes or the defaults themselves", () => {
    expect(count(halves, 4, { table: 100 })).toBe(0);
    expect(count(halves, 4, { flags: RTNH_FLAG.dead })).toBe(0);
    expect(shadowingRoutes(box({ routes: [defaultVia(2, "10.1.0.1")] }), 4)).toEqual([]);
    expect(count(halves, 4, { protocol: OUR_PROTOCOL })).toBe(2);
  });
});
