/**
 * What the kernel says about links, addresses, routes and rules, as plain values, and the ranges of
 * it that are ours. Both sides of the wire use them: the worker reads and writes them, the planner
 * compares them. Addresses are 4 or 16 octets in network order; numbers are the kernel's own.
 */

export type Family = 4 | 6;

/** One next hop of a multipath route. */
export interface KernelHop {
  readonly gateway: Uint8Array | null;
  /** Family of `gateway`. */
  readonly viaFamily: Family;
  readonly oif: number | null;
  /** RTNH_FLAG. */
  readonly flags: number;
}

export interface KernelRoute {
  readonly family: Family;
  readonly table: number;
  /** null: the default route of `dstLen` 0. */
  readonly dst: Uint8Array | null;
  readonly dstLen: number;
  /** > 0: a source-specific route (IPv6 only). */
  readonly srcLen: number;
  readonly src?: Uint8Array;
  /** null: point to point, or a multipath or typed route. */
  readonly gateway: Uint8Array | null;
  /** Family of `gateway`; absent: that of the route. */
  readonly viaFamily?: Family;
  /** Interface index; null: none (multipath, unreachable). */
  readonly oif: number | null;
  /** Lower wins; IPv6 shows 1024 for a route added without one. */
  readonly metric: number;
  /** Who installed it; ours is OUR_PROTOCOL. */
  readonly protocol: number;
  /** ROUTE_SCOPE. */
  readonly scope: number;
  /** ROUTE_TYPE. */
  readonly type: number;
  /** RTNH_FLAG, and RTM_F_* above bit 8. */
  readonly flags: number;
  /** IPv6 router preference of RFC 4191 as the kernel numbers it: 1 high, 0 medium, 3 low. */
  readonly preference?: number;
  /** A nexthop object's id instead of gateway and device. */
  readonly nextHopId?: number;
  /** At least one hop; absent: not multipath. */
  readonly hops?: readonly KernelHop[];
  /** RTA_PREFSRC: foreign routes only, ours never have it. */
  readonly preferredSource?: Uint8Array;
}

export interface KernelRule {
  readonly family: Family;
  readonly priority: number;
  readonly table: number;
  /** RULE_ACTION. */
  readonly action: number;
  readonly protocol: number;
  readonly from: Uint8Array | null;
  readonly fromLen: number;
  readonly to: Uint8Array | null;
  readonly toLen: number;
  readonly iif: string | null;
  readonly oif: string | null;
  /** 0 with `fwmask` 0: no mark is looked at. */
  readonly fwmark: number;
  readonly fwmask: number;
  /** Routes of at most this length do not count; null: all do. */
  readonly suppressPrefixLen: number | null;
  /** FIB_RULE_* (2: inverted, 8 and 16: the device is missing); absent: 0. */
  readonly flags?: number;
}

export interface KernelLink {
  readonly index: number;
  readonly name: string;
  /** LINK_FLAG. */
  readonly flags: number;
  readonly hasCarrier: boolean;
  /** How often the carrier came and went: a bounce between two reads shows here. */
  readonly carrierUps: number;
  readonly carrierDowns: number;
  /** RFC 2863: 2 down, 5 dormant, 6 up, 0 unknown. */
  readonly operstate: number;
  /** e.g. `veth`, `tun`, `wireguard`; null: hardware. */
  readonly kind?: string | null;
}

export interface KernelAddress {
  /** Interface index. */
  readonly index: number;
  readonly family: Family;
  readonly address: Uint8Array;
  readonly prefixLen: number;
  /** ROUTE_SCOPE. */
  readonly scope: number;
  /** ADDRESS_FLAG. */
  readonly flags: number;
  /** The far end of a point-to-point address: the connected prefix is the peer's. */
  readonly peer?: Uint8Array;
}

/** FRA_PROTOCOL and rtm_protocol of everything we install. */
export const OUR_PROTOCOL = 158;
export const TABLE_MAIN = 254;
/** Policy slot 0..60 and path slot 1..200 are offsets from these tables. */
export const POLICY_TABLE_BASE = 158;
export const POLICY_SLOT_MAX = 60;
export const PATH_TABLE_BASE = 1000;
export const PATH_SLOT_MAX = 200;
/** Priorities of the four rules of path slot N begin at PATH_RULE_BASE + 4 N. */
export const PATH_RULE_BASE = 1000;
/** `to PREFIX` pairs, then the look into main, the other selectors, the one default policy. */
export const POLICY_RULE_FIRST = 29_000;
export const POLICY_RULE_LAST = 32_000;

export const ROUTE_TYPE = { unicast: 1, local: 2, blackhole: 6, unreachable: 7 } as const;
export const ROUTE_SCOPE = { universe: 0, link: 253, host: 254 } as const;
export const RULE_ACTION = { toTable: 1, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
export const RTNH_FLAG = { dead: 1, onlink: 4, linkdown: 16 } as const;
export const LINK_FLAG = {
  up: 1,
  loopback: 8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
  lowerUp: 0x1_0000,
} as const;
export const ADDRESS_FLAG = { secondary: 1, deprecated: 0x20, tentative: 0x40 } as const;

/** Up by the operator's will, and able to carry packets. */
export function isLinkAlive(link: KernelLink): boolean {
  const all = LINK_FLAG.up | LINK_FLAG.running | LINK_FLAG.lowerUp;
  return link.hasCarrier && (link.flags & all) === all;
}

/** Needs no gateway: packets go out without asking for a neighbour. */
export function needsNoGateway(link: KernelLink): boolean {
  return (link.flags & (LINK_FLAG.pointToPoint | LINK_FLAG.noArp)) !== 0;
}

/** A policy table or a path table. */
export function isOurTable(table: number): boolean {
  return (
    (table >= POLICY_TABLE_BASE && table <= POLICY_TABLE_BASE + POLICY_SLOT_MAX) ||
    (table >= PATH_TABLE_BASE && table <= PATH_TABLE_BASE + PATH_SLOT_MAX)
  );
}

/** A priority of a path's rules or of the policies. */
export function isOurPriority(priority: number): boolean {
  const pathLast = PATH_RULE_BASE + 4 * PATH_SLOT_MAX + 3;
  return (
    (priority >= PATH_RULE_BASE && priority <= pathLast) ||
    (priority >= POLICY_RULE_FIRST && priority <= POLICY_RULE_LAST)
  );
}
