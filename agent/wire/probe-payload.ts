/**
 * What a probe carries. ICMP: 8 random octets (the token), then a pattern. UDP echo (RFC 862): the
 * token, the probe's 16-bit sequence number as a 32-bit word, then the pattern. Octet i of the
 * pattern is i mod 256, so a flipped or shifted octet shows.
 */

export const TOKEN_OCTETS = 8;
export const UDP_SEQ_AT = 8;
export const ICMP_SIZE_MIN = TOKEN_OCTETS;
export const UDP_SIZE_MIN = 16;
/** The part that differs between probes lies in the first 16 octets. */
export const PAYLOAD_HEAD = 16;
/** A UDP datagram over IPv4 without options. */
export const PAYLOAD_MAX = 65_507;

/** Payload octets 0..`octets`-1 of the pattern, padded to whole words. */
export function patternOf(octets: number): Uint8Array {
  const bytes = new Uint8Array((octets + 7) & ~7);
  for (let i = 0; i < octets; i++) bytes[i] = i & 0xff;
  return bytes;
}

/** Octets of payload really sent for a configured size. */
export function payloadOctets(size: number, isUdp: boolean): number {
  return Math.min(PAYLOAD_MAX, Math.max(isUdp ? UDP_SIZE_MIN : ICMP_SIZE_MIN, size));
}
