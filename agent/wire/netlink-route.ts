/**
 * Routes on the wire: struct rtmsg (u8 family, dst_len, src_len, tos, table, protocol, scope, type,
 * u32 flags) and its attributes, linux/rtnetlink.h. One NEWROUTE with CREATE and REPLACE is the
 * whole of a switch: it matches table, prefix and metric, whoever owns the route there.
 */

import type { Family, KernelHop, KernelRoute } from "../domain/kernel-net.ts";
import type { Attributes, NetlinkMessage } from "./netlink.ts";
import {
  attribute,
  attribute8,
  attribute32,
  message,
  NLM_F,
  octetsOf32,
  read8,
  read32,
  readAttributes,
  readOctets,
} from "./netlink.ts";

export const RTM_ROUTE = { create: 24, remove: 25, get: 26 } as const;

const RTMSG = 12;
const RTNEXTHOP = 8;
const RTA = {
  dst: 1,
  src: 2,
  oif: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  multipath: 9,
  table: 15,
  via: 18,
  preference: 20,
  nextHopId: 30,
} as const;

/** RTM_F_CLONED: an entry of the cache, not a route. */
const CLONED = 0x200;
const FIB_MATCH = 0x2000;
const LOOKUP_TABLE = 0x1000;

export const AF = { 4: 2, 6: 10 } as const;
export const ADDRESS_OCTETS = { 4: 4, 6: 16 } as const;

/** null: not a family that we route. */
export function familyOf(code: number | undefined): Family | null {
  return code === AF[4] ? 4 : code === AF[6] ? 6 : null;
}

// --- writing -------------------------------------------------------------------------------------

/** Installs the route, or replaces that of the same table, prefix and metric: flags 0x505. */
export function encodeRouteReplace(route: KernelRoute): Uint8Array {
  const flags = NLM_F.ack | NLM_F.create | NLM_F.replace;
  return message(RTM_ROUTE.create, flags, routeParts(route));
}

/** Removes the route; every field of it must match. */
export function encodeRouteDelete(route: KernelRoute): Uint8Array {
  return message(RTM_ROUTE.remove, NLM_F.ack, routeParts(route));
}

/** All routes of a family, or of one table of it (needs strict checking on the socket). */
export function encodeRouteDump(family: Family, table: number | null): Uint8Array {
  const head = new Uint8Array(RTMSG);
  head[0] = AF[family];
  const parts = table === null ? [head] : [head, attribute32(RTA.table, table)];
  return message(RTM_ROUTE.get, NLM_F.dump, parts);
}

/**
 * Which route a packet to `destination` takes. Without FIB_MATCH the answer is the resolved cache
 * entry; LOOKUP_TABLE with IPv6 and strict checking is EINVAL, the table comes back anyway.
 */
export function encodeRouteLookup(family: Family, destination: Uint8Array): Uint8Array {
  const head = new Uint8Array(RTMSG);
  head[0] = AF[family];
  head[1] = 8 * ADDRESS_OCTETS[family];
  const flags = family === 4 ? FIB_MATCH | LOOKUP_TABLE : FIB_MATCH;
  new DataView(head.buffer).setUint32(8, flags, true);
  return message(RTM_ROUTE.get, 0, [head, attribute(RTA.dst, destination)]);
}

function routeParts(route: KernelRoute): Uint8Array[] {
  const parts = [routeHead(route), attribute32(RTA.table, route.table)];
  if (route.dst !== null && route.dstLen > 0) parts.push(attribute(RTA.dst, route.dst));
  if (route.src !== undefined && route.srcLen > 0) parts.push(attribute(RTA.src, route.src));
  if (route.gateway !== null) parts.push(gatewayPart(route.family, route, route.gateway));
  if (route.oif !== null) parts.push(attribute32(RTA.oif, route.oif));
  parts.push(attribute32(RTA.priority, route.metric));
  if (route.preference !== undefined) parts.push(attribute8(RTA.preference, route.preference));
  if (route.nextHopId !== undefined) parts.push(attribute32(RTA.nextHopId, route.nextHopId));
  if (route.hops !== undefined) parts.push(multipathPart(route.family, route.hops));
  return parts;
}

function routeHead(route: KernelRoute): Uint8Array {
  const head = new Uint8Array(RTMSG);
  head.set([AF[route.family], route.dstLen, route.srcLen, 0]);
  // Numbers above a byte stand in RTA_TABLE alone; 0 is "unspecified" here.
  head.set([route.table < 256 ? route.table : 0, route.protocol, route.scope, route.type], 4);
  new DataView(head.buffer).setUint32(8, route.flags, true);
  return head;
}

interface Via {
  readonly viaFamily?: Family;
}

/** A gateway of the other family goes into RTA_VIA: u16 family, then the address. */
function gatewayPart(family: Family, { viaFamily }: Via, gateway: Uint8Array): Uint8Array {
  if (viaFamily === undefined || viaFamily === family) return attribute(RTA.gateway, gateway);
  return attribute(RTA.via, Uint8Array.of(AF[viaFamily], 0, ...gateway));
}

/** struct rtnexthop: u16 length with attributes, u8 flags, u8 weight - 1, i32 interface. */
function multipathPart(family: Family, hops: readonly KernelHop[]): Uint8Array {
  const parts = hops.map((hop) => {
    const gateway =
      hop.gateway === null ? new Uint8Array(0) : gatewayPart(family, hop, hop.gateway);
    const bytes = new Uint8Array(RTNEXTHOP + gateway.byteLength);
    new DataView(bytes.buffer).setUint16(0, bytes.byteLength, true);
    bytes[2] = hop.flags;
    bytes.set(octetsOf32(hop.oif ?? 0), 4);
    bytes.set(gateway, RTNEXTHOP);
    return bytes;
  });
  return attribute(RTA.multipath, Uint8Array.from(parts.flatMap((part) => [...part])));
}

// --- reading -------------------------------------------------------------------------------------

/** A NEWROUTE or DELROUTE message; null: malformed, another family, or a cache entry. */
export function decodeRoute({ type, body }: NetlinkMessage): KernelRoute | null {
  if (type !== RTM_ROUTE.create && type !== RTM_ROUTE.remove) return null;
  const family = familyOf(body[0]);
  if (body.byteLength < RTMSG || family === null) return null;
  const flags = new DataView(body.buffer, body.byteOffset).getUint32(8, true);
  const attributes = readAttributes(body, RTMSG);
  if (attributes === null || (flags & CLONED) !== 0) return null;
  const [, dstLen = 0, srcLen = 0, , headTable = 0, protocol = 0, scope = 0, routeType = 0] = body;
  const bits = 8 * ADDRESS_OCTETS[family];
  if (dstLen > bits || srcLen > bits) return null;
  const table = read32(attributes, RTA.table, headTable);
  const metric = read32(attributes, RTA.priority, 0);
  const dst = readOctets(attributes, RTA.dst, ADDRESS_OCTETS[family]);
  const next = readHop(family, attributes);
  const extras = readExtras(family, attributes);
  if (table === null || metric === null || dst === undefined) return null;
  if (next === null || extras === null || (dst === null && dstLen > 0)) return null;
  const head = { family, table, dst, dstLen, srcLen, metric, protocol, scope, type: routeType };
  return { ...head, ...next, ...extras, flags };
}

interface Hop {
  readonly gateway: Uint8Array | null;
  readonly viaFamily?: Family;
  readonly oif: number | null;
}

/** null: malformed. */
function readHop(family: Family, attributes: Attributes): Hop | null {
  const hasDevice = attributes.has(RTA.oif);
  const oif = read32(attributes, RTA.oif, 0);
  if (oif === null) return null;
  const device = hasDevice ? oif : null;
  const via = attributes.get(RTA.via);
  if (via !== undefined) return readVia(via, device);
  const gateway = readOctets(attributes, RTA.gateway, ADDRESS_OCTETS[family]);
  return gateway === undefined ? null : { gateway, oif: device };
}

function readVia(via: Uint8Array, oif: number | null): Hop | null {
  const viaFamily = familyOf(via[0]);
  if (viaFamily === null || via[1] !== 0) return null;
  if (via.byteLength !== 2 + ADDRESS_OCTETS[viaFamily]) return null;
  return { gateway: via.slice(2), viaFamily, oif };
}

type Extras = Pick<
  KernelRoute,
  "src" | "preference" | "nextHopId" | "hops" | "preferredSource" | "viaFamily"
>;

function readExtras(family: Family, attributes: Attributes): Extras | null {
  const octets = ADDRESS_OCTETS[family];
  const src = readOctets(attributes, RTA.src, octets);
  const preferredSource = readOctets(attributes, RTA.preferredSource, octets);
  const preference = read8(attributes, RTA.preference, undefined);
  const nextHopId = read32(attributes, RTA.nextHopId, undefined);
  const multipath = attributes.get(RTA.multipath);
  const hops = multipath === undefined ? undefined : readHops(family, multipath);
  if (src === undefined || preferredSource === undefined) return null;
  if (preference === null || nextHopId === null || hops === null) return null;
  return {
    ...(src === null ? {} : { src }),
    ...(preferredSource === null ? {} : { preferredSource }),
    ...(preference === undefined ? {} : { preference }),
    ...(nextHopId === undefined ? {} : { nextHopId }),
    ...(hops === undefined ? {} : { hops }),
  };
}

/** null: malformed. */
function readHops(family: Family, payload: Uint8Array): KernelHop[] | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const hops: KernelHop[] = [];
  for (let at = 0; at < payload.byteLength; ) {
    if (at + RTNEXTHOP > payload.byteLength) return null;
    const octets = view.getUint16(at, true);
    if (octets < RTNEXTHOP || octets > payload.byteLength - at) return null;
    const attributes = readAttributes(payload.subarray(at, at + octets), RTNEXTHOP);
    const hop = attributes && readHop(family, attributes);
    if (hop === null) return null;
    const { gateway, viaFamily = family } = hop;
    const index = view.getInt32(at + 4, true);
    hops.push({ gateway, viaFamily, oif: index > 0 ? index : null, flags: payload[at + 2] ?? 0 });
    at += (octets + 3) & ~3;
  }
  return hops;
}
