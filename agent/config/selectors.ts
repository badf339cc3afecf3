/**
 * Whose traffic goes by which policy: the order in which the kernel's rules look at selectors, and
 * the selectors that no packet can reach because an earlier one takes all of theirs.
 */

import { parseAddress } from "../domain/address.ts";
import type { SelectorConfig } from "../domain/config.ts";

export interface Prefix {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** An address is a prefix of full length; null: neither. */
export function parsePrefix(text: string): Prefix | null {
  const [host = "", length] = text.split("/");
  const address = parseAddress(host);
  if (address === null || address.zone !== null) return null;
  const { family, bytes } = address;
  const bits = bytes.byteLength * 8;
  const given = length === undefined ? bits : Number(length);
  return Number.isInteger(given) && given >= 0 && given <= bits
    ? { family, bytes, length: given }
    : null;
}

function holds(wide: Prefix, narrow: Prefix): boolean {
  if (wide.family !== narrow.family || wide.length > narrow.length) return false;
  const whole = wide.length >> 3;
  for (let i = 0; i < whole; i++) if (wide.bytes[i] !== narrow.bytes[i]) return false;
  const rest = wide.length & 7;
  if (rest === 0) return true;
  const mask = (0xff00 >> rest) & 0xff;
  return ((wide.bytes[whole] ?? 0) & mask) === ((narrow.bytes[whole] ?? 0) & mask);
}

function holdsText(wide: string | null, narrow: string | null): boolean {
  if (wide === null) return true;
  if (narrow === null) return false;
  const [a, b] = [parsePrefix(wide), parsePrefix(narrow)];
  return a !== null && b !== null && holds(a, b);
}

function destination({ to }: SelectorConfig): string | null {
  return to === "default" ? null : to;
}

/** Every packet of `narrow` matches `wide` too. */
export function covers(wide: SelectorConfig, narrow: SelectorConfig): boolean {
  return (
    holdsText(destination(wide), destination(narrow)) &&
    holdsText(wide.from, narrow.from) &&
    (wide.fwmark === null || wide.fwmark === narrow.fwmark) &&
    (wide.iif === null || wide.iif === narrow.iif)
  );
}

/** The rank of a selector that matches everything. */
export const BARE = 2;

/**
 * The rank of its rule, lower first: prefixes of destinations from the narrowest on, then all that
 * have none, at last the one default. Equal ranks are in the order of the file.
 */
export function rankOf(selector: SelectorConfig): number {
  const { from, to, fwmark, iif } = selector;
  const prefix = to === null || to === "default" ? null : parsePrefix(to);
  if (prefix !== null) return -prefix.length;
  const isBare = from === null && fwmark === null && iif === null;
  return isBare ? BARE : 1;
}

/** Indexes of selectors that an earlier one shadows, each with that one; in the given order. */
export function shadowed(selectors: readonly SelectorConfig[]): readonly [number, number][] {
  const order = selectors
    .map((selector, index) => ({ selector, index, rank: rankOf(selector) }))
    .toSorted((a, b) => a.rank - b.rank);
  const found = order.flatMap(({ selector, index }, i): [number, number][] => {
    const earlier = order.slice(0, i).find((other) => covers(other.selector, selector));
    return earlier === undefined ? [] : [[index, earlier.index]];
  });
  return found.toSorted(([a], [b]) => a - b);
}
