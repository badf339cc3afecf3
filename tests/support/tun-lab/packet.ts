/**
 * IP packets of the lab, pure: what arrived, and what a well-behaved or a faulty host would answer.
 * ICMP, ICMPv6 and UDP echo over IPv4 and IPv6; checksums are right unless a fault says otherwise.
 */

export const ICMP = 1;
export const UDP = 17;
export const ICMPV6 = 58;

const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
const ECHO_REQUEST_V6 = 128;
const ECHO_REPLY_V6 = 129;
const HOP_LIMIT = 64;

export interface Packet {
  readonly family: 4 | 6;
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly protocol: number;
  /** ICMP or UDP header and payload. */
  readonly body: Uint8Array;
  /** As it arrived, for quotations. */
  readonly raw: Uint8Array;
}

/** null: not IP, cut off, or with extension headers (the lab's peers send none). */
export function parsePacket(raw: Uint8Array): Packet | null {
  const version = (raw[0] ?? 0) >> 4;
  if (version === 4 && raw.length >= 20) {
    const header = ((raw[0] ?? 0) & 15) * 4;
    const [source, target] = [raw.slice(12, 16), raw.slice(16, 20)];
    return { family: 4, source, target, protocol: raw[9] ?? 0, body: raw.slice(header), raw };
  }
  if (version === 6 && raw.length >= 40) {
    const [source, target] = [raw.slice(8, 24), raw.slice(24, 40)];
    return { family: 6, source, target, protocol: raw[6] ?? 0, body: raw.slice(40), raw };
  }
  return null;
}

/** The echo of a request; null: not something that a host echoes. */
export function echoBody(packet: Packet): Uint8Array | null {
  const body = packet.body.slice();
  const type = body[0];
  if (packet.protocol === ICMP && type === ECHO_REQUEST) body[0] = ECHO_REPLY;
  else if (packet.protocol === ICMPV6 && type === ECHO_REQUEST_V6) body[0] = ECHO_REPLY_V6;
  else if (packet.protocol === UDP && body.length >= 8) {
    body.set(packet.body.subarray(2, 4), 0);
    body.set(packet.body.subarray(0, 2), 2);
  } else return null;
  return body;
}

export interface IpOptions {
  readonly source: Uint8Array;
  /** Octets of no-operation options in an IPv4 header. */
  readonly optionOctets?: number;
  /** Leaves the transport checksum as it is in `body`. */
  readonly keepChecksum?: boolean;
}

/** An IP packet to where `request` came from. */
export function answerTo(
  request: Packet,
  protocol: number,
  body: Uint8Array,
  ip: IpOptions,
): Uint8Array {
  const sealed = body.slice();
  const addresses = { source: ip.source, target: request.source };
  if (ip.keepChecksum !== true) seal(sealed, protocol, addresses);
  return request.family === 4
    ? ipv4(addresses, protocol, sealed, ip.optionOctets ?? 0)
    : ipv6(addresses, protocol, sealed);
}

interface Addresses {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
}

function ipv4({ source, target }: Addresses, protocol: number, body: Uint8Array, options: number) {
  const header = 20 + options;
  const packet = new Uint8Array(header + body.length);
  const view = new DataView(packet.buffer);
  packet[0] = 0x40 | (header / 4);
  view.setUint16(2, packet.length);
  packet[8] = HOP_LIMIT;
  packet[9] = protocol;
  packet.set(source, 12);
  packet.set(target, 16);
  packet.fill(1, 20, header);
  view.setUint16(10, checksum([packet.subarray(0, header)]));
  packet.set(body, header);
  return packet;
}

function ipv6({ source, target }: Addresses, protocol: number, body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(40 + body.length);
  packet[0] = 0x60;
  new DataView(packet.buffer).setUint16(4, body.length);
  packet[6] = protocol;
  packet[7] = HOP_LIMIT;
  packet.set(source, 8);
  packet.set(target, 24);
  packet.set(body, 40);
  return packet;
}

/** Writes the transport checksum (RFC 792, RFC 768, RFC 4443 2.3). */
function seal(body: Uint8Array, protocol: number, { source, target }: Addresses): void {
  const at = protocol === UDP ? 6 : 2;
  body[at] = 0;
  body[at + 1] = 0;
  const pseudo = new Uint8Array(8);
  const view = new DataView(pseudo.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, protocol);
  const parts = protocol === ICMP ? [body] : [source, target, pseudo, body];
  const sum = checksum(parts);
  new DataView(body.buffer, body.byteOffset).setUint16(
    at,
    protocol === UDP && sum === 0 ? 0xffff : sum,
  );
}

/** Every part but the last has an even length. */
export function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) sum += i % 2 === 0 ? (part[i] ?? 0) << 8 : (part[i] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An ICMP error that quotes `request`; `kind` in IPv4 terms, translated for IPv6. */
export function icmpError(
  request: Packet,
  type: number,
  code: number,
  from: Uint8Array,
): Uint8Array {
  const quoted = request.raw.subarray(0, 548);
  const body = new Uint8Array(8 + quoted.length);
  body[0] = type;
  body[1] = code;
  body.set(quoted, 8);
  const protocol = request.family === 4 ? ICMP : ICMPV6;
  return answerTo(request, protocol, body, { source: from });
}
