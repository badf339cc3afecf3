/**
 * The addresses that each path had lately. Flows of a path that was left are found by them, also
 * after DHCP has taken the address away.
 */

import { formatAddress } from "../../domain/address.ts";
import { isLinkLocal } from "../../domain/gateways.ts";
import type { Family } from "../../domain/kernel-net.ts";
import type { Instant } from "../../domain/units.ts";
import { between, micros, US_PER_S } from "../../domain/units.ts";
import type { KernelFacts } from "../../routing/facts.ts";
import { addressesOf, FAMILIES, linkNamed } from "../../routing/facts.ts";

/** Translated flows without traffic end within this time anyway. */
const KEPT = micros(600 * US_PER_S);

interface Seen {
  readonly family: Family;
  readonly address: Uint8Array;
  readonly at: Instant;
}

export class AddressHistory {
  readonly #seen = new Map<string, Map<string, Seen>>();

  note(
    paths: readonly { readonly id: string; readonly device: string }[],
    facts: KernelFacts,
    now: Instant,
  ): void {
    for (const { id, device } of paths) {
      const seen = this.#seen.get(id) ?? new Map<string, Seen>();
      this.#seen.set(id, seen);
      const link = linkNamed(facts, device);
      for (const family of link === null ? [] : FAMILIES) {
        for (const { address } of addressesOf(facts, link?.index ?? 0, family)) {
          const text = formatAddress({ family, bytes: address, zone: null });
          if (!isLinkLocal(address)) seen.set(text, { family, address, at: now });
        }
      }
      for (const [text, { at }] of seen) if (between(at, now) > KEPT) seen.delete(text);
    }
  }

  of(path: string, family: Family): readonly Uint8Array[] {
    const seen = [...(this.#seen.get(path)?.values() ?? [])];
    return seen.filter((one) => one.family === family).map(({ address }) => address);
  }
}
