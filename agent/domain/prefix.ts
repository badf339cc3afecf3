/** Prefixes: an address with its length in bits, as rules, routes and networks have them. */

import { formatAddress, parseAddress } from "./address.ts";
import { isWithin } from "./gateways.ts";
import type { Family } from "./kernel-net.ts";

export interface Prefix {
  readonly family: Family;
  /** 4 or 16 octets; the bits behind `length` are 0. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** An address, or address/length; bits behind the length are cleared. null: neither. */
export function parsePrefix(text: string): Prefix | null {
  const match = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match === null ? null : parseAddress(match[1] ?? "");
  if (address === null) return null;
  const bits = addressBits(address.family);
  const length = match?.[2] === undefined ? bits : Number(match[2]);
  return length > bits ? null : prefixOf(address.bytes, length);
}

/** The network of `length` bits that an address lies in. */
export function prefixOf(address: Uint8Array, length: number): Prefix {
  const bytes = address.map((octet, i) => {
    const kept = Math.min(Math.max(length - 8 * i, 0), 8);
    return octet & (0xff << (8 - kept));
  });
  return { family: familyOf(address), bytes, length };
}

/** `10.0.0.0/8`; the length is always written. */
export function formatPrefix({ family, bytes, length }: Prefix): string {
  return `${formatAddress({ family, bytes, zone: null })}/${length}`;
}

export function familyOf(address: Uint8Array): Family {
  return address.byteLength === 4 ? 4 : 6;
}

export function holdsAddress(prefix: Prefix, address: Uint8Array): boolean {
  return isWithin(address, prefix.bytes, prefix.length);
}

/** Every address of `inner` lies in `outer`; a prefix holds itself. */
export function holdsPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && holdsAddress(outer, inner.bytes);
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.byteLength === b.byteLength && a.every((octet, i) => octet === b[i]);
}
