/**
 * Which gateway a path has in a family, as the kernel shows it at one moment: learnt from the
 * system's own default routes through the device, or given. What a short absence means is decided
 * in gateway-hold.ts.
 */

import type { LearntGateway } from "../domain/gateways.ts";
import { learnGateway } from "../domain/gateways.ts";
import { unreachable } from "../domain/invariant.ts";
import type { Family } from "../domain/kernel-net.ts";
import { TABLE_MAIN } from "../domain/kernel-net.ts";
import { familyOf } from "../domain/prefix.ts";
import type { KernelFacts } from "./facts.ts";
import { hasUsableAddress, isUp, learnTablesOf, linkNamed } from "./facts.ts";
import type { PlannedPath } from "./plan.ts";

export type Gateway =
  /** Point to point: the device is enough. */
  | { readonly kind: "device" }
  /** 4 or 16 octets; an IPv4 route may go over an IPv6 address. */
  | { readonly kind: "via"; readonly address: Uint8Array };

/** Gateways by path id; null: none known in this family. */
export type GatewayTable = ReadonlyMap<
  string,
  { readonly 4: Gateway | null; readonly 6: Gateway | null }
>;

/** Equal for equal gateways. */
export function gatewayKey(gateway: Gateway): string {
  switch (gateway.kind) {
    case "device":
      return "device";
    case "via":
      return `via ${familyOf(gateway.address)} ${gateway.address.join(".")}`;
    default:
      return unreachable(gateway);
  }
}

export function sameGateway(a: Gateway | null, b: Gateway | null): boolean {
  return a === null || b === null ? a === b : gatewayKey(a) === gatewayKey(b);
}

/** `inUse` decides between defaults that are equal otherwise. null: no gateway at this moment. */
export function findGateway(
  facts: KernelFacts,
  path: PlannedPath,
  family: Family,
  inUse: Gateway | null,
): Gateway | null {
  const link = linkNamed(facts, path.device);
  if (!isUp(link)) return null;
  const source = path.gateway[family];
  switch (source.kind) {
    case "auto":
      return learn(facts, link.index, family, inUse);
    case "none":
      return hasUsableAddress(facts, link.index, family) ? { kind: "device" } : null;
    case "fixed":
      return hasUsableAddress(facts, link.index, family)
        ? { kind: "via", address: source.address }
        : null;
    default:
      return unreachable(source);
  }
}

/** The system's default route through the device with the lowest metric. */
function learn(
  facts: KernelFacts,
  oif: number,
  family: Family,
  inUse: Gateway | null,
): Gateway | null {
  const learnTables = learnTablesOf(facts);
  const used = inUse === null ? null : learntForm(inUse, family);
  const learnt = learnGateway(facts.routes, { oif, family, learnTables, inUse: used });
  if (learnt === null) return null;
  return learnt.gateway === null ? { kind: "device" } : { kind: "via", address: learnt.gateway };
}

/** Metric and table do not count when two are compared. */
function learntForm(gateway: Gateway, family: Family): LearntGateway {
  const none = { family, metric: 0, table: TABLE_MAIN };
  if (gateway.kind === "device") return { ...none, gateway: null, viaFamily: family };
  return { ...none, gateway: gateway.address, viaFamily: familyOf(gateway.address) };
}
