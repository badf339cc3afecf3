import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { micros } from "../../../../agent/domain/units.ts";
import {
  FailoverScript,
  maintenance,
  pin,
  plain,
  policyConfig,
} from "../../../support/failover-steps.ts";

/** A script in which the test answers. */
function manual(policy: Parameters<typeof policyConfig>[0] = {}): FailoverScript {
  return new FailoverScript({ policies: [policyConfig(policy)], answers: false }).started();
}

function switched(order: number) {
  return { kind: "switched", order, duration: micros(700) } as const;
}

function rejected(order: number) {
  return { kind: "rejected", order, words: "Nexthop has invalid gateway" } as const;
}

describe("Track: an order and its answer", () => {
  test("P5: the intent is recorded before the switch is ordered, the outcome after the answer", () => {
    const script = manual();
    script.at(1).tell("fiber", "carrier");
    expect(script.take()).toEqual(["triggered fiber>lte (hard-down)", "switch fiber>lte reset"]);
    expect(script.active()).toBe("fiber");
    script.give(switched(1));
    expect(script.take()).toEqual(["completed fiber>lte (hard-down)"]);
    expect(script.active()).toBe("lte");
    const [triggered, completed] = script.events();
    expect(triggered).toMatchObject({
      order: 1,
      duration: null,
      primaryScore: 0,
      backupScore: 100,
    });
    expect(triggered?.reason).toBe("fiber is down: carrier lost");
    expect(completed).toMatchObject({ order: 1, duration: micros(700) });
  });

  test("while an order is under way nothing else is ordered", () => {
    const script = manual();
    script.at(1).tell("fiber", "carrier").tell("lte", "carrier");
    expect(script.take("switch")).toEqual(["switch fiber>lte reset"]);
    expect(script.obstacles()).toEqual(["switching lte"]);
    script.give(switched(1));
    expect(script.take("switch")).toEqual(["switch lte>dsl reset"]);
  });

  test("an answer to an order of nobody changes nothing", () => {
    const script = manual();
    script.give(switched(77), rejected(78));
    expect(script.take()).toEqual([]);
  });

  test.each([
    { flows: "keep", want: "switch fiber>lte keep" },
    { flows: "reset-on-hard-down", want: "switch fiber>lte reset" },
    { flows: "reset-always", want: "switch fiber>lte reset" },
  ] as const)("flows $flows of a dead path: $want", ({ flows, want }) => {
    const script = manual({ flows });
    script.at(1).tell("fiber", "probes");
    expect(script.take("switch")).toEqual([want]);
  });

  test("A23: with no viable target nothing is ordered, so no connection is reset", () => {
    const script = manual({ flows: "reset-always" });
    script.at(1).tellAll({ lte: "carrier", dsl: "carrier", fiber: "carrier" });
    expect(script.take("switch")).toEqual([]);
  });
});

describe("Track: a refused switch", () => {
  test("A26: failed with the kernel's words, then the next candidate", () => {
    const script = manual();
    script.at(1).tell("fiber", "carrier");
    script.take();
    script.give(rejected(1));
    expect(script.take()).toEqual([
      "failed fiber>lte (hard-down)",
      "triggered fiber>dsl (hard-down)",
      "switch fiber>dsl reset",
    ]);
    expect(script.events()[1]?.reason).toBe("cannot move to lte: Nexthop has invalid gateway");
    script.give(switched(2));
    expect(script.active()).toBe("dsl");
  });

  test("A26: each candidate is tried once, and none left is told once", () => {
    const script = manual();
    script.at(1).tell("fiber", "carrier").give(rejected(1)).give(rejected(2));
    expect(script.outcomes()).toEqual(["failed fiber>lte hard-down", "failed fiber>dsl hard-down"]);
    expect(script.events().at(-1)?.reason).toEndWith("; no other path is left");
    script.at(60).tell("lte", 99).tell("dsl", 98);
    expect(script.take("switch")).toHaveLength(2);
    expect(script.outcomes()).toEqual([]);
    expect(script.active()).toBe("fiber");
  });

  test("a refused path is tried again when something of its device has changed", () => {
    const script = manual();
    script.at(1).tell("fiber", "carrier").give(rejected(1)).give(rejected(2));
    script.take();
    script.at(5).give({ kind: "device-changed", path: pathId("dsl"), family: 4 });
    expect(script.take("switch")).toEqual(["switch fiber>dsl reset"]);
    script.give(rejected(3)).at(6).tell("lte", "carrier").tell("lte", 50);
    expect(script.take("switch")).toEqual(["switch fiber>lte reset"]);
  });

  test("a refused return leaves traffic where it works, without an all-down", () => {
    const script = manual();
    script.at(1).tell("fiber", "carrier").give(switched(1));
    script.at(2).tell("fiber", 90).at(62).give(rejected(2));
    expect(script.outcomes()).toEqual(["fiber>lte hard-down", "failed lte>fiber failback"]);
    expect(script.at(500).take("switch")).toHaveLength(2);
    expect(script.obstacles()).toContain("refused fiber");
  });
});

describe("Track: adopting what the kernel has", () => {
  test.each([
    { name: "its own table", kernel: { table: "lte", main: "dsl" }, want: ["lte"] },
    { name: "main's default", kernel: { main: "dsl" }, want: ["dsl", "lay dsl"] },
    { name: "the first with carrier", kernel: {}, want: ["lte", "lay lte"] },
    { name: "not a foreign path", kernel: { main: "cable" }, want: ["lte", "lay lte"] },
  ])("rule 4: $name", ({ kernel, want }) => {
    const script = new FailoverScript();
    script.tell("fiber", "carrier").adopt(kernel).tell("lte", "unknown");
    expect([script.active(), ...script.take("lay-route", "switch")]).toEqual([...want]);
  });

  test("nothing is decided before the kernel was read", () => {
    const script = new FailoverScript().tellAll({ fiber: "carrier", lte: 100 });
    expect(script.take()).toEqual([]);
    expect(script.obstacles()).toEqual(["not-adopted"]);
  });

  test("P10: a new start on a backup stays there, whatever the primary is", () => {
    const script = new FailoverScript().started("dsl");
    expect(script.active()).toBe("dsl");
    expect(script.at(59).outcomes()).toEqual([]);
    expect(script.at(60).outcomes()).toEqual(["dsl>fiber failback"]);
  });

  test("a disabled policy lays no route; enabled, it does", () => {
    const script = new FailoverScript({ policies: [policyConfig({ enabled: false })] });
    script.adopt({ main: "dsl" });
    expect(script.take()).toEqual([]);
    script.command(plain("enable"));
    expect(script.take("lay-route")).toEqual(["lay dsl"]);
    script.tell("dsl", 50);
    expect(script.take("lay-route")).toEqual([]);
  });

  test("the kernel's truth wins over what we believed, and is noted", () => {
    const script = new FailoverScript().started();
    script.adopt({ table: "lte" });
    expect(script.active()).toBe("lte");
    expect(script.take("audit")).toEqual([
      "adopted by agent: noted (the kernel uses lte where fiber was expected)",
    ]);
  });

  test.each([
    { table: "lte", want: "fiber>lte hard-down", active: "lte" },
    { table: "fiber", want: "failed fiber>lte hard-down", active: "fiber" },
  ])("an order whose answer was lost ends by what the kernel has: $table", (row) => {
    const script = manual();
    script.at(1).tell("fiber", "carrier").give({ kind: "worker-lost" });
    expect(script.outcomes()).toEqual([]);
    script.at(2).adopt({ table: row.table });
    expect(script.outcomes()).toEqual([row.want]);
    expect(script.active()).toBe(row.active);
  });
});

describe("Track: doubt and bursts", () => {
  test("rule 5: when the active path comes into doubt the others are asked, once", () => {
    const script = new FailoverScript().started();
    script.take();
    script.at(10).tell("fiber", 99, { suspect: true });
    expect(script.take("verify")).toEqual(["verify lte/4", "verify dsl/4"]);
    script.at(10.5).tell("fiber", 98, { suspect: true });
    expect(script.take("verify")).toEqual([]);
    script.at(11).tell("fiber", 99).at(20).tell("fiber", 99, { suspect: true });
    expect(script.take("verify")).toHaveLength(2);
  });

  test("rule 5: a standby asked in time costs the verdict nothing", () => {
    const script = new FailoverScript().started();
    script.at(30).tell("fiber", 99, { suspect: true });
    script.at(30.1).tell("lte", 99).tell("dsl", 99);
    script.at(30.8).tell("fiber", "probes");
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
  });

  test("rule 5: an unknown standby that answers is taken, and said to be unproven", () => {
    const script = new FailoverScript().adopt({ table: "fiber" }).tell("fiber", 100);
    script.tell("lte", "unknown", { silent: null }).tell("dsl", "carrier");
    script.at(10).tell("fiber", "probes");
    expect(script.obstacles()).toEqual(["verifying lte 1 s"]);
    script.at(10.2).tell("lte", "unknown", { silent: 0 });
    expect(script.outcomes()).toEqual(["fiber>lte hard-down"]);
    expect(script.events()[0]?.reason).toContain("lte is unproven");
  });

  test("no burst goes to what cannot take over", () => {
    const script = new FailoverScript().started();
    script.tell("dsl", "carrier").command(maintenance("lte", true));
    script.at(10).tell("fiber", 99, { suspect: true });
    expect(script.take("verify")).toEqual([]);
  });
});

describe("Track: all-down", () => {
  test.each(["hold", "unreachable", "os"] as const)(
    "%s is told once and taken back",
    (all_down) => {
      const script = new FailoverScript({ policies: [policyConfig({ all_down })] }).started();
      script.at(1).tellAll({ fiber: "carrier", lte: "carrier", dsl: "carrier" });
      expect(script.take()).toEqual(["failed fiber> (all-down)", `all-down begun ${all_down}`]);
      expect(script.engine.snapshot(1)?.ipv4.isAllDown).toBe(true);
      script.at(9).tell("fiber", "unknown");
      expect(script.take()).toEqual([`all-down ended ${all_down}`]);
    },
  );

  test("a path that is bad but alive keeps its route, though nothing is usable", () => {
    const script = new FailoverScript({ policies: [policyConfig({ all_down: "unreachable" })] });
    script.started().at(1).tellAll({ fiber: 30, lte: "carrier", dsl: "carrier" });
    expect(script.take()).toEqual(["failed fiber> (all-down)"]);
    script.at(2).tell("fiber", "carrier");
    expect(script.take()).toEqual(["all-down begun unreachable"]);
  });

  test("a dead path that comes back bad is used again: bad is better than nothing", () => {
    const script = new FailoverScript({ policies: [policyConfig({ all_down: "unreachable" })] });
    script.started().at(1).tellAll({ fiber: "carrier", lte: "carrier", dsl: "carrier" });
    script.take();
    script.at(2).tell("fiber", 30);
    expect(script.take()).toEqual(["all-down ended unreachable"]);
  });

  test("a pinned path is left alone when it returns", () => {
    const script = new FailoverScript().started();
    script.command(pin("fiber", "strict")).at(1);
    script.tellAll({ fiber: "carrier", lte: "carrier", dsl: "carrier" });
    expect(script.take()).toEqual([]);
  });
});
