import { describe, expect, test } from "bun:test";
import {
  FailoverScript,
  failoverPaths,
  hold,
  maintenance,
  pin,
  policyConfig,
} from "../../../support/failover-steps.ts";

const BOTH = failoverPaths(["fiber", "lte", "dsl"], [4, 6]);
const SIX = { family: 6 } as const;

/** Both families on fiber, all at 100. */
function measured(): FailoverScript {
  const script = new FailoverScript({ paths: BOTH }).started().adopt({ ...SIX, table: "fiber" });
  return script.tellAll({ fiber: 100, lte: 100, dsl: 100 }, SIX);
}

/** IPv6 has gateways on fiber and lte, and is not measured. */
function following(): FailoverScript {
  const script = new FailoverScript().started().adopt({ ...SIX, table: "fiber" });
  return script.tellAll({ fiber: "unknown", lte: "unknown", dsl: "no-gateway" }, SIX);
}

describe("Policy with IPv6 that is measured", () => {
  test("A29: IPv6 dies alone and moves alone", () => {
    const script = measured();
    script.at(1).tell("fiber", "probes", SIX);
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
    expect(script.events().at(-1)?.family).toBe(6);
    expect([script.active(4), script.active(6)]).toEqual(["fiber", "lte"]);
  });

  test("each family has its own timers", () => {
    const script = measured();
    script.at(1).tell("fiber", "carrier").tell("fiber", "carrier", SIX);
    script.at(10).tell("fiber", 90).at(20).tell("fiber", 90, SIX);
    expect(script.at(79).active(4)).toBe("fiber");
    expect(script.active(6)).toBe("lte");
    expect(script.at(80).active(6)).toBe("fiber");
  });

  test("overrides are for both families", () => {
    const script = measured();
    script.command(pin("dsl", "strict"));
    expect([script.active(4), script.active(6)]).toEqual(["dsl", "dsl"]);
  });
});

describe("Policy with IPv6 that is not measured on two paths", () => {
  test("IPv6 follows the decision of IPv4, in the same turn as its route is read back", () => {
    const script = following();
    script.at(1).tell("fiber", "probes").tell("lte", 99);
    expect(script.outcomes()).toEqual(["fiber>lte hard-down", "fiber>lte follow"]);
    script.at(10).tell("fiber", 90).at(70);
    expect(script.outcomes()).toEqual(["lte>fiber failback", "lte>fiber follow"]);
  });

  test("IPv6 resets connections where IPv4 left a dead path", () => {
    const script = following();
    script.at(1).tell("fiber", "carrier").take("switch");
    expect(script.events().filter(({ family }) => family === 6)).toHaveLength(2);
    script.at(10).tell("fiber", 90).at(70);
    const flows = script.effects.flatMap((one) => (one.kind === "switch" ? [one.flows] : []));
    expect(flows).toEqual(["reset", "reset", "keep", "keep"]);
  });

  test("IPv6 stays where the path of IPv4 has no IPv6 gateway", () => {
    const script = following();
    script.at(1).tell("lte", "carrier").tell("fiber", 10);
    expect([script.active(4), script.active(6)]).toEqual(["dsl", "fiber"]);
    script.tell("dsl", "unknown", SIX);
    expect(script.active(6)).toBe("dsl");
  });

  test("A29: without its own gateway IPv6 goes where one is, and comes back with it", () => {
    const script = following();
    script.at(1).tell("fiber", "no-gateway", SIX);
    expect([script.active(4), script.active(6)]).toEqual(["fiber", "lte"]);
    script.at(2).tell("fiber", "unknown", SIX);
    expect(script.active(6)).toBe("fiber");
  });

  test("silence in IPv6 says nothing where few are asked", () => {
    const script = following();
    script.at(1).tell("fiber", "probes", SIX);
    expect(script.active(6)).toBe("fiber");
    expect(script.events()).toEqual([]);
  });

  test("a strict hold is for the follower too", () => {
    const script = following().command(hold(true));
    script.at(1).tell("fiber", "no-gateway", SIX);
    expect(script.active(6)).toBe("fiber");
  });

  test("nothing is followed while IPv4 knows nothing", () => {
    const script = new FailoverScript().adopt({ table: "lte" }).adopt({ ...SIX, table: "fiber" });
    script.tellAll({ fiber: "unknown", lte: "unknown" }, SIX);
    expect(script.active(6)).toBe("fiber");
    script.tell("lte", 90);
    expect(script.active(6)).toBe("lte");
  });

  test("one more measured path makes IPv6 decide for itself", () => {
    const script = following();
    const policies = [policyConfig()];
    script.give({ kind: "policies", policies, paths: BOTH });
    script.tellAll({ fiber: 100, lte: 100 }, SIX).at(1).tell("fiber", 10, SIX);
    expect([script.active(4), script.active(6)]).toEqual(["fiber", "lte"]);
  });
});

describe("Policy", () => {
  test("policies that share a path are decided each for itself", () => {
    const second = policyConfig({ id: 2, primary: "lte", backups: ["fiber"] });
    const script = new FailoverScript({ policies: [policyConfig(), second] }).started();
    script.give({ kind: "adopted", policy: 2, family: 4, table: null, main: null });
    expect(script.engine.snapshot(2)?.ipv4.active).toBe("lte" as never);
    script.at(1).tell("lte", "carrier");
    expect(script.engine.snapshot(2)?.ipv4.active).toBe("fiber" as never);
    expect(script.active()).toBe("fiber");
  });

  test("a doubt that two policies share asks each path once", () => {
    const second = policyConfig({ id: 2, backups: ["lte"] });
    const script = new FailoverScript({ policies: [policyConfig(), second] }).started();
    script.give({ kind: "adopted", policy: 2, family: 4, table: null, main: null });
    script.take("verify");
    script.at(1).tell("fiber", 99, { suspect: true });
    expect(script.take("verify")).toEqual(["verify lte/4", "verify dsl/4"]);
  });

  test("counts returns apart from all other moves", () => {
    const script = new FailoverScript().started();
    script
      .at(1)
      .command(maintenance("fiber", true, 5))
      .at(100);
    expect(script.engine.snapshot(1)).toMatchObject({ failovers: 1, failbacks: 1 });
  });
});
