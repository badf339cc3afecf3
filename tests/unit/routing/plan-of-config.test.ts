import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import type { RoutedConfig } from "../../../agent/routing/plan-of-config.ts";
import { routePlan, slotWishes } from "../../../agent/routing/plan-of-config.ts";
import { assignSlots } from "../../../agent/routing/slots.ts";
import { box, chosen, gatewaysNow, selector } from "../../support/routing.ts";

const TEXT = `
paths:
  - { id: fiber, interface: wan0, gateway: 10.1.0.1, targets: [192.0.2.1] }
  - { id: watched, interface: eth9, targets: [192.0.2.1] }
  - { id: lte, interface: wan1, targets: [192.0.2.1] }
policies:
  - { id: 7, primary: fiber, backups: [watched] }
  - { id: 3, primary: lte, backups: [fiber], enabled: false,
      route: { ipv6: nat, match: [{ to: default }, { iif: lan }] } }
`;

function config(): RoutedConfig {
  const result = parseConfig([{ name: "test.yaml", text: TEXT }], {});
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.problems));
  return result.config;
}

const selectors = [selector({ to: "default" }), selector({ iif: "lan" })];
const both = { 4: chosen("lte", ["fiber"]), 6: chosen(null) };
const decisionOf = () => ({ choice: both, allDown: "os" }) as const;

describe("slotWishes()", () => {
  test("names only policies with a route and the paths that they use", () => {
    expect(slotWishes(config())).toEqual({
      paths: [
        { id: "fiber", device: "wan0" },
        { id: "lte", device: "wan1" },
      ],
      policies: [{ id: 3, selectors }],
    });
  });
});

describe("routePlan()", () => {
  test("puts configuration, slots and decision together", () => {
    const book = {
      paths: new Map([
        ["fiber", 5],
        ["lte", 2],
      ]),
      policies: new Map([[3, 9]]),
    };
    const plan = routePlan(config(), book, decisionOf);
    expect(plan.paths.map(({ id, slot, device }) => [id, slot, device])).toEqual([
      ["fiber", 5, "wan0"],
      ["lte", 2, "wan1"],
    ]);
    expect(plan.paths[0]?.gateway[4].kind).toBe("fixed");
    expect(plan.policies).toEqual([
      {
        id: 3,
        slot: 9,
        isEnabled: false,
        selectors,
        ipv6: "nat",
        order: ["lte", "fiber"],
        choice: both,
        allDown: "os",
      },
    ]);
    expect(gatewaysNow(plan.paths, box()).get("lte")?.[4]).not.toBeNull();
  });

  test("leaves out who has no slot", () => {
    const none = { paths: new Map<string, number>(), policies: new Map<number, number>() };
    expect(routePlan(config(), none, decisionOf)).toEqual({ paths: [], policies: [] });
    const { book } = assignSlots(slotWishes(config()), none, box());
    expect(routePlan(config(), book, decisionOf).policies).toHaveLength(1);
  });
});
