/**
 * What the default routes of the system tell about an uplink: the gateway to use per device and
 * family, and whether it needs ONLINK. DHCP, PPP and router advertisements keep those routes; we
 * only read them. Routes through nexthop objects count where the kernel shows their hops (it does
 * unless nexthop_compat_mode is 0).
 */

import type { Family, KernelAddress, KernelRoute } from "./kernel-net.ts";
import { OUR_PROTOCOL, ROUTE_SCOPE, ROUTE_TYPE, RTNH_FLAG } from "./kernel-net.ts";

export interface LearntGateway {
  readonly family: Family;
  /** null: point to point, no neighbour is asked for. */
  readonly gateway: Uint8Array | null;
  /** Family of `gateway`; differs from `family` for IPv4 over an IPv6 gateway (RFC 8950). */
  readonly viaFamily: Family;
  readonly metric: number;
  readonly table: number;
}

export interface GatewayQuestion {
  readonly oif: number;
  readonly family: Family;
  readonly learnTables: readonly number[];
  /** Kept among equals; null: none yet. */
  readonly inUse: LearntGateway | null;
}

/** RFC 4191 as the kernel numbers it (ICMPV6_ROUTER_PREF): 1 high, 0 medium, 3 low. */
const PREFERENCE_RANK: Readonly<Record<number, number>> = { 1: 0, 0: 1, 3: 2 };
const MEDIUM = 0;

interface Candidate extends LearntGateway {
  readonly rank: number;
}

/** The gateway of the best default route through the device; null: there is none. */
export function learnGateway(
  routes: readonly KernelRoute[],
  question: GatewayQuestion,
): LearntGateway | null {
  const candidates = routes
    .filter((route) => isDefault(route, question))
    .flatMap((route) => candidatesOf(route, question.oif));
  const lowest = Math.min(...candidates.map(({ metric }) => metric));
  const cheapest = candidates.filter(({ metric }) => metric === lowest);
  const best = Math.min(...cheapest.map(({ rank }) => rank));
  const equals = cheapest.filter(({ rank }) => rank === best);
  const { inUse } = question;
  const chosen = equals.find((one) => inUse !== null && isSameGateway(one, inUse)) ?? equals[0];
  if (chosen === undefined) return null;
  const { rank: _, ...learnt } = chosen;
  return learnt;
}

/** Source-specific defaults count: OpenWrt has no others in IPv6. */
function isDefault(route: KernelRoute, { family, learnTables }: GatewayQuestion): boolean {
  return (
    route.family === family &&
    route.dstLen === 0 &&
    route.type === ROUTE_TYPE.unicast &&
    route.protocol !== OUR_PROTOCOL &&
    learnTables.includes(route.table)
  );
}

function candidatesOf(route: KernelRoute, oif: number): Candidate[] {
  const { family, metric, table, flags, preference = MEDIUM } = route;
  const rank = PREFERENCE_RANK[preference] ?? PREFERENCE_RANK[MEDIUM] ?? 1;
  const { gateway, viaFamily = family } = route;
  const hops = route.hops ?? [{ gateway, viaFamily, oif: route.oif, flags }];
  return hops
    .filter((hop) => hop.oif === oif && (hop.flags & RTNH_FLAG.dead) === 0)
    .map((hop) => ({
      family,
      gateway: hop.gateway,
      viaFamily: hop.viaFamily,
      metric,
      table,
      rank,
    }));
}

export function isSameGateway(a: LearntGateway, b: LearntGateway): boolean {
  return (
    a.family === b.family && a.viaFamily === b.viaFamily && isSameAddress(a.gateway, b.gateway)
  );
}

export function isSameAddress(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.byteLength === b.byteLength && a.every((octet, i) => octet === b[i]);
}

/** The fields of a default route that follow from its gateway. */
export interface NextHopFields {
  /** RTNH_FLAG. */
  readonly flags: number;
  /** ROUTE_SCOPE. */
  readonly scope: number;
}

/**
 * ONLINK only for a gateway outside every connected prefix of the device: with it the kernel takes
 * an address that lives on another device as well, and a typo becomes a black hole. Link-local ones
 * are always on the link.
 */
export function nextHopFields(
  gateway: Uint8Array | null,
  deviceAddresses: readonly KernelAddress[],
): NextHopFields {
  if (gateway === null) return { flags: 0, scope: ROUTE_SCOPE.link };
  const isReachable = isLinkLocal(gateway) || deviceAddresses.some((own) => holds(own, gateway));
  return { flags: isReachable ? 0 : RTNH_FLAG.onlink, scope: ROUTE_SCOPE.universe };
}

/** fe80::/10; the IPv4 range 169.254.0.0/16 has a connected prefix like any other. */
export function isLinkLocal(address: Uint8Array): boolean {
  return address.byteLength === 16 && address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80;
}

function holds({ address, peer, prefixLen }: KernelAddress, gateway: Uint8Array): boolean {
  return isWithin(gateway, peer ?? address, prefixLen);
}

/** False for another family. */
export function isWithin(address: Uint8Array, prefix: Uint8Array, length: number): boolean {
  if (address.byteLength !== prefix.byteLength) return false;
  const octets = length >> 3;
  for (let i = 0; i < octets; i++) if (address[i] !== prefix[i]) return false;
  const rest = length & 7;
  if (rest === 0) return true;
  const mask = 0xff & (0xff << (8 - rest));
  return (((address[octets] ?? 0) ^ (prefix[octets] ?? 0)) & mask) === 0;
}
