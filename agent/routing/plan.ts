/**
 * What shall be routed: the paths and policies of the configuration with their slots, and what the
 * engine decided for each policy and family. Only paths that a routed policy names are here;
 * without one the agent changes nothing in the kernel.
 */

import { parseAddress } from "../domain/address.ts";
import { invariant } from "../domain/invariant.ts";
import type { Family } from "../domain/kernel-net.ts";
import type { Ipv6Routing, Selector } from "../domain/selector.ts";
import { routedFamilies } from "../domain/selector.ts";

/** Where the gateway of one path and family comes from. */
export type GatewaySource =
  | { readonly kind: "auto" }
  /** Point to point. */
  | { readonly kind: "none" }
  /** 16 octets in an IPv4 source: RFC 5549, IPv4 over an IPv6 next hop. */
  | { readonly kind: "fixed"; readonly address: Uint8Array };

export interface PlannedPath {
  readonly id: string;
  /** 1..200. */
  readonly slot: number;
  readonly device: string;
  readonly gateway: { readonly 4: GatewaySource; readonly 6: GatewaySource };
}

/** What the engine decided in one family. */
export interface FamilyChoice {
  /** Path id; null: nothing decided yet, what the kernel has stays. */
  readonly active: string | null;
  /** Ids of other paths that may carry traffic (not in maintenance; none when pinned strictly). */
  readonly candidates: readonly string[];
  /** Every path is down: `allDown` says what happens. */
  readonly isAllDown: boolean;
}

export interface PlannedPolicy {
  readonly id: number;
  /** 0..60. */
  readonly slot: number;
  readonly isEnabled: boolean;
  readonly selectors: readonly Selector[];
  readonly ipv6: Ipv6Routing;
  /** Path ids, the primary first. */
  readonly order: readonly string[];
  readonly allDown: "hold" | "unreachable" | "os";
  readonly choice: { readonly 4: FamilyChoice; readonly 6: FamilyChoice };
}

export interface RoutePlan {
  readonly paths: readonly PlannedPath[];
  /** In file order, policies of the API behind those of the files. */
  readonly policies: readonly PlannedPolicy[];
}

/** `gateway:` of a path; a fixed address is for its own family, the other one is learnt. */
export function gatewaySources(text: string): PlannedPath["gateway"] {
  if (text === "auto") return { 4: { kind: "auto" }, 6: { kind: "auto" } };
  if (text === "none") return { 4: { kind: "none" }, 6: { kind: "none" } };
  const address = parseAddress(text);
  invariant(address !== null, `gateway "${text}" is auto, none or an address`);
  const fixed = { kind: "fixed", address: address.bytes } as const;
  return address.family === 4
    ? { 4: fixed, 6: { kind: "auto" } }
    : { 4: { kind: "auto" }, 6: fixed };
}

/** The selectors by which a policy moves traffic of a family. */
export function routedSelectors(policy: PlannedPolicy, family: Family): readonly Selector[] {
  if (!policy.isEnabled) return [];
  return policy.selectors.filter((selector) =>
    routedFamilies(selector, policy.ipv6).includes(family),
  );
}
