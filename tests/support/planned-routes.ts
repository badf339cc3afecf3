/**
 * Runs inside of a network namespace: plans for wan0, wan1 and tun0, carries it out in the kernel,
 * as orders of the worker or as commands of iproute2, and prints what differs from the plan after
 * each step.
 */

import { desiredState } from "../../agent/routing/desired.ts";
import { diff, uninstall } from "../../agent/routing/diff.ts";
import { asIpCommands } from "../../agent/routing/ip-commands.ts";
import type { RememberedLink } from "../../agent/routing/link-settings.ts";
import { planLinkSettings, restoreLinkSettings } from "../../agent/routing/link-settings.ts";
import type { RouteOperation } from "../../agent/routing/operation.ts";
import type { RoutePlan } from "../../agent/routing/plan.ts";
import type { NetOrder } from "../../agent/wire/net-frames.ts";
import { interfaceIndex } from "../../agent/worker/libc.ts";
import { NETLINK_ROUTE, NetlinkSocket } from "../../agent/worker/netlink/netlink-socket.ts";
import type { RouteOrder } from "../../agent/worker/netlink/order-executor.ts";
import { executeOrder } from "../../agent/worker/netlink/order-executor.ts";
import { readKernelState } from "../../agent/worker/netlink/state-reader.ts";
import { chosen, gatewaysNow, path, policy, selector } from "./routing.ts";

const DEVICES = ["wan0", "wan1", "tun0"];

export interface StepReport {
  readonly step: string;
  /** Commands that it took. */
  readonly written: number;
  /** Refusals of the kernel or of the worker. */
  readonly refused: readonly string[];
  /** Commands that are still needed afterwards. */
  readonly left: readonly string[];
}

function planFor(active: string): RoutePlan {
  const order = ["fiber", "lte", "tunnel"];
  const choice = chosen(active, order);
  const selectors = [
    selector({ to: "default" }),
    selector({ to: "203.0.113.0/24", iif: "lan" }),
    selector({ to: "2001:db8::/32" }),
    selector({ from: "10.9.0.0/24", fwmark: { mark: 0x100, mask: 0xff00 } }),
    selector({ fwmark: { mark: 0x8000_0000, mask: 0xffff_ffff } }),
    selector({ iif: "lo", from: "fd99::/64" }),
  ];
  const both = { 4: choice, 6: choice };
  return {
    paths: [
      path(1, "fiber", "wan0"),
      path(200, "lte", "wan1", "192.0.2.254"),
      path(3, "tunnel", "tun0", "none"),
    ],
    policies: [policy({ slot: 60, selectors, order, choice: both, allDown: "unreachable" })],
  };
}

const opened = NetlinkSocket.open(NETLINK_ROUTE);
if (opened.kind === "refused") throw new Error(`cannot open netlink: ${opened.errno}`);
const socket = opened.value;
const ports = { socket, now: () => 0, indexOf: interfaceIndex };
const byCommands = process.argv[2] === "commands";
const reports: StepReport[] = [];
let memory: readonly RememberedLink[] = [];

function facts() {
  const state = readKernelState(socket, { devices: DEVICES, learnTables: [254] });
  if (state.problems.length > 0) throw new Error(state.problems.join("; "));
  return state;
}

function carryOut(operations: readonly RouteOperation[]): readonly string[] {
  if (byCommands) {
    return asIpCommands(operations, facts().links).flatMap((line) => {
      const { exitCode, stderr } = Bun.spawnSync(line.split(" "));
      return exitCode === 0 ? [] : [`${line}: ${stderr.toString().trim()}`];
    });
  }
  return operations.flatMap((operation) => {
    // Every operation is an order as it stands.
    const order: RouteOrder & NetOrder = operation;
    const outcome = executeOrder(ports, order);
    return outcome.kind === "done" ? [] : [`${JSON.stringify(operation)}: ${outcome.words}`];
  });
}

function step(
  name: string,
  operations: readonly RouteOperation[],
  left: () => readonly RouteOperation[],
) {
  const refused = carryOut(operations);
  const rest = asIpCommands(left(), facts().links);
  reports.push({ step: name, written: operations.length, refused, left: rest });
}

function changes(plan: RoutePlan): readonly RouteOperation[] {
  const now = facts();
  return diff(desiredState(plan, now, gatewaysNow(plan.paths, now)), now);
}

function settings(): readonly RouteOperation[] {
  const now = facts();
  const planned = planLinkSettings(DEVICES, now.links, now.confs, memory);
  memory = planned.memory;
  return planned.operations;
}

const fiber = planFor("fiber");
const lte = planFor("lte");
step("settings", settings(), settings);
step("install", changes(fiber), () => changes(fiber));
step("switch", changes(lte), () => changes(lte));
step("tunnel", changes(planFor("tunnel")), () => changes(planFor("tunnel")));
for (const family of ["-4", "-6"]) Bun.spawnSync(["ip", family, "rule", "flush"]);
step("after flush", changes(lte), () => changes(lte));
step("uninstall", uninstall(facts()), () => uninstall(facts()));
const before = facts();
step("restore", restoreLinkSettings(before.links, before.confs, memory), () => []);
process.stdout.write(JSON.stringify(reports));
