/** What operators and the API may order of the failover, seen through the view. */

import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { micros } from "../../../../agent/domain/units.ts";
import { FailoverController } from "../../../support/failover-controller.ts";

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

describe("orders of operators", () => {
  test("are carried out, signed and recorded", () => {
    const world = well();
    const command = { action: "switch", policy: 1, path: pathId("lte"), ...BY } as const;
    expect(world.view.command(command)).toEqual({ kind: "done" });
    world.settle();
    expect(words(world.active())).toEqual(words(VIA_LTE));
    expect(world.book.audited).toMatchObject([
      { action: "switch", author: "kim", outcome: "done" },
    ]);
  });

  test("that cannot be obeyed are refused with the reason", () => {
    const world = well();
    const command = { action: "switch", policy: 1, path: pathId("fiber"), ...BY } as const;
    expect(world.view.command(command)).toMatchObject({ kind: "refused" });
    expect(world.view.command({ ...command, policy: 9 })).toEqual({ kind: "unknown-policy" });
    const maintenance = { action: "maintenance", on: true, expiresAfter: null, ...BY } as const;
    expect(world.view.command({ ...maintenance, path: pathId("sat") })).toEqual({
      kind: "unknown-path",
    });
  });

  test("maintenance moves traffic away and takes the path from the kernel's candidates", () => {
    const world = well();
    world.view.command({
      ...{ action: "maintenance", path: pathId("fiber"), on: true },
      ...{ expiresAfter: micros(60_000_000), ...BY },
    });
    world.settle();
    expect(words(world.active())).toEqual(words(VIA_LTE));
    const metrics = world.net.facts.routes.filter(({ table }) => table === 158);
    expect(metrics.map(({ metric }) => metric)).toEqual([1]);
    expect(world.view.policy(1)?.maintenance).toMatchObject([{ path_id: "fiber", author: "kim" }]);
  });

  test("a disabled policy leaves no rule of its own", () => {
    const world = well();
    world.view.command({ action: "disable", policy: 1, ...BY });
    world.settle();
    const own = world.net.facts.rules.filter(({ protocol, priority }) => {
      return protocol === 158 && priority >= 29_000;
    });
    expect(own).toEqual([]);
    expect(world.events()).toEqual(["policy_disabled - - -"]);
  });
});

describe("policies of the API", () => {
  const body = { name: "extra", primary: "lte", backups: ["fiber"] };

  test("are in force beside those of the file, can be changed and deleted", () => {
    const world = well();
    const created = world.view.createPolicy(body, BY);
    expect(created).toMatchObject({ kind: "done", policy: { policy_id: 2, origin: "api" } });
    expect(world.view.snapshot().policies.map(({ policy_id }) => policy_id)).toEqual([1, 2]);
    const renamed = world.view.updatePolicy(2, { ...body, name: "other" }, BY);
    expect(renamed).toMatchObject({ kind: "done", policy: { name: "other" } });
    expect(world.view.deletePolicy(2, BY)).toEqual({ kind: "done" });
    expect(world.book.audited.map(({ action }) => action)).toEqual([
      "policy create",
      "policy update",
      "policy delete",
    ]);
    expect(world.view.policy(2)).toBeNull();
  });

  test.each([
    { body: "text", field: "" },
    { body: { ...body, primary: "sat" }, field: "primary" },
    { body: { ...body, failback_threshold: 51 }, field: "failback_threshold" },
    { body: { ...body, colour: "red" }, field: "colour" },
    { body: { ...body, route: { match: [{ to: "default" }] } }, field: "route.match" },
  ])("name the field that is wrong: $field", ({ body, field }) => {
    const outcome = well().view.createPolicy(body, BY);
    expect(outcome).toMatchObject({ kind: "invalid", problems: [{ field }] });
  });

  test("cannot touch those of the file", () => {
    const world = well();
    expect(world.view.createPolicy({ ...body, id: 1 }, BY)).toMatchObject({ kind: "conflict" });
    expect(world.view.updatePolicy(1, body, BY)).toMatchObject({ kind: "conflict" });
    expect(world.view.deletePolicy(1, BY)).toMatchObject({ kind: "conflict" });
    expect(world.view.deletePolicy(7, BY)).toEqual({ kind: "unknown-policy" });
  });
});
