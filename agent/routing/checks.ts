/**
 * What is wrong with a plan on this box: faults that only show beside the devices and addresses
 * that are there. What shows in the configuration alone is checked where it is read.
 */

import { formatAddress } from "../domain/address.ts";
import { unreachable } from "../domain/invariant.ts";
import type { Family, KernelAddress } from "../domain/kernel-net.ts";
import { needsNoGateway } from "../domain/kernel-net.ts";
import type { Prefix } from "../domain/prefix.ts";
import { familyOf, formatPrefix, holdsPrefix, prefixOf, sameBytes } from "../domain/prefix.ts";
import type { KernelFacts } from "./facts.ts";
import { addressesOf, FAMILIES, linkNamed } from "./facts.ts";
import type { PlannedPath, PlannedPolicy, RoutePlan } from "./plan.ts";
import { TO_PAIRS_MAX } from "./rule-forms.ts";

export type PlanProblem =
  /** The pair before table main would send the uplink's own neighbours to another uplink. */
  | {
      readonly kind: "to-is-connected";
      readonly policy: number;
      readonly to: string;
      readonly path: string;
      readonly connected: string;
    }
  /** Without a gateway an ethernet device asks for the hardware address of every public host. */
  | { readonly kind: "gateway-needed"; readonly path: string; readonly device: string }
  | { readonly kind: "gateway-is-ours"; readonly path: string; readonly gateway: string }
  | { readonly kind: "too-many-prefixes"; readonly family: Family; readonly count: number };

export function planProblems(plan: RoutePlan, facts: KernelFacts): readonly PlanProblem[] {
  return [
    ...plan.paths.flatMap((path) => gatewayProblems(path, facts)),
    ...plan.policies.flatMap((policy) => connectedTargets(policy, plan, facts)),
    ...prefixOverflow(plan),
  ];
}

export function describeProblem(problem: PlanProblem): string {
  switch (problem.kind) {
    case "to-is-connected":
      return (
        `cannot route to ${problem.to} by policy ${problem.policy}: want a prefix outside of ` +
        `${problem.connected}, which is connected to "${problem.path}"`
      );
    case "gateway-needed":
      return (
        `cannot use gateway none on ${problem.device} ("${problem.path}"): ` +
        "want auto or an address, or a device that is point to point"
      );
    case "gateway-is-ours":
      return `cannot use gateway ${problem.gateway} of "${problem.path}": it is this box's own address`;
    case "too-many-prefixes":
      return (
        `cannot route to ${problem.count} IPv${problem.family} prefixes: ` +
        `want at most ${TO_PAIRS_MAX}`
      );
    default:
      return unreachable(problem);
  }
}

function gatewayProblems(path: PlannedPath, facts: KernelFacts): readonly PlanProblem[] {
  const link = linkNamed(facts, path.device);
  const isNone = FAMILIES.some((family) => path.gateway[family].kind === "none");
  const needed: PlanProblem[] =
    isNone && link !== null && !needsNoGateway(link)
      ? [{ kind: "gateway-needed", path: path.id, device: path.device }]
      : [];
  const own = FAMILIES.flatMap((family): PlanProblem[] => {
    const source = path.gateway[family];
    if (source.kind !== "fixed") return [];
    const isOurs = facts.addresses.some(({ address }) => sameBytes(address, source.address));
    return isOurs
      ? [{ kind: "gateway-is-ours", path: path.id, gateway: textOf(source.address) }]
      : [];
  });
  return [...needed, ...own];
}

function textOf(bytes: Uint8Array): string {
  return formatAddress({ family: familyOf(bytes), bytes, zone: null });
}

function connectedTargets(
  policy: PlannedPolicy,
  { paths }: RoutePlan,
  facts: KernelFacts,
): readonly PlanProblem[] {
  return policy.selectors.flatMap(({ to }) => {
    if (to === null) return [];
    return paths.flatMap((path): PlanProblem[] => {
      const connected = connectedPrefixes(path, facts, to.family).find((prefix) =>
        holdsPrefix(prefix, to),
      );
      if (connected === undefined) return [];
      const names = { to: formatPrefix(to), connected: formatPrefix(connected) };
      return [{ kind: "to-is-connected", policy: policy.id, path: path.id, ...names }];
    });
  });
}

function connectedPrefixes(
  { device }: PlannedPath,
  facts: KernelFacts,
  family: Family,
): readonly Prefix[] {
  const link = linkNamed(facts, device);
  if (link === null) return [];
  return addressesOf(facts, link.index, family).map(connectedPrefix);
}

function connectedPrefix({ address, peer, prefixLen }: KernelAddress): Prefix {
  return prefixOf(peer ?? address, prefixLen);
}

function prefixOverflow({ policies }: RoutePlan): readonly PlanProblem[] {
  return FAMILIES.flatMap((family): PlanProblem[] => {
    const count = policies
      .flatMap(({ selectors }) => selectors)
      .filter(({ to }) => to?.family === family).length;
    return count > TO_PAIRS_MAX ? [{ kind: "too-many-prefixes", family, count }] : [];
  });
}
