/**
 * Flow entries of conntrack on the wire (NETLINK_NETFILTER): struct nfgenmsg (u8 family, version,
 * u16 resource), linux/netfilter/nfnetlink_conntrack.h. A flow that the kernel translates carries
 * its uplink in the reply destination; deleting the entry makes the next packet choose anew.
 */

import type { Family } from "../domain/kernel-net.ts";
import type { Attributes, NetlinkMessage } from "./netlink.ts";
import {
  attribute,
  attribute32,
  message,
  NESTED,
  NLM_F,
  nest,
  read8,
  readAttributes,
  readNested,
  readOctets,
} from "./netlink.ts";
import { ADDRESS_OCTETS, AF, familyOf } from "./netlink-route.ts";

/** Subsystem 1 in the high octet. */
export const CONNTRACK = { entry: 0x100, get: 0x101, remove: 0x102, stats: 0x105 } as const;

const NFGENMSG = 4;
const CTA = { tupleOrig: 1, tupleReply: 2, id: 12, zone: 18, filter: 25 } as const;
const CTA_TUPLE = { ip: 1, protocol: 2 } as const;
const CTA_IP = { 4: { src: 1, dst: 2 }, 6: { src: 3, dst: 4 } } as const;
const CTA_PROTOCOL_NUMBER = 1;
const CTA_FILTER_REPLY_FLAGS = 2;
/** CTA_FILTER_FLAG(CTA_IP_DST): of the reply tuple only the destination is compared. */
const FILTER_DESTINATION = 2;

export interface FlowEntry {
  readonly family: Family;
  /** IP protocol number. */
  readonly protocol: number;
  readonly origSource: Uint8Array;
  readonly origDestination: Uint8Array;
  readonly replySource: Uint8Array;
  /** Our address on the uplink, if the flow is translated. */
  readonly replyDestination: Uint8Array;
  /** The attributes that name this entry and no other, as the kernel wrote them. */
  readonly identity: readonly Uint8Array[];
}

// --- requests ------------------------------------------------------------------------------------

/** The least privileged question there is: an error means that flows cannot be handled here. */
export function encodeConntrackStats(): Uint8Array {
  return message(CONNTRACK.stats, NLM_F.ack, [nfgenmsg(null)]);
}

/**
 * Deletes every IPv4 flow whose replies come to `address`. Never for IPv6: there the kernel's
 * comparison is inverted, and flows of other addresses would go.
 */
export function encodeFlowDelete4(address: Uint8Array): Uint8Array {
  const ip = nest(CTA_TUPLE.ip | NESTED, [attribute(CTA_IP[4].dst, address)]);
  return message(CONNTRACK.remove, NLM_F.ack, [
    nfgenmsg(4),
    nest(CTA.tupleReply | NESTED, [ip]),
    nest(CTA.filter | NESTED, [attribute32(CTA_FILTER_REPLY_FLAGS, FILTER_DESTINATION)]),
  ]);
}

export function encodeFlowDump(family: Family): Uint8Array {
  return message(CONNTRACK.get, NLM_F.dump, [nfgenmsg(family)]);
}

/** ENOENT (2) when the flow ended meanwhile. */
export function encodeFlowDelete(flow: FlowEntry): Uint8Array {
  return message(CONNTRACK.remove, NLM_F.ack, [nfgenmsg(flow.family), ...flow.identity]);
}

function nfgenmsg(family: Family | null): Uint8Array {
  return Uint8Array.of(family === null ? 0 : AF[family], 0, 0, 0);
}

// --- answers -------------------------------------------------------------------------------------

/** One entry of a dump; null: malformed or another family. */
export function decodeFlow({ type, body }: NetlinkMessage): FlowEntry | null {
  if (type !== CONNTRACK.entry) return null;
  const family = familyOf(body[0]);
  if (family === null) return null;
  const attributes = readAttributes(body, NFGENMSG);
  if (attributes === null) return null;
  const orig = readTuple(family, attributes, CTA.tupleOrig);
  const reply = readTuple(family, attributes, CTA.tupleReply);
  if (orig === null || reply === null) return null;
  return {
    family,
    protocol: orig.protocol,
    origSource: orig.source,
    origDestination: orig.destination,
    replySource: reply.source,
    replyDestination: reply.destination,
    identity: identityOf(attributes),
  };
}

interface Tuple {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
}

function readTuple(family: Family, attributes: Attributes, type: number): Tuple | null {
  const tuple = readNested(attributes, type);
  const ip = tuple && readNested(tuple, CTA_TUPLE.ip);
  const layer4 = tuple && readNested(tuple, CTA_TUPLE.protocol);
  if (!ip || !layer4) return null;
  const octets = ADDRESS_OCTETS[family];
  const source = readOctets(ip, CTA_IP[family].src, octets);
  const destination = readOctets(ip, CTA_IP[family].dst, octets);
  const protocol = read8(layer4, CTA_PROTOCOL_NUMBER, null);
  return source && destination && protocol !== null ? { source, destination, protocol } : null;
}

function identityOf(attributes: Attributes): Uint8Array[] {
  const copy = (type: number, flags: number): Uint8Array[] => {
    const payload = attributes.get(type);
    return payload === undefined ? [] : [attribute(type | flags, payload)];
  };
  return [...copy(CTA.tupleOrig, NESTED), ...copy(CTA.id, 0), ...copy(CTA.zone, 0)];
}
