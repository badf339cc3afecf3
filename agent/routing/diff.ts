/**
 * From what the kernel has to what it should have, as an ordered list of messages. The order is the
 * guarantee: whatever takes over exists before what it replaces goes, so no packet meets a half of
 * it. Equal states give an empty list. What is not ours is never in it.
 */

import type { KernelRoute, KernelRule } from "../domain/kernel-net.ts";
import { PATH_TABLE_BASE, TABLE_MAIN } from "../domain/kernel-net.ts";
import type { DesiredState } from "./desired.ts";
import type { KernelFacts } from "./facts.ts";
import { isOurRoute, isOurRule } from "./facts.ts";
import type { RouteNote } from "./note.ts";
import type { RouteOperation } from "./operation.ts";
import { METRIC_ACTIVE, METRIC_UNREACHABLE, placeKey, sameRoute } from "./route-forms.ts";
import { isPathRule, MAIN_FIRST_PRIORITY, ruleKey } from "./rule-forms.ts";

type Target = Pick<DesiredState, "rules" | "routes">;
type Present = Pick<KernelFacts, "rules" | "routes">;

const NOTHING: Target = { rules: [], routes: [] };

export function diff(desired: Target, kernel: Present): readonly RouteOperation[] {
  const rules = ruleChanges(desired.rules, kernel.rules);
  const routes = routeChanges(desired.routes, kernel.routes);
  return [
    // Where somebody flushed the rules, the kernel finds IPv6 gateways by these alone.
    ...rules.add.filter((rule) => isPathRule(rule) && isLookInMain(rule)).map(addRule),
    // A switch, or a new gateway of the active path, before all that can wait.
    ...routes.write.filter(({ isSwitch }) => isSwitch).map(replaceRoute),
    ...routes.write.filter(({ isSwitch, route }) => !isSwitch && isOfPath(route)).map(replaceRoute),
    ...rules.add.filter((rule) => isPathRule(rule) && !isLookInMain(rule)).map(addRule),
    ...routes.write
      .filter(({ isSwitch, route }) => !isSwitch && !isOfPath(route))
      .map(replaceRoute),
    ...rules.add
      .filter((rule) => !isPathRule(rule))
      .sort(mainFirst)
      .map(addRule),
    ...rules.remove
      .filter((rule) => !isPathRule(rule))
      .sort(mainLast)
      .map(deleteRule),
    ...routes.remove.filter((route) => !isOfPath(route)).map(deleteRoute),
    ...rules.remove.filter(isPathRule).map(deleteRule),
    ...routes.remove.filter(isOfPath).map(deleteRoute),
  ];
}

/** Every trace of ours, in the reverse order of an installation. */
export function uninstall(kernel: Present): readonly RouteOperation[] {
  return diff(NOTHING, kernel);
}

/** Places of ours that a foreign route holds: nothing is written there. */
export function takenPlaces(desired: Target, kernel: Present): readonly RouteNote[] {
  const foreign = foreignPlaces(kernel.routes);
  return desired.routes
    .filter((route) => foreign.has(placeKey(route)))
    .map(({ table, family }) => ({ kind: "place-taken", table, family }));
}

interface RuleChanges {
  readonly add: readonly KernelRule[];
  readonly remove: readonly KernelRule[];
}

/** Added by rising priority and removed by falling: the look into main guards the one behind it. */
function ruleChanges(desired: readonly KernelRule[], kernel: readonly KernelRule[]): RuleChanges {
  const own = new Map(kernel.filter(isOurRule).map((rule) => [ruleKey(rule), rule]));
  const wanted = new Map(desired.map((rule) => [ruleKey(rule), rule]));
  return {
    add: [...wanted]
      .flatMap(([key, rule]) => (own.has(key) ? [] : [rule]))
      .sort((a, b) => a.priority - b.priority),
    remove: [...own]
      .flatMap(([key, rule]) => (wanted.has(key) ? [] : [rule]))
      .sort((a, b) => b.priority - a.priority),
  };
}

interface RouteWrite {
  readonly route: KernelRoute;
  /** Another way at the metric of the active path. */
  readonly isSwitch: boolean;
}

interface RouteChanges {
  readonly write: readonly RouteWrite[];
  readonly remove: readonly KernelRoute[];
}

function routeChanges(
  desired: readonly KernelRoute[],
  kernel: readonly KernelRoute[],
): RouteChanges {
  const own = Map.groupBy(kernel.filter(isOurRoute), placeKey);
  const foreign = foreignPlaces(kernel);
  const wanted = new Map(desired.map((route) => [placeKey(route), route]));
  const write: RouteWrite[] = [];
  const remove: KernelRoute[] = [];
  for (const [place, route] of wanted) {
    const present = own.get(place) ?? [];
    const same = present.find((one) => sameRoute(one, route));
    const isWritten = same === undefined && !foreign.has(place);
    if (isWritten) {
      const isSwitch = present.length > 0 && route.metric === METRIC_ACTIVE && !isOfPath(route);
      write.push({ route, isSwitch });
    }
    // A REPLACE takes the place of the first one.
    const kept = same ?? (isWritten ? present[0] : undefined);
    remove.push(...present.filter((one) => one !== kept));
  }
  for (const [place, routes] of own) if (!wanted.has(place)) remove.push(...routes);
  return { write, remove: remove.sort((a, b) => removalRank(a) - removalRank(b)) };
}

/** Candidates go before the active one; `unreachable` outlives both. */
function removalRank({ metric }: KernelRoute): number {
  if (metric === METRIC_ACTIVE) return 1;
  return metric === METRIC_UNREACHABLE ? 2 : 0;
}

function foreignPlaces(routes: readonly KernelRoute[]): ReadonlySet<string> {
  return new Set(routes.filter((route) => !isOurRoute(route)).map(placeKey));
}

function isOfPath({ table }: KernelRoute): boolean {
  return table >= PATH_TABLE_BASE;
}

function isLookInMain({ table }: KernelRule): boolean {
  return table === TABLE_MAIN;
}

/** The look into main before the selectors that stand behind it, and after them when it goes. */
function mainFirst(a: KernelRule, b: KernelRule): number {
  return Number(b.priority === MAIN_FIRST_PRIORITY) - Number(a.priority === MAIN_FIRST_PRIORITY);
}

function mainLast(a: KernelRule, b: KernelRule): number {
  return mainFirst(b, a);
}

function replaceRoute({ route }: RouteWrite): RouteOperation {
  return { kind: "apply-route", route };
}

function deleteRoute(route: KernelRoute): RouteOperation {
  return { kind: "delete-route", route };
}

function addRule(rule: KernelRule): RouteOperation {
  return { kind: "apply-rule", rule };
}

function deleteRule(rule: KernelRule): RouteOperation {
  return { kind: "delete-rule", rule };
}
