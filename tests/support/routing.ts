/** A box with uplinks, as the kernel would show it, and plans for it: built from short texts. */

import { parseAddress } from "../../agent/domain/address.ts";
import type {
  Family,
  KernelAddress,
  KernelLink,
  KernelRoute,
  KernelRule,
} from "../../agent/domain/kernel-net.ts";
import {
  LINK_FLAG,
  ROUTE_SCOPE,
  ROUTE_TYPE,
  RULE_ACTION,
  TABLE_MAIN,
} from "../../agent/domain/kernel-net.ts";
import { familyOf, parsePrefix } from "../../agent/domain/prefix.ts";
import type { RouteMatch, Selector } from "../../agent/domain/selector.ts";
import { parseSelector } from "../../agent/domain/selector.ts";
import type { KernelFacts } from "../../agent/routing/facts.ts";
import type { Gateway, GatewayTable } from "../../agent/routing/gateway.ts";
import { findGateway } from "../../agent/routing/gateway.ts";
import type {
  FamilyChoice,
  PlannedPath,
  PlannedPolicy,
  RoutePlan,
} from "../../agent/routing/plan.ts";
import { gatewaySources } from "../../agent/routing/plan.ts";

export function bytes(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === null) throw new Error(`no address: ${text}`);
  return address.bytes;
}

const ALIVE = LINK_FLAG.up | LINK_FLAG.running | LINK_FLAG.lowerUp;

export function link(index: number, name: string, more: Partial<KernelLink> = {}): KernelLink {
  const counts = { carrierUps: 1, carrierDowns: 0, operstate: 6 };
  return { index, name, flags: ALIVE, hasCarrier: true, ...counts, ...more };
}

export const NO_CARRIER: Partial<KernelLink> = { flags: LINK_FLAG.up, hasCarrier: false };
export const ADMIN_DOWN: Partial<KernelLink> = { flags: 0, hasCarrier: false };
export const TUNNEL: Partial<KernelLink> = { flags: ALIVE | LINK_FLAG.pointToPoint };

/** `text`: address/length, as on a device. */
export function own(index: number, text: string, peer?: string): KernelAddress {
  const [address = "", length = ""] = text.split("/");
  const octets = bytes(address);
  const base = { index, address: octets, family: familyOf(octets), scope: 0, flags: 0 };
  const prefixLen = Number(length);
  return peer === undefined ? { ...base, prefixLen } : { ...base, prefixLen, peer: bytes(peer) };
}

/** A route of the system, in main unless said otherwise. */
export function route(family: Family, more: Partial<KernelRoute> = {}): KernelRoute {
  return {
    family,
    table: TABLE_MAIN,
    dst: null,
    dstLen: 0,
    srcLen: 0,
    gateway: null,
    oif: null,
    metric: 0,
    protocol: 16,
    scope: ROUTE_SCOPE.universe,
    type: ROUTE_TYPE.unicast,
    flags: 0,
    ...more,
  };
}

export function defaultVia(oif: number, gateway: string, more: Partial<KernelRoute> = {}) {
  const octets = bytes(gateway);
  return route(familyOf(octets), { gateway: octets, oif, ...more });
}

export function towards(prefix: string, more: Partial<KernelRoute> = {}): KernelRoute {
  const parsed = parsePrefix(prefix);
  if (parsed === null) throw new Error(`no prefix: ${prefix}`);
  return route(parsed.family, { dst: parsed.bytes, dstLen: parsed.length, ...more });
}

export function rule(family: Family, priority: number, more: Partial<KernelRule> = {}): KernelRule {
  return {
    family,
    priority,
    table: TABLE_MAIN,
    action: RULE_ACTION.toTable,
    protocol: 2,
    from: null,
    fromLen: 0,
    to: null,
    toLen: 0,
    iif: null,
    oif: null,
    fwmark: 0,
    fwmask: 0,
    suppressPrefixLen: null,
    ...more,
  };
}

/** The three rules that every system has. */
export function systemRules(family: Family): readonly KernelRule[] {
  const tables = [
    [0, 255],
    [32_766, 254],
    [32_767, 253],
  ] as const;
  return tables
    .filter(([, table]) => family === 4 || table !== 253)
    .map(([priority, table]) => rule(family, priority, { table }));
}

export function selector(match: Partial<RouteMatch>): Selector {
  const parsed = parseSelector({ from: null, to: null, fwmark: null, iif: null, ...match });
  if (parsed === null) throw new Error(`no selector: ${JSON.stringify(match)}`);
  return parsed;
}

export function path(
  slot: number,
  id: string,
  device: string,
  gateway: string = "auto",
): PlannedPath {
  return { id, slot, device, gateway: gatewaySources(gateway) };
}

export function chosen(
  active: string | null,
  candidates: readonly string[] = [],
  isAllDown = false,
): FamilyChoice {
  return { active, candidates, isAllDown };
}

export function policy(more: Partial<PlannedPolicy> = {}): PlannedPolicy {
  const choice = chosen("fiber", ["lte"]);
  return {
    id: 1,
    slot: 0,
    isEnabled: true,
    selectors: [selector({ to: "default" })],
    ipv6: "nat",
    order: ["fiber", "lte"],
    allDown: "hold",
    choice: { 4: choice, 6: choice },
    ...more,
  };
}

/** Index 2 is wan0 with 10.1.0.2 and gateway .1, index 3 is wan1 with 10.2.0.2; IPv6 alike. */
export function box(more: Partial<KernelFacts> = {}): KernelFacts {
  return {
    links: [link(1, "lo"), link(2, "wan0"), link(3, "wan1"), link(4, "lan")],
    addresses: [
      own(2, "10.1.0.2/24"),
      own(2, "fd11::2/64"),
      own(2, "fe80::2/64"),
      own(3, "10.2.0.2/24"),
      own(3, "fd12::2/64"),
      own(4, "10.9.0.1/24"),
    ],
    routes: [
      defaultVia(2, "10.1.0.1", { metric: 100 }),
      defaultVia(3, "10.2.0.1", { metric: 200 }),
      defaultVia(2, "fd11::1", { metric: 1024 }),
      defaultVia(3, "fe80::1", { metric: 1024 }),
    ],
    rules: [...systemRules(4), ...systemRules(6)],
    ...more,
  };
}

export const PATHS: readonly PlannedPath[] = [path(1, "fiber", "wan0"), path(2, "lte", "wan1")];

export function plan(more: Partial<RoutePlan> = {}): RoutePlan {
  return { paths: PATHS, policies: [policy()], ...more };
}

/** What is seen at this moment, without any hold. */
export function gatewaysNow(paths: readonly PlannedPath[], facts: KernelFacts): GatewayTable {
  const find = (one: PlannedPath, family: Family): Gateway | null =>
    findGateway(facts, one, family, null);
  return new Map(paths.map((one) => [one.id, { 4: find(one, 4), 6: find(one, 6) }]));
}
