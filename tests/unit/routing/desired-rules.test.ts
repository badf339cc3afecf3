import { describe, expect, test } from "bun:test";
import type { Family } from "../../../agent/domain/kernel-net.ts";
import { desiredRules } from "../../../agent/routing/desired-rules.ts";
import type { KernelFacts } from "../../../agent/routing/facts.ts";
import { asIpCommands } from "../../../agent/routing/ip-commands.ts";
import type { RouteNote } from "../../../agent/routing/note.ts";
import type { RoutePlan } from "../../../agent/routing/plan.ts";
import { box, own, path, plan, policy, selector } from "../../support/routing.ts";

/** `1004 from all oif wan0 lookup main suppress_prefixlength 0`, by priority. */
function rulesOf(wanted: RoutePlan, family: Family = 4, facts: KernelFacts = box()) {
  const notes: RouteNote[] = [];
  const rules = desiredRules(wanted, facts, family, notes);
  const operations = rules.map((rule) => ({ kind: "apply-rule", rule }) as const);
  const lines = asIpCommands(operations, [])
    .map((line) => line.replace(/^ip -\d rule add priority /, "").replace(/ protocol 158$/, ""))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return { lines, notes };
}

const FIBER = [path(1, "fiber", "wan0")];
const withSelectors = (...selectors: ReturnType<typeof selector>[]) =>
  plan({ paths: [], policies: [policy({ slot: 7, selectors })] });

describe("desiredRules() of paths", () => {
  test("are two pairs for each: by device, and by each address", () => {
    const { lines, notes } = rulesOf(plan({ paths: FIBER, policies: [] }));
    expect(lines).toEqual([
      "1004 from all oif wan0 lookup main suppress_prefixlength 0",
      "1005 from all oif wan0 lookup 1001",
      "1006 from 10.1.0.2 lookup main suppress_prefixlength 0",
      "1007 from 10.1.0.2 lookup 1001",
    ]);
    expect(notes).toEqual([]);
  });

  test("leave out link-local addresses of IPv6", () => {
    const { lines } = rulesOf(plan({ paths: FIBER, policies: [] }), 6);
    expect(lines.filter((line) => line.includes("from fe80"))).toEqual([]);
    expect(lines).toContain("1007 from fd11::2 lookup 1001");
  });

  test("leave out an address that two devices carry, and say so", () => {
    const addresses = [own(2, "10.1.0.2/24"), own(2, "10.5.0.2/24"), own(3, "10.1.0.2/24")];
    const { lines, notes } = rulesOf(plan({ policies: [] }), 4, box({ addresses }));
    expect(lines.filter((line) => line.includes("from 10."))).toEqual([
      "1006 from 10.5.0.2 lookup main suppress_prefixlength 0",
      "1007 from 10.5.0.2 lookup 1001",
    ]);
    expect(notes).toEqual([
      { kind: "shared-address", path: "fiber", other: "lte", address: "10.1.0.2" },
      { kind: "shared-address", path: "lte", other: "fiber", address: "10.1.0.2" },
    ]);
  });

  test("keep the address pair of two paths on one device", () => {
    const paths = [path(1, "a", "wan0"), path(2, "b", "wan0")];
    const { lines, notes } = rulesOf(plan({ paths, policies: [] }));
    expect(lines).toContain("1007 from 10.1.0.2 lookup 1001");
    expect(notes).toEqual([]);
  });

  test("go by the name of a device that is missing", () => {
    const { lines } = rulesOf(plan({ paths: FIBER, policies: [] }), 4, box({ links: [] }));
    expect(lines).toHaveLength(2);
  });
});

describe("desiredRules() of policies", () => {
  test("place each kind of selector where it belongs", () => {
    const { lines } = rulesOf(
      withSelectors(
        selector({ to: "default" }),
        selector({ to: "192.0.0.0/16" }),
        selector({ from: "10.9.0.0/24" }),
        selector({ to: "192.0.2.0/24", iif: "lan" }),
        selector({ iif: "lan" }),
      ),
    );
    expect(lines).toEqual([
      "29000 from all to 192.0.2.0/24 iif lan lookup main suppress_prefixlength 24",
      "29001 from all to 192.0.2.0/24 iif lan lookup 165",
      "29002 from all to 192.0.0.0/16 lookup main suppress_prefixlength 16",
      "29003 from all to 192.0.0.0/16 lookup 165",
      "30000 from all lookup main suppress_prefixlength 0",
      "31002 from 10.9.0.0/24 lookup 165",
      "31004 from all iif lan lookup 165",
      "32000 from all lookup 165",
    ]);
  });

  test("are empty for a family without any, also without the look into main", () => {
    const only4 = withSelectors(selector({ from: "10.0.0.0/8" }));
    expect(rulesOf(only4, 6).lines).toEqual([]);
    expect(rulesOf(only4, 4).lines).toHaveLength(2);
  });

  test("go by the order of the policies, 16 places for each", () => {
    const wanted = plan({
      paths: [],
      policies: [
        policy({ id: 9, slot: 3, selectors: [selector({ iif: "lan" })] }),
        policy({ id: 2, slot: 0, selectors: [selector({ from: "10.0.0.0/8" })] }),
      ],
    });
    expect(rulesOf(wanted).lines).toEqual([
      "30000 from all lookup main suppress_prefixlength 0",
      "31000 from all iif lan lookup 161",
      "31016 from 10.0.0.0/8 lookup 158",
    ]);
  });

  test("of one that is switched off leave their places free", () => {
    const to = (prefix: string) => [selector({ to: prefix }), selector({ from: prefix })];
    const off = policy({ isEnabled: false, selectors: to("192.0.2.0/24") });
    const on = policy({ slot: 1, selectors: to("198.51.100.0/24") });
    const { lines } = rulesOf(plan({ paths: [], policies: [off, on] }));
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual([
      29_002, 29_003, 30_000, 31_017,
    ]);
  });

  test("of the last possible policy stay below the catch-all", () => {
    const policies = Array.from({ length: 61 }, (_, slot) =>
      policy({ slot, selectors: Array.from({ length: 16 }, () => selector({ iif: "lan" })) }),
    );
    const { lines } = rulesOf(plan({ paths: [], policies }));
    expect(lines.at(-1)).toBe("31975 from all iif lan lookup 218");
  });

  test("with more prefixes than pairs fit never reach the look into main", () => {
    const selectors = Array.from({ length: 501 }, (_, i) =>
      selector({ to: `10.${i >> 8}.${i & 255}.0/24` }),
    );
    const { lines } = rulesOf(withSelectors(...selectors));
    expect(lines.at(-2)).toStartWith("29999 ");
    expect(lines.at(-1)).toBe("30000 from all lookup main suppress_prefixlength 0");
  });
});
