/**
 * The way back: a reply leaves from the address that was probed (IP_PKTINFO, RFC 3542 6.1), which
 * on a box with several addresses the kernel would not choose by itself. The ancillary data of the
 * request is rewritten in place into that of its reply.
 */

import { IP_PKTINFO, IPV6_PKTINFO, SOL_IP, SOL_IPV6 } from "../kernel.ts";

/** Header: u64 length, level, type. */
const HEADER_WORDS = 4;
/** struct in_pktinfo: interface, local address, destination in the header. */
const INFO4 = { interface: 0, local: 1, destination: 2, words: 3 } as const;
/** struct in6_pktinfo: destination (4 words), interface. */
const INFO6 = { destination: 0, interface: 4, words: 5 } as const;
const MESSAGE = {
  4: { level: SOL_IP, type: IP_PKTINFO, words: INFO4.words },
  6: { level: SOL_IPV6, type: IPV6_PKTINFO, words: INFO6.words },
} as const;
/** First octets of ff00::/8, and of fe80::/10 with its mask, in a little-endian word. */
const GROUP6 = 0xff;
const LINK_LOCAL6 = 0x80fe;
const LINK_LOCAL6_MASK = 0xc0ff;

/**
 * True when the request was sent to a group or broadcast address: one spoofed packet would make
 * every reflector behind it answer. `info` is the word of its packet info.
 */
export function wasSentToGroup(words: Int32Array, info: number, family: 4 | 6): boolean {
  if (family === 6) return ((words[info + INFO6.destination] ?? 0) & 0xff) === GROUP6;
  return words[info + INFO4.destination] !== words[info + INFO4.local];
}

/** Writes the reply's ancillary data at word `at`; returns its octets. */
export function writeReturnPath(
  words: Int32Array,
  at: number,
  info: number,
  family: 4 | 6,
): number {
  return family === 4 ? write4(words, at, info) : write6(words, at, info);
}

/** Interface 0: routing decides, by the source among others. */
function write4(words: Int32Array, at: number, info: number): number {
  const local = words[info + INFO4.local] ?? 0;
  const data = writeHeader(words, at, MESSAGE[4]);
  words[data + INFO4.interface] = 0;
  words[data + INFO4.local] = local;
  words[data + INFO4.destination] = 0;
  return octetsOf(INFO4.words);
}

/** A link-local address means something on its interface only. */
function write6(words: Int32Array, at: number, info: number): number {
  const index = words[info + INFO6.interface] ?? 0;
  const isLinkLocal = ((words[info] ?? 0) & LINK_LOCAL6_MASK) === LINK_LOCAL6;
  const data = at + HEADER_WORDS;
  words.copyWithin(data, info, info + INFO6.interface);
  writeHeader(words, at, MESSAGE[6]);
  words[data + INFO6.interface] = isLinkLocal ? index : 0;
  return octetsOf(INFO6.words);
}

/** Returns the word of the data. */
function writeHeader(words: Int32Array, at: number, message: (typeof MESSAGE)[4 | 6]): number {
  words[at] = (HEADER_WORDS + message.words) * 4;
  words[at + 1] = 0;
  words[at + 2] = message.level;
  words[at + 3] = message.type;
  return at + HEADER_WORDS;
}

/** Padded to words of 8 octets. */
function octetsOf(words: number): number {
  return ((HEADER_WORDS + words) * 4 + 7) & ~7;
}
