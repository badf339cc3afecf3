/**
 * One switch: the route of the active path is replaced by one message, read back, and then the
 * connections of the path that was left are reset if the policy says so. What shows beforehand that
 * it cannot be done (no device, no carrier, no gateway) is refused without a write.
 */

import type { Family, KernelRoute } from "../../domain/kernel-net.ts";
import { isLinkAlive, POLICY_TABLE_BASE } from "../../domain/kernel-net.ts";
import { isCatchAll } from "../../domain/selector.ts";
import type { Instant } from "../../domain/units.ts";
import { instant } from "../../domain/units.ts";
import type { SwitchOrder } from "../../engine/failover/effect.ts";
import { linkNamed } from "../../routing/facts.ts";
import type { PlannedPolicy, RoutePlan } from "../../routing/plan.ts";
import { routedSelectors } from "../../routing/plan.ts";
import { defaultRoute, METRIC_ACTIVE } from "../../routing/route-forms.ts";
import type { OrderOutcome, Prefix } from "../../wire/net-frames.ts";
import type { Log } from "../ports.ts";
import type { OrderLine } from "./order-line.ts";
import type { RouteKeeper } from "./route-keeper.ts";

export interface RouteSwitchParts {
  readonly log: Log;
  readonly orders: OrderLine;
  readonly keeper: RouteKeeper;
}

export type SwitchResult =
  /** `at`: when the route was read back; null: not told. */
  | { readonly kind: "switched"; readonly at: Instant | null }
  /** The policy only reports in this family. */
  | { readonly kind: "not-routed" }
  | { readonly kind: "rejected"; readonly words: string };

/**
 * Addresses that nobody routes: of the IETF's protocol assignments (RFC 6890) and of the retired
 * ORCHIDv2 block. Only looked up, never sent to.
 */
const CANARY = {
  4: Uint8Array.of(192, 0, 0, 171),
  6: Uint8Array.of(0x20, 0x01, 0, 0x20, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
} as const;

export class RouteSwitch {
  readonly #parts: RouteSwitchParts;

  constructor(parts: RouteSwitchParts) {
    this.#parts = parts;
  }

  /** `conclude` is called once, perhaps at once; not if the worker ends meanwhile. */
  perform(order: SwitchOrder, conclude: (result: SwitchResult) => void): void {
    const { keeper, orders } = this.#parts;
    if (!keeper.isRouted(order.policy, order.family)) {
      conclude({ kind: "not-routed" });
      return;
    }
    const { plan } = keeper;
    const policy = plan.policies.find(({ id }) => id === order.policy);
    const route = this.#routeOf(order, plan, policy);
    if (typeof route === "string" || policy === undefined) {
      conclude({ kind: "rejected", words: String(route) });
      return;
    }
    keeper.gate.hold();
    const canary = canaryOf(policy, order.family);
    orders.order({ kind: "switch-route", route, canary }, (outcome) => {
      keeper.gate.release();
      if (outcome.kind === "done") this.#succeed(order, route, outcome);
      // It may have been written before it was found wanting: the kernel is read, and set right.
      else orders.order({ kind: "report" }, () => {});
      conclude(outcome.kind === "done" ? switched(outcome) : refusal(outcome));
    });
  }

  /** A sentence when it cannot be written. */
  #routeOf(
    { to, family }: SwitchOrder,
    plan: RoutePlan,
    policy: PlannedPolicy | undefined,
  ): KernelRoute | string {
    const { keeper, orders } = this.#parts;
    const { facts } = keeper;
    if (!orders.isOpen) return "no worker runs";
    if (facts === null) return keeper.problems[0] ?? "the kernel's routes were not read yet";
    if (policy === undefined) return "no routing table is left for the policy";
    const path = plan.paths.find(({ id }) => id === to);
    if (path === undefined) return `want an interface for path ${to}`;
    const link = linkNamed(facts, path.device);
    if (link === null) return `interface ${path.device} is missing`;
    if (!isLinkAlive(link)) {
      return `${path.device} ${link.hasCarrier ? "is down" : "has no carrier"}`;
    }
    const gateway = keeper.gatewayOf(to, family);
    if (gateway === null) return `no IPv${family} gateway is known on ${path.device}`;
    const place = { family, table: POLICY_TABLE_BASE + policy.slot, metric: METRIC_ACTIVE };
    return defaultRoute(place, link, gateway, facts);
  }

  #succeed(
    order: SwitchOrder,
    route: KernelRoute,
    { shadowedByTable }: Extract<OrderOutcome, { kind: "done" }>,
  ): void {
    const { keeper, log } = this.#parts;
    if (shadowedByTable !== null) {
      const fields = { policy: order.policy, table: shadowedByTable };
      log.warn("traffic does not follow the switch: another table is asked before", fields);
    }
    keeper.noteSwitched(route);
    if (order.flows === "reset") this.#resetFlows(order);
  }

  /** By the former addresses of the path; only translated flows carry them. */
  #resetFlows({ from, policy: id, family }: SwitchOrder): void {
    const { keeper, orders, log } = this.#parts;
    const { plan } = keeper;
    const policy = plan.policies.find((one) => one.id === id);
    if (from === null || policy === undefined || !keeper.canResetFlows) return;
    for (const scope of this.#scopesOf(policy, from, family)) {
      for (const address of keeper.addresses.of(from, family)) {
        orders.order({ kind: "delete-flows", flows: { family, address, ...scope } }, (outcome) => {
          if (outcome.kind === "done") return;
          log.warn("connections of the path that was left are not reset", { why: outcome.words });
        });
      }
    }
  }

  /** All flows of the path, unless another policy stays there: then those of this policy only. */
  #scopesOf(
    policy: PlannedPolicy,
    from: string,
    family: Family,
  ): readonly { readonly from: Prefix | null; readonly to: Prefix | null }[] {
    const isShared = this.#parts.keeper.plan.policies.some(
      (one) => one.id !== policy.id && one.isEnabled && one.choice[family].active === from,
    );
    if (!isShared) return [{ from: null, to: null }];
    const selectors = routedSelectors(policy, family);
    const unclear = selectors.filter(({ fwmask, iif }) => fwmask !== 0 || iif !== null);
    if (unclear.length > 0) {
      const why = "its selectors use fwmark or iif, which flows do not tell";
      this.#parts.log.info("connections are kept", { policy: policy.id, why });
    }
    return selectors
      .filter((one) => !unclear.includes(one))
      .map(({ from: source, to }) => ({ from: prefixOf(source), to: prefixOf(to) }));
  }
}

type SelectorPrefix = PlannedPolicy["selectors"][number]["from"];

function prefixOf(prefix: SelectorPrefix): Prefix | null {
  return prefix === null ? null : { address: prefix.bytes, length: prefix.length };
}

/** Only the policy that takes the rest is asked by a lookup; the others by a look at the table. */
function canaryOf(policy: PlannedPolicy, family: Family): Uint8Array | null {
  return routedSelectors(policy, family).some(isCatchAll) ? CANARY[family] : null;
}

function switched({ atUs }: Extract<OrderOutcome, { kind: "done" }>): SwitchResult {
  return { kind: "switched", at: atUs === undefined ? null : instant(atUs) };
}

function refusal(outcome: Extract<OrderOutcome, { kind: "rejected" }>): SwitchResult {
  const { reason, words } = outcome;
  return { kind: "rejected", words: reason === "kernel" ? `the kernel says: ${words}` : words };
}
