/**
 * Which gateway a path has in a family, as the kernel shows it at one moment: learnt from the
 * system's own default routes through the device, or given. What a short absence means is decided
 * in gateway-hold.ts.
 */

import { unreachable } from "../domain/invariant.ts";
import type { Family, KernelHop, KernelLink, KernelRoute } from "../domain/kernel-net.ts";
import { OUR_PROTOCOL, ROUTE_TYPE, RTNH_FLAG } from "../domain/kernel-net.ts";
import { familyOf } from "../domain/prefix.ts";
import type { KernelFacts } from "./facts.ts";
import { hasUsableAddress, isUp, learnTablesOf, linkNamed } from "./facts.ts";
import type { PlannedPath } from "./plan.ts";

export type Gateway =
  /** Point to point: the device is enough. */
  | { readonly kind: "device" }
  /** 4 or 16 octets; an IPv4 route may go over an IPv6 address. */
  | { readonly kind: "via"; readonly address: Uint8Array };

/** Gateways by path id; null: none known in this family. */
export type GatewayTable = ReadonlyMap<
  string,
  { readonly 4: Gateway | null; readonly 6: Gateway | null }
>;

/** Equal for equal gateways. */
export function gatewayKey(gateway: Gateway): string {
  switch (gateway.kind) {
    case "device":
      return "device";
    case "via":
      return `via ${familyOf(gateway.address)} ${gateway.address.join(".")}`;
    default:
      return unreachable(gateway);
  }
}

export function sameGateway(a: Gateway | null, b: Gateway | null): boolean {
  return a === null || b === null ? a === b : gatewayKey(a) === gatewayKey(b);
}

/** `inUse` decides between defaults that are equal otherwise. null: no gateway at this moment. */
export function findGateway(
  facts: KernelFacts,
  path: PlannedPath,
  family: Family,
  inUse: Gateway | null,
): Gateway | null {
  const link = linkNamed(facts, path.device);
  if (!isUp(link)) return null;
  const source = path.gateway[family];
  switch (source.kind) {
    case "auto":
      return learnGateway(facts, link, family, inUse);
    case "none":
      return hasUsableAddress(facts, link.index, family) ? { kind: "device" } : null;
    case "fixed":
      return hasUsableAddress(facts, link.index, family)
        ? { kind: "via", address: source.address }
        : null;
    default:
      return unreachable(source);
  }
}

interface Finding {
  readonly gateway: Gateway;
  readonly metric: number;
  /** 0 best. */
  readonly preference: number;
}

/** The system's default route through the device with the lowest metric. */
export function learnGateway(
  facts: KernelFacts,
  link: KernelLink,
  family: Family,
  inUse: Gateway | null,
): Gateway | null {
  const findings = facts.routes
    .filter((route) => route.family === family && isLearnable(route, facts))
    .flatMap((route) => {
      const hop = hopThrough(route, link.index, facts);
      return hop === null ? [] : [findingOf(route, hop)];
    });
  const rank = ({ gateway }: Finding) => (sameGateway(gateway, inUse) ? 0 : 1);
  // The sort is stable: what is equal in all stays in dump order.
  const [best] = findings.sort(
    (a, b) => a.metric - b.metric || a.preference - b.preference || rank(a) - rank(b),
  );
  return best?.gateway ?? null;
}

/** Source-specific defaults count: OpenWrt has no others for IPv6. */
function isLearnable(route: KernelRoute, facts: KernelFacts): boolean {
  return (
    route.dstLen === 0 &&
    route.type === ROUTE_TYPE.unicast &&
    route.protocol !== OUR_PROTOCOL &&
    learnTablesOf(facts).includes(route.table)
  );
}

/** The way of a route through one device, be it its only one or one of several. */
function hopThrough(route: KernelRoute, index: number, facts: KernelFacts): KernelHop | null {
  const own = {
    gateway: route.gateway,
    viaFamily: route.viaFamily ?? route.family,
    oif: route.oif,
    flags: route.flags,
  };
  const named = route.nextHopId === undefined ? undefined : facts.nextHops?.get(route.nextHopId);
  const hops = [own, ...(route.hops ?? []), ...(named ?? [])];
  return hops.find(({ oif, flags }) => oif === index && (flags & RTNH_FLAG.dead) === 0) ?? null;
}

function findingOf(route: KernelRoute, hop: KernelHop): Finding {
  return {
    gateway: hop.gateway === null ? { kind: "device" } : { kind: "via", address: hop.gateway },
    metric: route.metric,
    preference: preferenceRank(route.preference ?? 0),
  };
}

/** RFC 4191 as the kernel numbers it: 1 high, 0 medium, 3 low. */
function preferenceRank(preference: number): number {
  if (preference === 1) return 0;
  return preference === 0 ? 1 : 2;
}
