/** What of a reload reaches the windows. */

import { describe, expect, test } from "bun:test";
import { CurrentPlan } from "../../../agent/controller/current-plan.ts";
import { Names } from "../../../agent/controller/names.ts";
import { parseAddress } from "../../../agent/domain/address.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeLog } from "../../support/fake-log.ts";

function world() {
  const clock = new FakeClock();
  const names = new Names({
    clock,
    timers: clock,
    log: new FakeLog(),
    literal: ({ host }) => parseAddress(host),
    resolve: async () => ({ kind: "failed", reason: "no server" }),
  });
  const applied: (readonly number[] | null)[] = [];
  const config = agentConfig([pathConfig("a", ["192.0.2.1"]), pathConfig("b", ["192.0.2.2"])]);
  const sources = { names, addresses: { known: names.known, scopeOf: () => 0 } };
  const plan = new CurrentPlan(config, sources, (_, moved) => applied.push(moved));
  plan.follow();
  return { plan, config, applied };
}

describe("CurrentPlan", () => {
  test("replace() with the same configuration changes nothing", () => {
    const { plan, config, applied } = world();
    expect(plan.replace(structuredClone(config))).toBe(false);
    expect(applied).toEqual([null]);
  });

  test("replace() with the same paths takes the rest and starts no window anew", () => {
    const { plan, config, applied } = world();
    expect(plan.replace({ ...config, node: { ...config.node, site: "elsewhere" } })).toBe(true);
    expect(plan.value.config.node.site).toBe("elsewhere");
    expect(applied).toEqual([null, []]);
  });

  test("replace() with other paths starts anew", () => {
    const { plan, applied } = world();
    expect(plan.replace(agentConfig([pathConfig("a", ["192.0.2.1"])]))).toBe(true);
    expect(applied).toEqual([null, null]);
    expect(plan.value.plan.series).toHaveLength(1);
  });
});
