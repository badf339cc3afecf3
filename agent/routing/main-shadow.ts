/**
 * Routes of main that cover everything without being a default, such as 0.0.0.0/1 and 128.0.0.0/1
 * of a VPN that takes all traffic. They win over every policy; that is the operator's will, so it
 * is reported and nothing is changed.
 */

import type { Family, KernelRoute } from "../domain/kernel-net.ts";
import { RTNH_FLAG, TABLE_MAIN } from "../domain/kernel-net.ts";
import type { Prefix } from "../domain/prefix.ts";
import { holdsPrefix, prefixOf } from "../domain/prefix.ts";
import type { KernelFacts } from "./facts.ts";

/** Full tunnels split into halves or quarters; a table of many longer prefixes is none. */
const LENGTH_MAX = 4;
/** RTN_THROW: the lookup goes on behind the table. */
const TYPE_THROW = 9;

/** All IPv4 addresses, and the global unicast ones of IPv6 (RFC 4291 2.4). */
const WHOLE: Readonly<Record<Family, Prefix>> = {
  4: prefixOf(new Uint8Array(4), 0),
  6: prefixOf(new Uint8Array(16).fill(0x20, 0, 1), 3),
};

/** The routes of main that together take all traffic of a family; empty: they do not. */
export function shadowingRoutes(facts: KernelFacts, family: Family): readonly KernelRoute[] {
  const wide = facts.routes.flatMap((route) => {
    const { dst, dstLen } = route;
    if (!isWide(route, family) || dst === null) return [];
    return [{ route, prefix: prefixOf(dst, dstLen) }];
  });
  const prefixes = wide.map(({ prefix }) => prefix);
  return isCovered(WHOLE[family], prefixes) ? wide.map(({ route }) => route) : [];
}

function isWide(route: KernelRoute, family: Family): boolean {
  return (
    route.family === family &&
    route.table === TABLE_MAIN &&
    route.type !== TYPE_THROW &&
    route.dstLen > 0 &&
    route.dstLen <= LENGTH_MAX &&
    route.srcLen === 0 &&
    (route.flags & RTNH_FLAG.dead) === 0
  );
}

function isCovered(space: Prefix, prefixes: readonly Prefix[]): boolean {
  if (prefixes.some((prefix) => holdsPrefix(prefix, space))) return true;
  if (space.length >= LENGTH_MAX) return false;
  return halves(space).every((half) => isCovered(half, prefixes));
}

function halves({ bytes, length }: Prefix): readonly Prefix[] {
  const upper = bytes.map((octet, i) =>
    i === length >> 3 ? octet | (0x80 >> (length & 7)) : octet,
  );
  return [prefixOf(bytes, length + 1), prefixOf(upper, length + 1)];
}
