/** The rules that should exist: pairs of paths, the look into main, selectors of policies. */

import { formatAddress } from "../domain/address.ts";
import { isLinkLocal } from "../domain/gateways.ts";
import type { Family, KernelRule } from "../domain/kernel-net.ts";
import { POLICY_RULE_FIRST, POLICY_RULE_LAST, POLICY_TABLE_BASE } from "../domain/kernel-net.ts";
import type { Selector } from "../domain/selector.ts";
import { inKernelOrder, isCatchAll } from "../domain/selector.ts";
import type { KernelFacts } from "./facts.ts";
import { addressesOf, linkNamed } from "./facts.ts";
import type { RouteNote } from "./note.ts";
import type { PlannedPath, PlannedPolicy, RoutePlan } from "./plan.ts";
import { routedSelectors } from "./plan.ts";
import {
  addressRules,
  deviceRules,
  lookupRule,
  MAIN_FIRST_PRIORITY,
  MATCHES_MAX,
  mainRule,
  SELECTOR_RULE_BASE,
  TO_PAIRS_MAX,
  withSelector,
} from "./rule-forms.ts";

/** Adds what cannot be installed as asked to `notes`. */
export function desiredRules(
  plan: RoutePlan,
  facts: KernelFacts,
  family: Family,
  notes: RouteNote[],
): readonly KernelRule[] {
  const pairs = plan.paths.flatMap((path) => [
    ...deviceRules(family, path.slot, path.device),
    ...rulesOfAddresses(plan, facts, { path, family }, notes),
  ]);
  const selectors = rulesOfSelectors(plan.policies, family);
  // Main's specific routes are asked first as soon as any policy moves this family.
  const main = selectors.length === 0 ? [] : [mainRule(family, MAIN_FIRST_PRIORITY, 0)];
  return [...pairs, ...main, ...selectors];
}

/**
 * One pair per address of the device. Link-local IPv6 addresses are the same on many devices, and
 * an address that two devices carry would send the replies of one through the other.
 */
function rulesOfAddresses(
  plan: RoutePlan,
  facts: KernelFacts,
  { path, family }: { readonly path: PlannedPath; readonly family: Family },
  notes: RouteNote[],
): readonly KernelRule[] {
  const link = linkNamed(facts, path.device);
  if (link === null) return [];
  const addresses = addressesOf(facts, link.index, family).filter(
    ({ address }) => !isLinkLocal(address),
  );
  const byText = new Map(addresses.map(({ address }) => [textOf(address, family), address]));
  const others = addressesOfOthers(plan, facts, path, family);
  return [...byText].flatMap(([text, address]) => {
    const other = others.get(text);
    if (other === undefined) return addressRules(address, path.slot);
    notes.push({ kind: "shared-address", path: path.id, other, address: text });
    return [];
  });
}

/** Addresses on the devices of other paths, with the id of one such path. */
function addressesOfOthers(
  { paths }: RoutePlan,
  facts: KernelFacts,
  path: PlannedPath,
  family: Family,
): ReadonlyMap<string, string> {
  return new Map(
    paths
      .filter(({ device }) => device !== path.device)
      .flatMap(({ id, device }) => {
        const link = linkNamed(facts, device);
        const own = link === null ? [] : addressesOf(facts, link.index, family);
        return own.map(({ address }) => [textOf(address, family), id] as const);
      }),
  );
}

function textOf(bytes: Uint8Array, family: Family): string {
  return formatAddress({ family, bytes, zone: null });
}

interface PlacedSelector {
  readonly selector: Selector;
  readonly policy: PlannedPolicy;
  /** Position of the policy and of its selector, as given. */
  readonly policyOrder: number;
  readonly matchOrder: number;
}

/** Disabled policies keep their places: switching one on moves no rule of another. */
function rulesOfSelectors(
  policies: readonly PlannedPolicy[],
  family: Family,
): readonly KernelRule[] {
  const placed = policies.flatMap((policy, policyOrder) =>
    policy.selectors
      .map((selector, matchOrder) => ({ selector, policy, policyOrder, matchOrder }))
      .filter(({ selector }) => selector.families.includes(family)),
  );
  const ordered = inKernelOrder(placed);
  return ordered.flatMap((one, i) => {
    const isRouted = routedSelectors(one.policy, family).includes(one.selector);
    return isRouted ? rulesOf(one, i, family) : [];
  });
}

/** `rank`: position in kernel order; selectors with `to` come first, so it is theirs. */
function rulesOf(
  { selector, policy, policyOrder, matchOrder }: PlacedSelector,
  rank: number,
  family: Family,
): readonly KernelRule[] {
  const table = POLICY_TABLE_BASE + policy.slot;
  const lookup = (priority: number) => withSelector(lookupRule(family, priority, table), selector);
  if (isCatchAll(selector)) return [lookup(POLICY_RULE_LAST)];
  if (selector.to === null) {
    return [lookup(SELECTOR_RULE_BASE + MATCHES_MAX * policyOrder + matchOrder)];
  }
  // Beyond the room a pair would lie behind the look into main; checks refuse such a plan.
  if (rank >= TO_PAIRS_MAX) return [];
  const priority = POLICY_RULE_FIRST + 2 * rank;
  const main = mainRule(family, priority, selector.to.length);
  return [withSelector(main, selector), lookup(priority + 1)];
}
