/**
 * All rules and routes that should exist now, for both families. It follows from the plan, what the
 * kernel shows and the gateways; it does not look at what of it exists already, except where a
 * route that cannot be written now is better left than lost.
 */

import type { Family, KernelLink, KernelRoute, KernelRule } from "../domain/kernel-net.ts";
import {
  isLinkAlive,
  PATH_TABLE_BASE,
  POLICY_TABLE_BASE,
  ROUTE_TYPE,
} from "../domain/kernel-net.ts";
import { desiredRules } from "./desired-rules.ts";
import type { KernelFacts } from "./facts.ts";
import { FAMILIES, isOurRoute, isUp, linkNamed } from "./facts.ts";
import type { Gateway, GatewayTable } from "./gateway.ts";
import type { RouteNote } from "./note.ts";
import type { PlannedPath, PlannedPolicy, RoutePlan } from "./plan.ts";
import { routedSelectors } from "./plan.ts";
import {
  defaultRoute,
  METRIC_ACTIVE,
  METRIC_CANDIDATE,
  METRIC_UNREACHABLE,
  unreachableRoute,
} from "./route-forms.ts";

export interface DesiredState {
  readonly rules: readonly KernelRule[];
  readonly routes: readonly KernelRoute[];
  readonly notes: readonly RouteNote[];
}

/** A path that a family can go by: its device is up and its gateway known. */
interface Way {
  readonly link: KernelLink;
  readonly gateway: Gateway;
}

interface World {
  readonly plan: RoutePlan;
  readonly facts: KernelFacts;
  readonly ways: ReadonlyMap<string, Way>;
  readonly family: Family;
}

export function desiredState(
  plan: RoutePlan,
  facts: KernelFacts,
  gateways: GatewayTable,
): DesiredState {
  const notes: RouteNote[] = notesOfPlan(plan, facts);
  const rules: KernelRule[] = [];
  const routes: KernelRoute[] = [];
  for (const family of FAMILIES) {
    const ways = waysOf(plan, facts, gateways, family);
    const world = { plan, facts, ways, family };
    notes.push(...notesOfGateways(world));
    routes.push(...plan.paths.flatMap((path) => pathRoute(path, world)));
    routes.push(...plan.policies.flatMap((policy) => policyRoutes(policy, world)));
    rules.push(...desiredRules(plan, facts, family, notes));
  }
  return { rules, routes, notes };
}

function notesOfPlan({ paths, policies }: RoutePlan, facts: KernelFacts): RouteNote[] {
  const missing = paths.flatMap(({ id, device }): RouteNote[] =>
    linkNamed(facts, device) === null ? [{ kind: "interface-missing", path: id, device }] : [],
  );
  const reporting = policies.filter(
    (policy) =>
      policy.isEnabled &&
      policy.selectors.some(({ families }) => families.includes(6)) &&
      routedSelectors(policy, 6).length === 0,
  );
  return [
    ...missing,
    ...reporting.map(({ id }): RouteNote => ({ kind: "ipv6-not-routed", policy: id })),
  ];
}

/** IPv6 without a gateway is common and worth a word only where some policy would route it. */
function notesOfGateways({ plan, facts, ways, family }: World): readonly RouteNote[] {
  const routed = plan.policies.filter((policy) => routedSelectors(policy, family).length > 0);
  return plan.paths
    .filter(({ id }) => routed.some(({ order }) => order.includes(id)))
    .filter(({ id, device }) => !ways.has(id) && isUp(linkNamed(facts, device)))
    .map(({ id }) => ({ kind: "no-gateway", path: id, family }));
}

function waysOf(
  { paths }: RoutePlan,
  facts: KernelFacts,
  gateways: GatewayTable,
  family: Family,
): ReadonlyMap<string, Way> {
  return new Map(
    paths.flatMap(({ id, device }) => {
      const link = linkNamed(facts, device);
      const gateway = gateways.get(id)?.[family] ?? null;
      return isUp(link) && gateway !== null ? [[id, { link, gateway }] as const] : [];
    }),
  );
}

/**
 * The default that bound sockets take. It stays without a carrier: it does no harm there, and the
 * path is probed again the moment the carrier returns.
 */
function pathRoute(path: PlannedPath, { ways, facts, family }: World): readonly KernelRoute[] {
  const way = ways.get(path.id);
  if (way === undefined) return [];
  const place = { family, table: PATH_TABLE_BASE + path.slot, metric: METRIC_ACTIVE };
  return [defaultRoute(place, way.link, way.gateway, facts)];
}

function policyRoutes(policy: PlannedPolicy, world: World): readonly KernelRoute[] {
  const { facts, family } = world;
  if (routedSelectors(policy, family).length === 0) return [];
  const table = POLICY_TABLE_BASE + policy.slot;
  const choice = policy.choice[family];
  const last =
    policy.allDown === "unreachable"
      ? [unreachableRoute({ family, table, metric: METRIC_UNREACHABLE })]
      : [];
  if (choice.isAllDown && policy.allDown !== "hold") return last;
  const candidates = policy.order.flatMap((id, i) => {
    const way = id === choice.active || !choice.candidates.includes(id) ? null : liveWay(id, world);
    const place = { family, table, metric: METRIC_CANDIDATE + i };
    return way === null ? [] : [defaultRoute(place, way.link, way.gateway, facts)];
  });
  return [...activeRoute(policy, world), ...candidates, ...last];
}

/**
 * The route of the active path. While it cannot be written (no carrier: the kernel would accept it
 * all the same) the one that is there stays, whichever path of the policy it goes by: a hard leave
 * is the engine's decision.
 */
function activeRoute(policy: PlannedPolicy, world: World): readonly KernelRoute[] {
  const { facts, family, plan } = world;
  const place = { family, table: POLICY_TABLE_BASE + policy.slot, metric: METRIC_ACTIVE };
  const { active } = policy.choice[family];
  const way = active === null ? null : liveWay(active, world);
  if (way !== null) return [defaultRoute(place, way.link, way.gateway, facts)];
  const indexes = plan.paths
    .filter(({ id }) => policy.order.includes(id))
    .map(({ device }) => linkNamed(facts, device)?.index ?? null);
  const present = facts.routes.find(
    (route) =>
      isOurRoute(route) &&
      route.family === family &&
      route.table === place.table &&
      route.metric === METRIC_ACTIVE &&
      route.type === ROUTE_TYPE.unicast &&
      route.oif !== null &&
      indexes.includes(route.oif),
  );
  return present === undefined ? [] : [present];
}

/** A way with carrier. */
function liveWay(id: string, { ways }: World): Way | null {
  const way = ways.get(id);
  return way !== undefined && isLinkAlive(way.link) ? way : null;
}
