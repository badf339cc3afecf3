/**
 * From configuration, slots and the engine's decisions to the plan. Policies without `route`
 * and paths that none of the others names stay outside: nothing is done for them in the kernel. A
 * disabled policy keeps its slot and its paths, so that switching it on is its own rules alone.
 */

import type { AgentConfig, PathConfig, PolicyConfig } from "../domain/config.ts";
import { invariant } from "../domain/invariant.ts";
import type { RouteConfig, Selector } from "../domain/selector.ts";
import { parseSelector } from "../domain/selector.ts";
import type { PlannedPath, PlannedPolicy, RoutePlan } from "./plan.ts";
import { gatewaySources } from "./plan.ts";
import type { SlotBook, SlotWishes } from "./slots.ts";

export type RoutedConfig = Pick<AgentConfig, "paths" | "policies">;
export type PolicyDecision = Pick<PlannedPolicy, "choice" | "allDown">;

type RoutedPolicy = PolicyConfig & { readonly route: RouteConfig };

export function slotWishes(config: RoutedConfig): SlotWishes {
  return {
    paths: routedPaths(config).map(({ id, device }) => ({ id, device })),
    policies: config.policies
      .filter(isRouted)
      .map(({ id, route }) => ({ id, selectors: selectorsOf(route) })),
  };
}

/** Whoever has no slot in `book` is left out. */
export function routePlan(
  config: RoutedConfig,
  book: SlotBook,
  decisionOf: (policy: PolicyConfig) => PolicyDecision,
): RoutePlan {
  const paths = routedPaths(config).flatMap(({ id, device, gateway }): PlannedPath[] => {
    const slot = book.paths.get(id);
    return slot === undefined ? [] : [{ id, slot, device, gateway: gatewaySources(gateway) }];
  });
  const policies = config.policies.filter(isRouted).flatMap((policy): PlannedPolicy[] => {
    const slot = book.policies.get(policy.id);
    if (slot === undefined) return [];
    return [
      {
        id: policy.id,
        slot,
        isEnabled: policy.enabled,
        selectors: selectorsOf(policy.route),
        ipv6: policy.route.ipv6,
        order: [policy.primary, ...policy.backups],
        ...decisionOf(policy),
      },
    ];
  });
  return { paths, policies };
}

function isRouted(policy: PolicyConfig): policy is RoutedPolicy {
  return policy.route !== null;
}

interface RoutedPath {
  readonly id: string;
  readonly device: string;
  readonly gateway: string;
}

function routedPaths({ paths, policies }: RoutedConfig): readonly RoutedPath[] {
  const named = new Set(
    policies.filter(isRouted).flatMap(({ primary, backups }) => [primary, ...backups]),
  );
  return paths.flatMap((path: PathConfig): RoutedPath[] => {
    const { id, interface: device, gateway } = path;
    return device === null || !named.has(id) ? [] : [{ id, device, gateway }];
  });
}

function selectorsOf({ match }: RouteConfig): readonly Selector[] {
  return match.map((one) => {
    const selector = parseSelector(one);
    invariant(selector !== null, `selectors are checked when they are read: ${one.to ?? one.from}`);
    return selector;
  });
}
