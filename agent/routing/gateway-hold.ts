/**
 * Follows the gateway of each path and family through short absences: renewal scripts of DHCP and
 * PPP delete the default route and add it again. While the device and an address stay, a gateway
 * that vanished is kept for HOLD; then the family of that path has none.
 */

import type { Family } from "../domain/kernel-net.ts";
import type { Instant } from "../domain/units.ts";
import { after, earliest, micros, US_PER_S } from "../domain/units.ts";
import type { KernelFacts } from "./facts.ts";
import { FAMILIES, hasUsableAddress, isUp, linkNamed } from "./facts.ts";
import type { Gateway, GatewayTable } from "./gateway.ts";
import { findGateway } from "./gateway.ts";
import type { PlannedPath } from "./plan.ts";

/** Longer than a renewal takes, shorter than what hosts behind us notice. */
export const GATEWAY_HOLD = micros(3 * US_PER_S);

export type HeldGateway =
  | { readonly kind: "none" }
  | { readonly kind: "known"; readonly gateway: Gateway }
  /** Not seen now; in use until the hold ends. */
  | { readonly kind: "missing"; readonly gateway: Gateway; readonly until: Instant };

export interface GatewaySight {
  readonly seen: Gateway | null;
  /** The device and an address of the family are there as before. */
  readonly isGrounded: boolean;
}

export function holdGateway(
  held: HeldGateway,
  { seen, isGrounded }: GatewaySight,
  now: Instant,
): HeldGateway {
  if (seen !== null) return { kind: "known", gateway: seen };
  if (held.kind === "none" || !isGrounded) return { kind: "none" };
  if (held.kind === "known") {
    return { kind: "missing", gateway: held.gateway, until: after(now, GATEWAY_HOLD) };
  }
  return now < held.until ? held : { kind: "none" };
}

export function heldGateway(held: HeldGateway): Gateway | null {
  return held.kind === "none" ? null : held.gateway;
}

interface FollowedPath {
  /** A re-created device is another one. */
  readonly index: number | null;
  readonly 4: HeldGateway;
  readonly 6: HeldGateway;
}

const NONE: HeldGateway = { kind: "none" };
const UNSEEN: FollowedPath = { index: null, 4: NONE, 6: NONE };

/** The gateways of all paths over time. */
export class GatewayFollower {
  #paths: ReadonlyMap<string, FollowedPath> = new Map();

  /** Takes what was read at `now`; paths that are not in the list are forgotten. */
  update(paths: readonly PlannedPath[], facts: KernelFacts, now: Instant): GatewayTable {
    this.#paths = new Map(
      paths.map((path) => [path.id, follow(this.#paths.get(path.id) ?? UNSEEN, path, facts, now)]),
    );
    return new Map(
      [...this.#paths].map(([id, path]) => [
        id,
        { 4: heldGateway(path[4]), 6: heldGateway(path[6]) },
      ]),
    );
  }

  /** When the first hold ends; null: none runs. */
  nextWakeup(): Instant | null {
    let first: Instant | null = null;
    for (const path of this.#paths.values()) {
      for (const family of FAMILIES) {
        const held = path[family];
        if (held.kind === "missing") first = earliest(first, held.until);
      }
    }
    return first;
  }
}

function follow(
  before: FollowedPath,
  path: PlannedPath,
  facts: KernelFacts,
  now: Instant,
): FollowedPath {
  const link = linkNamed(facts, path.device);
  const index = link?.index ?? null;
  const held = index === before.index ? before : UNSEEN;
  const next = (family: Family) => {
    const seen = findGateway(facts, path, family, heldGateway(held[family]));
    const isGrounded = isUp(link) && hasUsableAddress(facts, link.index, family);
    return holdGateway(held[family], { seen, isGrounded }, now);
  };
  return { index, 4: next(4), 6: next(6) };
}
