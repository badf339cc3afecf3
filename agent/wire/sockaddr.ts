/**
 * struct sockaddr_in and sockaddr_in6 as octets. Both fit 28 octets; the family is in host order
 * (little endian here), port and address in network order.
 */

export const SOCKADDR_AT = { family: 0, port: 2, address4: 4, address6: 8, scope6: 24 } as const;
export const SOCKADDR_OCTETS = { 4: 16, 6: 28 } as const;
/** One slot of an arena of addresses: the larger of the two, padded to words of 8. */
export const SOCKADDR_SLOT = 32;

const AF_INET = 2;
const AF_INET6 = 10;

export interface Endpoint {
  readonly family: 4 | 6;
  /** 4 or 16 octets in network order; null: the wildcard address. */
  readonly address: Uint8Array | null;
  readonly port: number;
  /** Interface index of a link-local address; 0: none. */
  readonly scopeId: number;
}

/** Writes a sockaddr at `at`; the slot must be zero before. Returns its length. */
export function writeSockaddr(into: Uint8Array, at: number, endpoint: Endpoint): number {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  const v4 = endpoint.family === 4;
  view.setUint16(at + SOCKADDR_AT.family, v4 ? AF_INET : AF_INET6, true);
  view.setUint16(at + SOCKADDR_AT.port, endpoint.port);
  if (endpoint.address !== null) {
    into.set(endpoint.address, at + (v4 ? SOCKADDR_AT.address4 : SOCKADDR_AT.address6));
  }
  if (!v4) view.setUint32(at + SOCKADDR_AT.scope6, endpoint.scopeId, true);
  return SOCKADDR_OCTETS[endpoint.family];
}

export function sockaddrOf(endpoint: Endpoint): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_OCTETS[endpoint.family]);
  writeSockaddr(bytes, 0, endpoint);
  return bytes;
}

/** The port of a sockaddr of either family. */
export function portOf(sockaddr: Uint8Array): number {
  return ((sockaddr[SOCKADDR_AT.port] ?? 0) << 8) | (sockaddr[SOCKADDR_AT.port + 1] ?? 0);
}
