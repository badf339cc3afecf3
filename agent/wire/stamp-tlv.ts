/**
 * The optional extensions behind a STAMP base packet (RFC 8972 4): flags, type, 16-bit length of
 * the value, value. Padding of zeros as RFC 8762 and TWAMP Light senders use it is no extension:
 * a header of four zero octets ends the walk. Reads and marks in place.
 */

import type { StampPacket } from "./stamp.ts";

export const TLV_HEADER_OCTETS = 4;

export const TLV_FLAG = {
  /** Not understood: set by the sender, cleared by a reflector that understood it. */
  unrecognized: 0x80,
  /** The length does not fit the type or the packet. */
  malformed: 0x40,
  /** The HMAC TLV did not fit. */
  unverified: 0x20,
} as const;

export const TLV_TYPE = {
  extraPadding: 1,
  location: 2,
  timestampInformation: 3,
  classOfService: 4,
  directMeasurement: 5,
  accessReport: 6,
  followUpTelemetry: 7,
  hmac: 8,
} as const;

/** One extension. The object is reused. */
export interface Tlv {
  /** Of its header, in the packet's view. */
  at: number;
  flags: number;
  type: number;
  /** Octets of the value as written; more than there are when `isMalformed`. */
  length: number;
  isMalformed: boolean;
}

export function newTlv(): Tlv {
  return { at: 0, flags: 0, type: 0, length: 0, isMalformed: false };
}

/** Reads the extension at `from` (absolute). False: no further one, or only padding. */
export function readTlv(packet: StampPacket, from: number, into: Tlv): boolean {
  const { view } = packet;
  const end = packet.at + packet.octets;
  if (end - from < TLV_HEADER_OCTETS || view.getUint32(from) === 0) return false;
  into.at = from;
  into.flags = view.getUint8(from);
  into.type = view.getUint8(from + 1);
  into.length = view.getUint16(from + 2);
  into.isMalformed = into.length > end - from - TLV_HEADER_OCTETS;
  return true;
}

/** Where the extension behind `tlv` begins; behind a malformed one nothing can be found. */
export function nextTlvAt(packet: StampPacket, tlv: Readonly<Tlv>): number {
  const next = tlv.at + TLV_HEADER_OCTETS + tlv.length;
  return tlv.isMalformed ? packet.at + packet.octets : next;
}

/**
 * Marks the extensions from `from` on as a reflector sends them back: U where the type is not
 * understood, M on one longer than the packet, the others as if read. `understands` may fill in
 * values and says whether it knew the type; it is not asked about malformed ones. Returns how many.
 */
export function markTlvs(
  packet: StampPacket,
  from: number,
  into: Tlv,
  understands: (tlv: Readonly<Tlv>) => boolean,
): number {
  let count = 0;
  for (let at = from; readTlv(packet, at, into); at = nextTlvAt(packet, into)) {
    const flags = flagsOf(into, understands);
    packet.view.setUint8(into.at, flags);
    count++;
  }
  return count;
}

/** Writes the header of an extra padding extension of `octets` in all (>= 4), as a sender does. */
export function writePaddingHeader(view: DataView, at: number, octets: number): void {
  view.setUint8(at, TLV_FLAG.unrecognized);
  view.setUint8(at + 1, TLV_TYPE.extraPadding);
  view.setUint16(at + 2, octets - TLV_HEADER_OCTETS);
}

/** Octets of a packet of at least `size`: what exceeds the base must have room for a header. */
export function paddedOctets(base: number, size: number): number {
  return size <= base ? base : Math.max(base + TLV_HEADER_OCTETS, size);
}

function flagsOf(tlv: Readonly<Tlv>, understands: (tlv: Readonly<Tlv>) => boolean): number {
  if (tlv.isMalformed) return TLV_FLAG.malformed;
  return understands(tlv) ? 0 : TLV_FLAG.unrecognized;
}
