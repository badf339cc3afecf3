/**
 * Names to addresses, off the probing path: a slow or dead DNS server delays nothing but the names
 * themselves. Literal addresses need no lookup.
 */

import { lookup } from "node:dns/promises";
import type { ParsedAddress } from "../domain/address.ts";
import { parseAddress } from "../domain/address.ts";
import type { Family } from "../domain/config.ts";
import { interfaceIndex } from "../worker/libc.ts";

export interface NameQuery {
  readonly host: string;
  readonly family: Family;
}

export type Resolution =
  /** At least one, in the system's order. */
  | { readonly kind: "resolved"; readonly addresses: readonly ParsedAddress[] }
  | { readonly kind: "failed"; readonly reason: string };

const FAMILY_NUMBER = { any: 0, ipv4: 4, ipv6: 6 } as const;

/** An address in the text itself; null: it is a name. */
export function literalAddress(query: NameQuery): ParsedAddress | null {
  return parseAddress(query.host);
}

/** All addresses of a name. */
export async function resolveName(query: NameQuery): Promise<Resolution> {
  const literal = literalAddress(query);
  if (literal !== null) return { kind: "resolved", addresses: [literal] };
  try {
    const found = await lookup(query.host, { family: FAMILY_NUMBER[query.family], all: true });
    const addresses = found.flatMap(({ address }) => parseAddress(address) ?? []);
    return addresses.length === 0
      ? { kind: "failed", reason: `the resolver answered ${JSON.stringify(found)}` }
      : { kind: "resolved", addresses };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The scope id of an IPv6 zone: a number, or the index of a device with that name; 0: unknown. The
 * runtime's list of interfaces will not do: it says 0 beside a global address of the device.
 */
export function scopeIdOf(zone: string | null): number {
  if (zone === null) return 0;
  return /^\d+$/.test(zone) ? Number(zone) : interfaceIndex(zone);
}
