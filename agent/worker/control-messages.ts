/**
 * Ancillary data of received messages, read in place: kernel stamps, extended errors, hop limit and
 * local address. Layout (LP64, little endian): u64 length with header, i32 level, i32 type, data,
 * padded to 8 octets.
 */

import {
  IP_PKTINFO,
  IP_RECVERR,
  IP_TTL,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from "./kernel.ts";

/** ee_origin of struct sock_extended_err. */
export const ORIGIN = { local: 1, icmp4: 2, icmp6: 3, stamp: 4 } as const;

/** What one message carried; the object is reused. */
export interface Control {
  /** The software stamp on the wall clock, us since the base; NaN: none. */
  stampUs: number;
  /** ORIGIN; 0: no extended error. */
  origin: number;
  errno: number;
  type: number;
  code: number;
  /** ee_data: for ORIGIN.stamp the number of the send call on this socket. */
  data: number;
  /** Word index of the offender's sockaddr; 0: none. */
  offenderWord: number;
  /** TTL or hop limit the packet arrived with; -1: unknown. */
  hopLimit: number;
  /** Word index of struct in_pktinfo or in6_pktinfo; 0: none. */
  packetInfoWord: number;
}

export function newControl(): Control {
  const error = { origin: 0, errno: 0, type: 0, code: 0, data: 0, offenderWord: 0 };
  return { stampUs: Number.NaN, ...error, hopLimit: -1, packetInfoWord: 0 };
}

const HEADER_WORDS = 4;
/** struct sock_extended_err: errno, origin/type/code/pad, info, data. */
const ERROR_WORDS = 4;

/** Reads the control area of `octets` from word `at`; stamps count from `baseSeconds` (Unix). */
export function readControl(
  words: Int32Array,
  area: { readonly at: number; readonly octets: number },
  baseSeconds: number,
  into: Control,
): void {
  into.stampUs = Number.NaN;
  into.origin = 0;
  into.hopLimit = -1;
  into.packetInfoWord = 0;
  const end = area.at + (area.octets >>> 2);
  for (let at = area.at; at + HEADER_WORDS <= end; ) {
    const octets = words[at] ?? 0;
    if (octets < HEADER_WORDS * 4 || at + (octets >>> 2) > end) return;
    const level = words[at + 2] ?? 0;
    const type = words[at + 3] ?? 0;
    const data = at + HEADER_WORDS;
    if (level === SOL_SOCKET && (type === SO_TIMESTAMPING || type === SO_TIMESTAMPNS)) {
      into.stampUs = stampAt(words, data, baseSeconds);
    } else if (isError(level, type)) {
      readError(words, data, into);
      into.offenderWord = octets >>> 2 > HEADER_WORDS + ERROR_WORDS ? data + ERROR_WORDS : 0;
    } else if (isHopLimit(level, type)) {
      into.hopLimit = words[data] ?? -1;
    } else if (isPacketInfo(level, type)) {
      into.packetInfoWord = data;
    }
    at += ((octets + 7) & ~7) >>> 2;
  }
}

/** The software stamp is the first timespec of both kinds; all zero means there is none. */
function stampAt(words: Int32Array, at: number, baseSeconds: number): number {
  const seconds = (words[at + 1] ?? 0) * 2 ** 32 + ((words[at] ?? 0) >>> 0);
  const nanoseconds = words[at + 2] ?? 0;
  if (seconds === 0 && nanoseconds === 0) return Number.NaN;
  return (seconds - baseSeconds) * 1e6 + nanoseconds / 1e3;
}

function isError(level: number, type: number): boolean {
  return (level === SOL_IP && type === IP_RECVERR) || (level === SOL_IPV6 && type === IPV6_RECVERR);
}

function isHopLimit(level: number, type: number): boolean {
  return (level === SOL_IP && type === IP_TTL) || (level === SOL_IPV6 && type === IPV6_HOPLIMIT);
}

function isPacketInfo(level: number, type: number): boolean {
  return (level === SOL_IP && type === IP_PKTINFO) || (level === SOL_IPV6 && type === IPV6_PKTINFO);
}

function readError(words: Int32Array, at: number, into: Control): void {
  const kinds = words[at + 1] ?? 0;
  into.errno = words[at] ?? 0;
  into.origin = kinds & 0xff;
  into.type = (kinds >>> 8) & 0xff;
  into.code = (kinds >>> 16) & 0xff;
  into.data = (words[at + 3] ?? 0) >>> 0;
}
