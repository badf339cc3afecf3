/**
 * IPv4 and IPv6 packets as the lab's TUN device carries them, parsed and built: ICMP, ICMPv6 and
 * UDP, without fragments. Pure. A built packet has a buffer of its own; a parsed one is a view of
 * the octets it was given.
 */

import { foldSum, sumOctets } from "../../../agent/wire/checksum.ts";
import {
  ICMP_AT,
  ICMP_HEADER_OCTETS,
  ICMP4,
  ICMP6,
  IPV4_HEADER_MIN,
  ipv4HeaderOctets,
} from "../../../agent/wire/icmp.ts";

export const PROTOCOL = { icmp: 1, udp: 17, icmp6: 58 } as const;

export const UDP_AT = { sourcePort: 0, targetPort: 2, length: 4, checksum: 6, payload: 8 } as const;

const IPV6_HEADER_OCTETS = 40;
const UDP_HEADER_OCTETS = 8;
const DESTINATION_OPTIONS = 60;
const DEFAULT_TTL = 64;

export interface Packet {
  readonly family: 4 | 6;
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly protocol: number;
  readonly ttl: number;
  /** What follows the IP header: ICMP or UDP, with its header. */
  readonly body: Uint8Array;
  /** The whole packet, for the quotation of ICMP errors. */
  readonly raw: Uint8Array;
}

/** null: not IP, shorter than it says, or a later fragment. */
export function parsePacket(raw: Uint8Array): Packet | null {
  const first = raw[0] ?? 0;
  if (first >>> 4 === 4) return parseIpv4Packet(raw, ipv4HeaderOctets(first));
  return first >>> 4 === 6 ? parseIpv6Packet(raw) : null;
}

function parseIpv4Packet(raw: Uint8Array, headerOctets: number): Packet | null {
  if (headerOctets === 0 || raw.byteLength < headerOctets) return null;
  const total = half(raw, 2);
  const fragmentOffset = half(raw, 6) & 0x1fff;
  if (total < headerOctets || total > raw.byteLength || fragmentOffset !== 0) return null;
  return {
    family: 4,
    source: raw.subarray(12, 16),
    target: raw.subarray(16, 20),
    protocol: raw[9] ?? 0,
    ttl: raw[8] ?? 0,
    body: raw.subarray(headerOctets, total),
    raw: raw.subarray(0, total),
  };
}

function parseIpv6Packet(raw: Uint8Array): Packet | null {
  const total = IPV6_HEADER_OCTETS + half(raw, 4);
  if (raw.byteLength < total) return null;
  return {
    family: 6,
    source: raw.subarray(8, 24),
    target: raw.subarray(24, 40),
    protocol: raw[6] ?? 0,
    ttl: raw[7] ?? 0,
    body: raw.subarray(IPV6_HEADER_OCTETS, total),
    raw: raw.subarray(0, total),
  };
}

/** The 16-bit number in network order at `at`; 0 beyond the end. */
export function half(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function setHalf(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value >>> 8) & 0xff;
  bytes[at + 1] = value & 0xff;
}

export function isEchoRequest({ family, protocol, body }: Packet): boolean {
  if (body.byteLength < ICMP_HEADER_OCTETS) return false;
  return family === 4
    ? protocol === PROTOCOL.icmp && body[0] === ICMP4.echoRequest
    : protocol === PROTOCOL.icmp6 && body[0] === ICMP6.echoRequest;
}

export function isUdp({ protocol, body }: Packet): boolean {
  return protocol === PROTOCOL.udp && body.byteLength >= UDP_HEADER_OCTETS;
}

export interface Envelope {
  readonly source: Uint8Array;
  /** Same family as `source`. */
  readonly target: Uint8Array;
  readonly protocol: number;
  /** IPv4: three NOPs and an end (IHL 6); IPv6: a destination options header of padding. */
  readonly options?: boolean;
  /** The transport checksum is off by one bit. */
  readonly badChecksum?: boolean;
}

/** A packet with all its lengths and checksums; `body` is ICMP or UDP with its header. */
export function buildPacket(envelope: Envelope, body: Uint8Array): Uint8Array {
  const family = envelope.source.byteLength === 4 ? 4 : 6;
  const extra = envelope.options !== true ? 0 : family === 4 ? 4 : 8;
  const headerOctets = (family === 4 ? IPV4_HEADER_MIN : IPV6_HEADER_OCTETS) + extra;
  const total = headerOctets + body.byteLength;
  // Whole 16-bit words, so that the checksum can run over them.
  const bytes = new Uint8Array(new ArrayBuffer((total + 1) & ~1), 0, total);
  bytes.set(body, headerOctets);
  if (family === 4) writeIpv4Header(bytes, envelope, headerOctets);
  else writeIpv6Header(bytes, envelope, headerOctets);
  finishTransport(bytes, envelope, headerOctets);
  return bytes;
}

function writeIpv4Header(bytes: Uint8Array, envelope: Envelope, headerOctets: number): void {
  bytes[0] = 0x40 | (headerOctets / 4);
  setHalf(bytes, 2, bytes.byteLength);
  bytes[8] = DEFAULT_TTL;
  bytes[9] = envelope.protocol;
  bytes.set(envelope.source, 12);
  bytes.set(envelope.target, 16);
  if (headerOctets > IPV4_HEADER_MIN) bytes.set([1, 1, 1, 0], IPV4_HEADER_MIN);
  storeChecksum(bytes, 10, sumOctets(bytes, halvesOf(bytes), 0, headerOctets));
}

function writeIpv6Header(bytes: Uint8Array, envelope: Envelope, headerOctets: number): void {
  const hasOptions = headerOctets > IPV6_HEADER_OCTETS;
  bytes[0] = 0x60;
  setHalf(bytes, 4, bytes.byteLength - IPV6_HEADER_OCTETS);
  bytes[6] = hasOptions ? DESTINATION_OPTIONS : envelope.protocol;
  bytes[7] = DEFAULT_TTL;
  bytes.set(envelope.source, 8);
  bytes.set(envelope.target, 24);
  // Next header, length 0 (8 octets), PadN of 4 (RFC 8200 4.2).
  if (hasOptions) bytes.set([envelope.protocol, 0, 1, 4, 0, 0, 0, 0], IPV6_HEADER_OCTETS);
}

/** The transport checksum, over the pseudo header (RFC 8200 8.1) unless it is ICMP over IPv4. */
function finishTransport(bytes: Uint8Array, envelope: Envelope, at: number): void {
  const { protocol, source, target, badChecksum = false } = envelope;
  const checksumAt = at + (protocol === PROTOCOL.udp ? UDP_AT.checksum : ICMP_AT.checksum);
  const octets = bytes.byteLength - at;
  if (checksumAt + 2 > bytes.byteLength) return;
  setHalf(bytes, checksumAt, 0);
  let sum = sumOctets(bytes, halvesOf(bytes), at, octets);
  if (protocol !== PROTOCOL.icmp) {
    const tail = Uint8Array.of(octets >>> 24, octets >>> 16, octets >>> 8, octets, 0, protocol);
    const pseudo = Uint8Array.of(...source, ...target, ...tail);
    sum += sumOctets(pseudo, halvesOf(pseudo), 0, pseudo.byteLength);
  }
  storeChecksum(bytes, checksumAt, sum);
  // A UDP checksum of 0 means none (RFC 768); its complement says the same number.
  if (protocol === PROTOCOL.udp && half(bytes, checksumAt) === 0) {
    setHalf(bytes, checksumAt, 0xffff);
  }
  if (badChecksum) bytes[checksumAt + 1] = (bytes[checksumAt + 1] ?? 0) ^ 1;
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 1);
}

function storeChecksum(bytes: Uint8Array, at: number, sum: number): void {
  halvesOf(bytes)[at >>> 1] = ~foldSum(sum);
}

/** Octets of an IPv4 error packet at most (RFC 1812 4.3.2.3), and of an IPv6 one (RFC 4443 2.4). */
const ERROR_OCTETS = { 4: 576, 6: 1280 } as const;

export interface IcmpError {
  readonly type: number;
  readonly code: number;
  readonly from: Uint8Array;
  /** Octets quoted behind the IP header of the request; null: as much as allowed. */
  readonly quotedOctets: number | null;
}

/** An ICMP error from `error.from` to the sender of `request`. */
export function buildIcmpError(request: Packet, error: IcmpError): Uint8Array {
  const { family, raw, body } = request;
  const ipOctets = family === 4 ? IPV4_HEADER_MIN : IPV6_HEADER_OCTETS;
  const room = ERROR_OCTETS[family] - ipOctets - ICMP_HEADER_OCTETS;
  const wanted =
    error.quotedOctets === null ? room : raw.byteLength - body.byteLength + error.quotedOctets;
  const quote = raw.subarray(0, Math.min(room, wanted));
  const message = new Uint8Array(ICMP_HEADER_OCTETS + quote.byteLength);
  message[ICMP_AT.type] = error.type;
  message[ICMP_AT.code] = error.code;
  message.set(quote, ICMP_HEADER_OCTETS);
  const protocol = family === 4 ? PROTOCOL.icmp : PROTOCOL.icmp6;
  return buildPacket({ source: error.from, target: request.source, protocol }, message);
}
