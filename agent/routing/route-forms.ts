/**
 * Routes as we write them: always a default, never a preferred source (a route with one outlives
 * the deleted address and goes on using it), and when two routes are the same one.
 */

import { isLinkLocal } from "../domain/gateways.ts";
import type { Family, KernelLink, KernelRoute } from "../domain/kernel-net.ts";
import { OUR_PROTOCOL, ROUTE_SCOPE, ROUTE_TYPE, RTNH_FLAG } from "../domain/kernel-net.ts";
import { familyOf, holdsAddress, prefixOf } from "../domain/prefix.ts";
import type { KernelFacts } from "./facts.ts";
import { learnTablesOf } from "./facts.ts";
import type { Gateway } from "./gateway.ts";
import { gatewayKey } from "./gateway.ts";

export const METRIC_ACTIVE = 1;
/** Candidate i of the policy has METRIC_CANDIDATE + i. */
export const METRIC_CANDIDATE = 101;
export const METRIC_UNREACHABLE = 4000;

export interface RoutePlace {
  readonly family: Family;
  readonly table: number;
  readonly metric: number;
}

function plainDefault({ family, table, metric }: RoutePlace): KernelRoute {
  return {
    family,
    table,
    metric,
    dst: null,
    dstLen: 0,
    srcLen: 0,
    gateway: null,
    oif: null,
    protocol: OUR_PROTOCOL,
    scope: ROUTE_SCOPE.universe,
    type: ROUTE_TYPE.unicast,
    flags: 0,
  };
}

export function unreachableRoute(place: RoutePlace): KernelRoute {
  return { ...plainDefault(place), type: ROUTE_TYPE.unreachable };
}

/** The default route through a device and, unless it is point to point, a gateway. */
export function defaultRoute(
  place: RoutePlace,
  link: KernelLink,
  gateway: Gateway,
  facts: KernelFacts,
): KernelRoute {
  const route = { ...plainDefault(place), oif: link.index };
  if (gateway.kind === "device") {
    // The kernel reports every IPv6 route with scope universe.
    return place.family === 4 ? { ...route, scope: ROUTE_SCOPE.link } : route;
  }
  const viaFamily = familyOf(gateway.address);
  const isNear = isLinkLocal(gateway.address) || isOnLink(facts, link, gateway.address);
  return {
    ...route,
    gateway: gateway.address,
    ...(viaFamily === place.family ? {} : { viaFamily }),
    flags: isNear ? 0 : RTNH_FLAG.onlink,
  };
}

/**
 * A connected prefix of the device holds the address. ONLINK is for gateways outside of all of
 * them only: with it IPv4 accepts even a gateway that lives on another device, so that a typing
 * error becomes a black hole.
 */
export function isOnLink(facts: KernelFacts, link: KernelLink, address: Uint8Array): boolean {
  const byAddress = facts.addresses.some(
    (own) =>
      own.index === link.index &&
      holdsAddress(prefixOf(own.peer ?? own.address, own.prefixLen), address),
  );
  return (
    byAddress ||
    facts.routes.some(
      ({ oif, table, type, gateway, dst, dstLen, hops }) =>
        oif === link.index &&
        learnTablesOf(facts).includes(table) &&
        type === ROUTE_TYPE.unicast &&
        gateway === null &&
        hops === undefined &&
        dst !== null &&
        dstLen > 0 &&
        holdsAddress(prefixOf(dst, dstLen), address),
    )
  );
}

/** What one route of a table is told apart by: a REPLACE hits the route with the same place. */
export function placeKey({ family, table, metric, dst, dstLen, srcLen, src }: KernelRoute): string {
  const source = srcLen === 0 ? "" : `${src?.join(".")}/${srcLen}`;
  const destination = dstLen === 0 ? "" : `${dst?.join(".")}/${dstLen}`;
  return [family, table, metric, destination, source].join(" ");
}

/**
 * The same place and the same way. Scope is not compared (IPv6 knows none), nor flags that tell of
 * the link, nor the device `lo` that IPv6 shows for an unreachable route.
 */
export function sameRoute(a: KernelRoute, b: KernelRoute): boolean {
  return placeKey(a) === placeKey(b) && wayKey(a) === wayKey(b);
}

function wayKey(route: KernelRoute): string {
  if (route.type !== ROUTE_TYPE.unicast) return `type ${route.type}`;
  const gateway = route.gateway === null ? "" : gatewayKey({ kind: "via", address: route.gateway });
  const source = route.preferredSource?.join(".") ?? "";
  const onlink = route.flags & RTNH_FLAG.onlink;
  return [gateway, route.oif, onlink, source, route.hops?.length, route.nextHopId].join(" ");
}
