/**
 * Links, addresses and the two settings of a device that routing depends on: struct ifinfomsg (u8
 * family, pad, u16 type, i32 index, u32 flags, change), ifaddrmsg (u8 family, prefix length, flags,
 * scope, u32 index) and netconfmsg (u8 family), linux/if_link.h, if_addr.h, netconf.h.
 */

import type { Family, KernelAddress, KernelLink } from "../domain/kernel-net.ts";
import { LINK_FLAG } from "../domain/kernel-net.ts";
import type { NetlinkMessage } from "./netlink.ts";
import {
  attribute32,
  message,
  NLM_F,
  nest,
  octetsOf32,
  read8,
  read32,
  readAttributes,
  readNested,
  readOctets,
  readText,
} from "./netlink.ts";
import { ADDRESS_OCTETS, AF, familyOf } from "./netlink-route.ts";

export const RTM_LINK = { create: 16, remove: 17, get: 18 } as const;
export const RTM_ADDRESS = { create: 20, remove: 21, get: 22 } as const;
export const RTM_NETCONF = { create: 80, remove: 81, get: 82 } as const;

const IFINFOMSG = 16;
const IFADDRMSG = 8;
/** One octet, padded. */
const NETCONFMSG = 4;
const IFLA = {
  name: 3,
  operstate: 16,
  info: 18,
  afSpec: 26,
  carrier: 33,
  carrierUps: 47,
  carrierDowns: 48,
} as const;
const IFLA_INFO_KIND = 1;
const IFA = { address: 1, local: 2, flags: 8 } as const;
const NETCONFA = { index: 1, forwarding: 2, rpFilter: 3, ignoreLinkdown: 6 } as const;
/** IFLA_INET_CONF and the numbers of enum IPV4_DEVCONF inside it. */
const INET_CONF = 1;
const DEVCONF = { rpFilter: 8, ignoreLinkdown: 29 } as const;

// --- requests ------------------------------------------------------------------------------------

export function encodeLinkDump(): Uint8Array {
  return message(RTM_LINK.get, NLM_F.dump, [new Uint8Array(IFINFOMSG)]);
}

/** One device; answered by its NEWLINK. */
export function encodeLinkRequest(index: number): Uint8Array {
  const head = new Uint8Array(IFINFOMSG);
  head.set(octetsOf32(index), 4);
  return message(RTM_LINK.get, 0, [head]);
}

export function encodeAddressDump(family: Family): Uint8Array {
  const head = new Uint8Array(IFADDRMSG);
  head[0] = AF[family];
  return message(RTM_ADDRESS.get, NLM_F.dump, [head]);
}

/** Interface index, or NETCONF_ALL. */
export function encodeNetconfRequest(family: Family, index: number): Uint8Array {
  const head = new Uint8Array(NETCONFMSG);
  head[0] = AF[family];
  return message(RTM_NETCONF.get, 0, [head, attribute32(NETCONFA.index, index)]);
}

export interface LinkSettings {
  /** net.ipv4.conf.DEV.rp_filter: 0 off, 1 strict, 2 loose. */
  readonly rpFilter?: number;
  readonly ignoreRoutesWithLinkdown?: boolean;
}

/** IPv4 settings of a device without a write under /proc, which a sandboxed unit forbids. */
export function encodeLinkSettings(index: number, settings: LinkSettings): Uint8Array {
  const head = new Uint8Array(IFINFOMSG);
  head.set(octetsOf32(index), 4);
  const values: Uint8Array[] = [];
  const { rpFilter, ignoreRoutesWithLinkdown } = settings;
  if (rpFilter !== undefined) values.push(attribute32(DEVCONF.rpFilter, rpFilter));
  if (ignoreRoutesWithLinkdown !== undefined) {
    values.push(attribute32(DEVCONF.ignoreLinkdown, Number(ignoreRoutesWithLinkdown)));
  }
  const afSpec = nest(IFLA.afSpec, [nest(AF[4], [nest(INET_CONF, values)])]);
  return message(RTM_LINK.create, NLM_F.ack, [head, afSpec]);
}

// --- answers -------------------------------------------------------------------------------------

/**
 * A NEWLINK or DELLINK message; null: malformed, or of a bridge (family 7), whose DELLINK only says
 * that the device left it.
 */
export function decodeLink({ type, body }: NetlinkMessage): KernelLink | null {
  if (type !== RTM_LINK.create && type !== RTM_LINK.remove) return null;
  if (body.byteLength < IFINFOMSG || body[0] !== 0) return null;
  const attributes = readAttributes(body, IFINFOMSG);
  const name = attributes && readText(attributes, IFLA.name);
  const info = attributes && readNested(attributes, IFLA.info);
  if (attributes === null || name === null || info === null) return null;
  const view = new DataView(body.buffer, body.byteOffset);
  const flags = view.getUint32(8, true);
  // Events of wireless extensions carry no carrier attribute: the flag says the same.
  const carrier = read8(attributes, IFLA.carrier, (flags & LINK_FLAG.lowerUp) === 0 ? 0 : 1);
  const carrierUps = read32(attributes, IFLA.carrierUps, 0);
  const carrierDowns = read32(attributes, IFLA.carrierDowns, 0);
  const operstate = read8(attributes, IFLA.operstate, 0);
  if (carrier === null || operstate === null) return null;
  if (carrierUps === null || carrierDowns === null) return null;
  const counts = { hasCarrier: carrier !== 0, carrierUps, carrierDowns, operstate };
  const kind = readText(info, IFLA_INFO_KIND);
  return { index: view.getInt32(4, true), name, flags, ...counts, kind };
}

/** A NEWADDR or DELADDR message; null: malformed or another family. */
export function decodeAddress({ type, body }: NetlinkMessage): KernelAddress | null {
  if (type !== RTM_ADDRESS.create && type !== RTM_ADDRESS.remove) return null;
  const family = familyOf(body[0]);
  if (body.byteLength < IFADDRMSG || family === null) return null;
  const attributes = readAttributes(body, IFADDRMSG);
  if (attributes === null) return null;
  const local = readOctets(attributes, IFA.local, ADDRESS_OCTETS[family]);
  const far = readOctets(attributes, IFA.address, ADDRESS_OCTETS[family]);
  const flags = read32(attributes, IFA.flags, body[2] ?? 0);
  const [, prefixLen = 0, , scope = 0] = body;
  if (local === undefined || far === undefined) return null;
  // IFA_ADDRESS is the peer where both are given, else our own.
  const address = local ?? far;
  if (address === null) return null;
  if (flags === null || prefixLen > 8 * ADDRESS_OCTETS[family]) return null;
  const index = new DataView(body.buffer, body.byteOffset).getUint32(4, true);
  const hasPeer = local !== null && far !== null && !local.every((octet, i) => octet === far[i]);
  const own = { index, family, address, prefixLen, scope, flags };
  return hasPeer ? { ...own, peer: far } : own;
}

/** The index of the settings that hold for all devices. */
export const NETCONF_ALL = -1;

export interface KernelNetconf {
  readonly family: Family;
  /** Interface index, NETCONF_ALL, or -2 for the defaults of new devices. */
  readonly index: number;
  /** null: not in this message (events carry only what changed). */
  readonly rpFilter: number | null;
  readonly forwarding: boolean | null;
  readonly ignoreRoutesWithLinkdown: boolean | null;
}

/** A NEWNETCONF message; null: malformed or another family. */
export function decodeNetconf({ type, body }: NetlinkMessage): KernelNetconf | null {
  if (type !== RTM_NETCONF.create) return null;
  const family = familyOf(body[0]);
  const attributes = family && readAttributes(body, NETCONFMSG);
  if (family === null || attributes === null) return null;
  const index = read32(attributes, NETCONFA.index, null);
  const rpFilter = read32(attributes, NETCONFA.rpFilter, undefined);
  const forwarding = read32(attributes, NETCONFA.forwarding, undefined);
  const ignored = read32(attributes, NETCONFA.ignoreLinkdown, undefined);
  if (index === null || rpFilter === null || forwarding === null || ignored === null) return null;
  return {
    family,
    index: index | 0,
    rpFilter: rpFilter ?? null,
    forwarding: forwarding === undefined ? null : forwarding !== 0,
    ignoreRoutesWithLinkdown: ignored === undefined ? null : ignored !== 0,
  };
}
