/**
 * Is this packet the answer to one of our probes? Every part is checked: the 16-bit number, the
 * token, the address (and port) that was asked, length, checksum and pattern. Reads the packet in
 * the arena it arrived in; knows no socket.
 */

import { foldSum, sumOctets } from "../wire/checksum.ts";
import {
  echoReplyType,
  ICMP_AT,
  ICMP_HEADER_OCTETS,
  ipv4HeaderOctets,
  swapHalf,
  swapWord,
} from "../wire/icmp.ts";
import { PAYLOAD_HEAD, patternOf, TOKEN_OCTETS, UDP_SEQ_AT } from "../wire/probe-payload.ts";
import { SOCKADDR_AT, SOCKADDR_SLOT } from "../wire/sockaddr.ts";
import type { Ledger } from "./ledger.ts";
import type { SeriesTable } from "./series-table.ts";

export const JUDGEMENT = {
  /** Not for us: other type, other id. Not even counted. */
  ignored: 0,
  /** Addressed like an answer, but to no probe of ours. */
  foreign: 1,
  /** The right token from an address that was not asked. */
  mismatched: 2,
  /** For this probe, but damaged. */
  corrupt: 3,
  genuine: 4,
} as const;

/** Where a received packet lies. The object is reused. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  /** Octet offset and length of what the socket gave. */
  at: number;
  octets: number;
  /** Octet offset of the peer's sockaddr. */
  nameAt: number;
  isTruncated: boolean;
}

/** Which parts of a sockaddr identify the peer: with UDP the port too. */
export interface AddressKind {
  readonly family: 4 | 6;
  readonly isUdp: boolean;
}

/** How the packets of a socket look. */
export interface PacketKind extends AddressKind {
  /** Raw IPv4 sockets give the IP header and packets whose checksum nobody verified. */
  readonly isRaw4: boolean;
  /** ICMP id; 0 for UDP. */
  readonly id: number;
}

export class Matcher {
  readonly #ledger: Ledger;
  readonly #series: SeriesTable;
  readonly #pattern: Int32Array;
  readonly #patternBytes: Uint8Array;
  /** The slot the last judged packet belongs to; only for mismatched, corrupt and genuine. */
  slot = -1;

  constructor(ledger: Ledger, series: SeriesTable) {
    this.#ledger = ledger;
    this.#series = series;
    this.#patternBytes = patternOf(Math.max(PAYLOAD_HEAD, series.sizeMax));
    this.#pattern = new Int32Array(this.#patternBytes.buffer);
  }

  /** JUDGEMENT of a reply. */
  judge(packet: Packet, kind: PacketKind): number {
    if (kind.isUdp) return this.#judgePayload(packet, kind, packet.at, this.#udpNumber(packet));
    const skip = kind.isRaw4 ? ipv4HeaderOctets(packet.bytes[packet.at] ?? 0) : 0;
    if (kind.isRaw4 && skip === 0) return JUDGEMENT.ignored;
    const icmp = packet.at + skip;
    if (packet.octets < skip + ICMP_HEADER_OCTETS) return JUDGEMENT.ignored;
    const word = packet.words[icmp >>> 2] ?? 0;
    if ((word & 0xff) !== echoReplyType(kind.family)) return JUDGEMENT.ignored;
    const echo = packet.words[(icmp + ICMP_AT.id) >>> 2] ?? 0;
    if (swapHalf(echo) !== kind.id) return JUDGEMENT.ignored;
    return this.#judgePayload(packet, kind, icmp + ICMP_AT.payload, swapHalf(echo >>> 16));
  }

  /**
   * The slot of the probe that an ICMP error quotes (`packet` is the quotation, from the transport
   * header for ICMP and from the payload for UDP); -1: none of ours. An ICMP quotation of only 8
   * octets (RFC 792) has no token: number, id and original destination must do.
   */
  quoted(packet: Packet, kind: PacketKind): number {
    const tokenAt = kind.isUdp ? packet.at : packet.at + ICMP_AT.payload;
    const tokenOctets = packet.octets - (tokenAt - packet.at);
    if (kind.isUdp && tokenOctets < PAYLOAD_HEAD - 4) return -1;
    if (tokenOctets < 0) return -1;
    const echo = packet.words[(packet.at + ICMP_AT.id) >>> 2] ?? 0;
    if (!kind.isUdp && swapHalf(echo) !== kind.id) return -1;
    const slot = this.#ledger.find(kind.isUdp ? this.#udpNumber(packet) : swapHalf(echo >>> 16));
    if (slot < 0) return -1;
    if (tokenOctets >= TOKEN_OCTETS && this.#tokenWordsEqual(packet, tokenAt, slot) < 2) return -1;
    return this.isFromTarget(packet, kind, slot) ? slot : -1;
  }

  /** The sockaddr at `packet.nameAt` is the one the probe was sent to (ICMP: without port). */
  isFromTarget(packet: Packet, kind: AddressKind, slot: number): boolean {
    const asked = ((this.#ledger.series[slot] ?? 0) * SOCKADDR_SLOT) >>> 2;
    const peer = packet.nameAt >>> 2;
    const target = this.#series.addressWords;
    // The first word is family and port.
    if (kind.isUdp && packet.words[peer] !== target[asked]) return false;
    return isSameAddress(packet.words, peer, target, asked, kind.family);
  }

  #udpNumber(packet: Packet): number {
    if (packet.octets < UDP_SEQ_AT + 4) return -1;
    const number = swapWord(packet.words[(packet.at + UDP_SEQ_AT) >>> 2] ?? 0);
    return number >>> 16 === 0 ? number : -1;
  }

  #judgePayload(packet: Packet, kind: PacketKind, payload: number, number: number): number {
    const slot = number < 0 ? -1 : this.#ledger.find(number);
    this.slot = slot;
    if (slot < 0) return JUDGEMENT.foreign;
    const isFromTarget = this.isFromTarget(packet, kind, slot);
    const octets = packet.octets - (payload - packet.at);
    const equal = octets < TOKEN_OCTETS ? 1 : this.#tokenWordsEqual(packet, payload, slot);
    if (equal === 0) return JUDGEMENT.foreign;
    if (equal === 1) return isFromTarget ? JUDGEMENT.corrupt : JUDGEMENT.foreign;
    if (!isFromTarget) return JUDGEMENT.mismatched;
    const size = this.#series.size[this.#ledger.series[slot] ?? 0] ?? 0;
    const isIntact =
      octets === size &&
      !packet.isTruncated &&
      (!kind.isRaw4 || isChecksumRight(packet, payload - ICMP_HEADER_OCTETS)) &&
      this.#isPatternRight(packet, payload, kind.isUdp ? UDP_SEQ_AT + 4 : TOKEN_OCTETS, size);
    return isIntact ? JUDGEMENT.genuine : JUDGEMENT.corrupt;
  }

  /** 0, 1 or 2 of the token's words are right: 1 is damage, 0 is another's packet. */
  #tokenWordsEqual(packet: Packet, at: number, slot: number): number {
    const word = at >>> 2;
    const a = packet.words[word] === this.#ledger.tokenA[slot] ? 1 : 0;
    const b = packet.words[word + 1] === this.#ledger.tokenB[slot] ? 1 : 0;
    return a + b;
  }

  #isPatternRight(packet: Packet, payload: number, from: number, size: number): boolean {
    const words = packet.words;
    const base = payload >>> 2;
    let word = from >>> 2;
    for (const end = size >>> 2; word < end; word++) {
      if (words[base + word] !== this.#pattern[word]) return false;
    }
    for (let i = word << 2; i < size; i++) {
      if (packet.bytes[payload + i] !== this.#patternBytes[i]) return false;
    }
    return true;
  }
}

/** Compares the address parts of two sockaddrs given by word index. */
function isSameAddress(
  a: Int32Array,
  atA: number,
  b: Int32Array,
  atB: number,
  family: 4 | 6,
): boolean {
  if (family === 4) return a[atA + 1] === b[atB + 1];
  const from = SOCKADDR_AT.address6 >>> 2;
  for (let i = from; i < from + 4; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}

/** RFC 792: the checksum covers header and data; over a right packet the sum is all ones. */
function isChecksumRight(packet: Packet, icmp: number): boolean {
  const octets = packet.octets - (icmp - packet.at);
  return foldSum(sumOctets(packet.bytes, packet.halves, icmp, octets)) === 0xffff;
}
