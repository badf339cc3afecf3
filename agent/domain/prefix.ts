/** An address with a length in bits (CIDR): which addresses are meant. */

import { parseAddress } from "./address.ts";

export interface Prefix {
  readonly family: 4 | 6;
  /** 4 or 16 octets in network order; bits behind the length are as written. */
  readonly bytes: Uint8Array;
  /** 0 to 32 or 128. */
  readonly bits: number;
}

/** "10.0.0.0/8", or an address alone for all of its bits. null: neither; zones have no prefix. */
export function parsePrefix(text: string): Prefix | null {
  const [, body = "", digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(body);
  if (address === null) return null;
  const { family, bytes } = address;
  const bits = digits === undefined ? bytes.byteLength * 8 : Number(digits);
  return bits <= bytes.byteLength * 8 ? { family, bytes, bits } : null;
}
