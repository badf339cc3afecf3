/**
 * The whole failover part of the controller against a modelled kernel: what an operator would see
 * from installation to removal.
 */

import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { micros } from "../../../../agent/domain/units.ts";
import { VERDICT } from "../../../../agent/wire/verdict.ts";
import { FailoverController, twoUplinks } from "../../../support/failover-controller.ts";
import { policyConfig } from "../../../support/failover-steps.ts";
import { FakeFailoverBook } from "../../../support/fake-failover-book.ts";
import { ADMIN_DOWN, defaultVia, link, NO_CARRIER } from "../../../support/routing.ts";

const VIA_FIBER =
  "ip -4 route replace default via 10.1.0.1 dev wan0 table 158 metric 1 protocol 158";
const VIA_LTE = "ip -4 route replace default via 10.2.0.1 dev wan1 table 158 metric 1 protocol 158";
const BY = { author: "kim", reason: "" };

function words(command: string): string[] {
  return command.split(" ").sort();
}

function well(): FailoverController {
  const world = new FailoverController().start();
  world.scores("fiber", 100);
  world.scores("lte", 100);
  return world;
}

function cut(world: FailoverController, device: "wan0" | "wan1", how = NO_CARRIER): void {
  const index = device === "wan0" ? 2 : 3;
  const links = world.net.facts.links.map((one) =>
    one.name === device ? link(index, device, how) : one,
  );
  world.net.facts = { ...world.net.facts, links };
  world.net.tellLink(device);
  world.settle();
}

describe("at start", () => {
  test("the kernel's path is adopted, rules and routes are installed, nothing is recorded", () => {
    const world = new FailoverController().start();
    expect(words(world.active())).toEqual(words(VIA_FIBER));
    expect(world.events()).toEqual([]);
    const { rules, routes } = world.net.facts;
    expect(rules.filter(({ protocol }) => protocol === 158)).toHaveLength(4 + 4 + 2 + 2 + 2);
    expect(routes.filter(({ protocol }) => protocol === 158)).toHaveLength(4);
    expect(world.view.snapshot().policies[0]).toMatchObject({
      active_path_id: "fiber",
      active_path_id_v6: null,
      using_primary: true,
      failover_count: 0,
    });
    expect(world.view.routes()).toMatchObject({ known: true, missing: [], problems: [] });
  });

  test("settings of the devices are changed after they were noted", () => {
    const world = new FailoverController().start();
    const settings = world.net.orders.filter(({ kind }) => kind === "set-link");
    expect(settings).toHaveLength(2);
    expect(world.memory?.links.map(({ device }) => device)).toEqual(["wan0", "wan1"]);
    expect(world.memory?.paths).toEqual([
      ["fiber", 1],
      ["lte", 2],
    ]);
  });

  test("every path is warmed up", () => {
    const world = new FailoverController().start();
    expect(world.bursts.map(({ path, probes, isCounted }) => [path, probes, isCounted])).toEqual([
      [0, 5, true],
      [1, 5, true],
    ] as never);
  });

  test("our own table speaks before main", () => {
    const first = well();
    expect(first.view.command({ action: "switch", policy: 1, path: pathId("lte"), ...BY })).toEqual(
      {
        kind: "done",
      },
    );
    first.settle();
    const again = new FailoverController({ facts: first.net.facts, memory: first.memory }).start();
    expect(again.view.policy(1)?.active_path_id).toBe("lte");
    expect(again.net.orders.filter(({ kind }) => kind !== "set-link")).toEqual([]);
  });

  test("a policy that only reports needs no route and decides all the same", () => {
    const policies = [policyConfig({ backups: ["lte"], route: null })];
    const world = new FailoverController({ policies }).start();
    world.scores("fiber", 100);
    world.scores("lte", 100);
    world.dies("fiber");
    expect(world.events()).toEqual([
      "triggered fiber lte hard-down",
      "completed fiber lte hard-down",
    ]);
    expect(world.net.orders).toEqual([]);
    expect(world.heard).not.toContain("switched");
  });

  test("where the kernel cannot be read policies decide, and say why nothing moves", () => {
    const world = new FailoverController();
    world.net.problems = ["cannot open netlink: Operation not permitted"];
    world.start();
    world.scores("fiber", 100);
    world.scores("lte", 100);
    world.dies("fiber");
    expect(world.events()).toEqual(["triggered fiber lte hard-down", "failed fiber lte hard-down"]);
    expect(world.book.recorded[1]?.reason).toContain("cannot open netlink");
    expect(world.problems).toEqual(["cannot open netlink: Operation not permitted"]);
  });
});

describe("a dead path", () => {
  test("is left by one switch: the intent first, then the route, then the outcome", () => {
    const world = well();
    world.dies("fiber");
    expect(words(world.active())).toEqual(words(VIA_LTE));
    expect(world.events()).toEqual([
      "triggered fiber lte hard-down",
      "completed fiber lte hard-down",
    ]);
    expect(world.heard).toEqual(["triggered 1", "switched", "completed 2"]);
    const [triggered] = world.book.recorded;
    expect(triggered).toMatchObject({ primaryScore: 0, backupScore: 100 });
    const order = world.net.orders.find(({ kind }) => kind === "switch-route");
    expect(order).toMatchObject({ kind: "switch-route", canary: Uint8Array.of(192, 0, 0, 171) });
  });

  test("by its link needs no probe", () => {
    const world = well();
    cut(world, "wan0");
    expect(world.events()[0]).toBe("triggered fiber lte hard-down");
    expect(world.book.recorded[0]?.reason).toContain("carrier");
    cut(world, "wan1", ADMIN_DOWN);
    expect(world.events().at(-1)).toBe("failed lte - all-down");
  });

  test("makes the others be asked while it is only suspect", () => {
    const world = well();
    world.bursts.length = 0;
    world.verdict(VERDICT.suspect, "fiber");
    expect(world.bursts).toEqual([
      { path: 1, probes: 3, pace: micros(100_000), isCounted: false },
    ] as never);
    expect(world.events()).toEqual([]);
  });

  test("has its flows reset by the address it had, after the route was read back", () => {
    const world = well();
    world.dies("fiber");
    const kinds = world.net.orders.map(({ kind }) => kind);
    const flows = world.net.orders.find((order) => order.kind === "delete-flows");
    expect(flows).toMatchObject({
      flows: { family: 4, address: Uint8Array.of(10, 1, 0, 2), from: null, to: null },
    });
    expect(kinds.indexOf("delete-flows")).toBeGreaterThan(kinds.indexOf("switch-route"));
  });

  test("is returned to when it has been well for the delay, and its flows are kept", () => {
    const world = well();
    world.dies("fiber");
    world.returns("fiber");
    world.passes(59, { fiber: 100, lte: 100 });
    expect(world.view.policy(1)?.active_path_id).toBe("lte");
    world.net.orders.length = 0;
    world.passes(3, { fiber: 100, lte: 100 });
    expect(words(world.active())).toEqual(words(VIA_FIBER));
    expect(world.events().slice(2)).toEqual([
      "triggered lte fiber failback",
      "completed lte fiber failback",
    ]);
    expect(world.net.orders.map(({ kind }) => kind)).not.toContain("delete-flows");
    expect(world.view.policy(1)).toMatchObject({ failover_count: 1, failback_count: 1 });
  });

  test("that the kernel refuses to leave stays, with the kernel's words", () => {
    const world = well();
    world.net.refuse = ({ kind }) => (kind === "switch-route" ? "Nexthop is not up" : null);
    world.dies("fiber");
    expect(world.events()).toEqual(["triggered fiber lte hard-down", "failed fiber lte hard-down"]);
    expect(world.book.recorded[1]?.reason).toContain("Nexthop is not up");
    expect(words(world.active())).toEqual(words(VIA_FIBER));
  });

  test("by the loss of its gateway is left after the hold of a renewal", () => {
    const world = well();
    const { facts } = world.net;
    const routes = facts.routes.filter(({ oif, table }) => oif !== 2 || table !== 254);
    world.net.facts = { ...facts, routes };
    world.net.report();
    world.settle();
    world.passes(2, { fiber: 100, lte: 100 });
    expect(world.events()).toEqual([]);
    world.passes(2, { fiber: 100, lte: 100 });
    expect(world.events()[0]).toBe("triggered fiber lte hard-down");
    expect(world.book.recorded[0]?.reason).toContain("gateway");
  });
});

describe("all down", () => {
  const nothing = (allDown: "hold" | "unreachable" | "os") => {
    const policies = [policyConfig({ backups: ["lte"], all_down: allDown })];
    const world = new FailoverController({ policies }).start();
    world.scores("fiber", 100);
    world.scores("lte", 100);
    world.dies("lte");
    world.dies("fiber");
    world.passes(2);
    return world;
  };

  test("hold: the last route stays, one event", () => {
    const world = nothing("hold");
    expect(world.events()).toEqual(["failed fiber - all-down"]);
    expect(words(world.active())).toEqual(words(VIA_FIBER));
  });

  test("unreachable: only that route is left, and the first path that returns replaces it", () => {
    const world = nothing("unreachable");
    const metrics = () =>
      world.net.facts.routes.filter(({ table }) => table === 158).map(({ metric }) => metric);
    expect(metrics()).toEqual([4000]);
    world.returns("lte");
    expect(metrics().sort((a, b) => a - b)).toEqual([1, 101, 4000]);
    expect(words(world.active())).toEqual(words(VIA_LTE));
  });

  test("os: our table is empty, so that main decides", () => {
    const world = nothing("os");
    expect(world.net.facts.routes.filter(({ table }) => table === 158)).toEqual([]);
    expect(world.heard).toContain("all-down begun os");
  });
});

describe("what others do to the kernel", () => {
  test("is put back and audited, once", () => {
    const world = well();
    const { facts } = world.net;
    const routes = facts.routes.filter(({ table, metric }) => table !== 158 || metric !== 1);
    world.net.facts = { ...facts, routes };
    world.net.report();
    world.settle();
    expect(words(world.active())).toEqual(words(VIA_FIBER));
    expect(world.book.audited).toHaveLength(1);
    expect(world.book.audited[0]).toMatchObject({ action: "repair", author: "agent" });
    expect(world.events()).toEqual([]);
  });

  test("a new gateway of the active path is followed, audited and no failover", () => {
    const world = well();
    const { facts } = world.net;
    const others = facts.routes.filter(({ oif, table }) => oif !== 2 || table !== 254);
    const fresh = defaultVia(2, "10.1.0.9", { metric: 100 });
    world.net.facts = { ...facts, routes: [...others, fresh] };
    world.net.report();
    world.settle();
    expect(world.active()).toContain("via 10.1.0.9");
    expect(world.active(1001)).toContain("via 10.1.0.9");
    expect(world.book.audited.map(({ action }) => action)).toEqual(["gateway_changed"]);
    expect(world.events()).toEqual([]);
  });

  test("what the kernel refuses is tried again later, not in a loop", () => {
    const world = new FailoverController();
    world.net.refuse = ({ kind }) => (kind === "apply-rule" ? "Operation not supported" : null);
    world.start();
    const tries = () => world.net.orders.filter(({ kind }) => kind === "apply-rule").length;
    const first = tries();
    expect(first).toBeGreaterThan(0);
    expect(world.problems[0]).toContain("Operation not supported");
    world.net.report();
    world.settle();
    expect(tries()).toBe(first);
    world.net.refuse = () => null;
    world.passes(6);
    expect(world.problems).toEqual([]);
  });
});

describe("a worker that ends", () => {
  test("moves nothing, and its successor is asked what the kernel has", () => {
    const world = well();
    world.dies("fiber");
    world.loseWorker();
    world.passes(5);
    const count = world.events().length;
    world.start();
    expect(world.events()).toHaveLength(count);
    expect(world.view.policy(1)?.active_path_id).toBe("lte");
    expect(words(world.active())).toEqual(words(VIA_LTE));
  });

  test("in the middle of a switch: the kernel tells how it ended", () => {
    const world = well();
    const { send } = world.net;
    world.net.send = (frame) => {
      send.call(world.net, frame);
      if (world.net.orders.at(-1)?.kind === "switch-route") world.net.out.length = 0;
    };
    world.dies("fiber");
    expect(world.events()).toEqual(["triggered fiber lte hard-down"]);
    world.loseWorker();
    world.net.send = send;
    world.start();
    expect(world.events()).toEqual([
      "triggered fiber lte hard-down",
      "completed fiber lte hard-down",
    ]);
  });
});

describe("a restart of the controller", () => {
  test("goes on with what was persisted: overrides, counts, order numbers", () => {
    const first = well();
    first.dies("fiber");
    first.view.command({
      ...{ action: "pin", policy: 1, path: pathId("lte"), mode: "safe", expiresAfter: null },
      ...{ author: "kim", reason: "works" },
    });
    const book = new FakeFailoverBook();
    const state = first.book.saved;
    if (state === null) throw new Error("nothing was saved");
    book.restored = { state, elapsed: micros(5_000_000) };
    const again = new FailoverController({ book, facts: first.net.facts, memory: first.memory });
    again.start();
    expect(again.view.policy(1)).toMatchObject({
      active_path_id: "lte",
      failover_count: 1,
      pin: { path_id: "lte", mode: "safe", author: "kim", reason: "works" },
    });
    expect(again.events()).toEqual([]);
  });
});

describe("a reload", () => {
  test("that changes nothing writes nothing", () => {
    const world = well();
    world.net.orders.length = 0;
    world.reload([policyConfig({ backups: ["lte"] })]);
    expect(world.net.orders).toEqual([]);
    expect(world.events()).toEqual([]);
    expect(world.book.audited).toEqual([]);
  });

  test("without policies leaves the kernel as it was before the first start", () => {
    const before = twoUplinks();
    const world = well();
    world.reload([]);
    const { rules, routes } = world.net.facts;
    expect(rules).toEqual(before.rules);
    expect(routes).toEqual(before.routes);
    expect(world.net.confs.every((conf) => !conf.ignoreRoutesWithLinkdown)).toBe(true);
    expect(world.memory?.links).toEqual([]);
  });
});
