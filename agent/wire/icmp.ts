/**
 * ICMP (RFC 792) and ICMPv6 (RFC 4443) as far as echo probes need them: offsets, types, and which
 * error ends a probe. Packets stay in the arenas they were received into; nothing is copied here.
 */

/** Offsets in the echo header, both families. */
export const ICMP_AT = { type: 0, code: 1, checksum: 2, id: 4, seq: 6, payload: 8 } as const;
export const ICMP_HEADER_OCTETS = 8;
export const IPV4_HEADER_MIN = 20;
/** IHL counts 32-bit words in 4 bits. */
export const IPV4_HEADER_MAX = 60;

export const ICMP4 = { echoReply: 0, unreachable: 3, echoRequest: 8, timeExceeded: 11 } as const;
export const ICMP6 = { unreachable: 1, timeExceeded: 3, echoRequest: 128, echoReply: 129 } as const;

const ICMP4_PARAMETER_PROBLEM = 12;
const ICMP6_PARAMETER_PROBLEM = 4;
const ICMP4_PORT_UNREACHABLE = 3;
const ICMP6_PORT_UNREACHABLE = 4;

export function echoRequestType(family: 4 | 6): number {
  return family === 4 ? ICMP4.echoRequest : ICMP6.echoRequest;
}

export function echoReplyType(family: 4 | 6): number {
  return family === 4 ? ICMP4.echoReply : ICMP6.echoReply;
}

/** Octets of an IPv4 header with options, from its first octet; 0: not IPv4. */
export function ipv4HeaderOctets(firstOctet: number): number {
  const octets = (firstOctet & 0x0f) * 4;
  return firstOctet >>> 4 === 4 && octets >= IPV4_HEADER_MIN ? octets : 0;
}

/** Errors that say the probe will not be answered; redirects and source quench do not. */
export function endsProbe(family: 4 | 6, type: number): boolean {
  if (family === 6) return type >= ICMP6.unreachable && type <= ICMP6_PARAMETER_PROBLEM;
  return (
    type === ICMP4.unreachable || type === ICMP4.timeExceeded || type === ICMP4_PARAMETER_PROBLEM
  );
}

export function isPortUnreachable(family: 4 | 6, type: number, code: number): boolean {
  return family === 4
    ? type === ICMP4.unreachable && code === ICMP4_PORT_UNREACHABLE
    : type === ICMP6.unreachable && code === ICMP6_PORT_UNREACHABLE;
}

/** A 16-bit value in network order as the half of a little-endian word, and back. */
export function swapHalf(value: number): number {
  return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
}

/** A 32-bit value in network order as a little-endian word, and back (signed). */
export function swapWord(value: number): number {
  return (swapHalf(value) << 16) | swapHalf(value >>> 16);
}
