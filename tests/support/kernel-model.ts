/**
 * The kernel's tables of rules and routes, as far as the planner relies on them: what REPLACE hits,
 * what a delete takes, what IPv6 shows differently, and which writes are refused. A write that a
 * planner must never ask for throws.
 */

import type { KernelLink, KernelRoute, KernelRule } from "../../agent/domain/kernel-net.ts";
import {
  LINK_FLAG,
  OUR_PROTOCOL,
  ROUTE_SCOPE,
  ROUTE_TYPE,
  RTNH_FLAG,
  TABLE_MAIN,
} from "../../agent/domain/kernel-net.ts";
import type { KernelFacts } from "../../agent/routing/facts.ts";
import type { RouteOperation } from "../../agent/routing/operation.ts";
import { isOnLink, placeKey, sameRoute } from "../../agent/routing/route-forms.ts";
import { ruleKey } from "../../agent/routing/rule-forms.ts";

const LOOPBACK_INDEX = 1;

export function applyAll(facts: KernelFacts, operations: readonly RouteOperation[]): KernelFacts {
  return operations.reduce(applyOne, facts);
}

export function applyOne(facts: KernelFacts, operation: RouteOperation): KernelFacts {
  switch (operation.kind) {
    case "apply-rule":
      return { ...facts, rules: withRule(facts.rules, operation.rule) };
    case "delete-rule":
      return { ...facts, rules: withoutRule(facts.rules, operation.rule) };
    case "apply-route":
      return { ...facts, routes: withRoute(facts, operation.route) };
    case "delete-route":
      return { ...facts, routes: withoutRoute(facts.routes, operation.route) };
    case "set-link":
      return facts;
  }
}

function mustBeOurs(protocol: number): void {
  if (protocol !== OUR_PROTOCOL) throw new Error(`touched protocol ${protocol}`);
}

function withRule(rules: readonly KernelRule[], rule: KernelRule): readonly KernelRule[] {
  mustBeOurs(rule.protocol);
  if (rules.some((one) => ruleKey(one) === ruleKey(rule))) throw new Error("EEXIST");
  const behind = rules.findIndex(
    (one) => one.family === rule.family && one.priority > rule.priority,
  );
  const at = behind < 0 ? rules.length : behind;
  return [...rules.slice(0, at), rule, ...rules.slice(at)];
}

function withoutRule(rules: readonly KernelRule[], rule: KernelRule): readonly KernelRule[] {
  mustBeOurs(rule.protocol);
  const at = rules.findIndex((one) => ruleKey(one) === ruleKey(rule));
  if (at < 0) throw new Error("ENOENT");
  return rules.toSpliced(at, 1);
}

function withRoute(facts: KernelFacts, route: KernelRoute): readonly KernelRoute[] {
  mustBeOurs(route.protocol);
  refuse(facts, route);
  const shown = asShown(route);
  const isHit = (one: KernelRoute) => placeKey(one) === placeKey(route);
  const at = facts.routes.findIndex(isHit);
  const hit = facts.routes[at];
  if (hit === undefined) return [...facts.routes, shown];
  mustBeOurs(hit.protocol);
  const replaced = facts.routes.with(at, shown);
  // IPv6 collapses all next hops of one metric to the new one.
  return route.family === 4 ? replaced : replaced.filter((one) => one === shown || !isHit(one));
}

function refuse(facts: KernelFacts, route: KernelRoute): void {
  if (route.preferredSource !== undefined) throw new Error("wrote a preferred source");
  if (route.type !== ROUTE_TYPE.unicast) return;
  const link = facts.links.find(({ index }) => index === route.oif);
  if (link === undefined || (link.flags & LINK_FLAG.up) === 0) throw new Error("ENETDOWN");
  if (route.gateway === null) return;
  const isLinkLocal = route.gateway[0] === 0xfe;
  const isNear = isLinkLocal || isOnLink(facts, link, route.gateway);
  const isMarked = (route.flags & RTNH_FLAG.onlink) !== 0;
  if (isNear === isMarked) throw new Error(isMarked ? "needless ONLINK" : "invalid gateway");
  if (route.family === 6 && !isLinkLocal && !isFoundByRules(facts, link)) {
    throw new Error("EHOSTUNREACH");
  }
}

/**
 * The kernel looks a global IPv6 gateway up by the rules, bound to the device. It must come to main
 * before it comes to a path's default, which has a gateway itself.
 */
function isFoundByRules({ rules, routes }: KernelFacts, link: KernelLink): boolean {
  const hasDefault = (table: number) =>
    routes.some((one) => one.family === 6 && one.table === table && one.gateway !== null);
  const first = rules.find(
    (rule) =>
      rule.family === 6 &&
      rule.from === null &&
      rule.to === null &&
      rule.iif === null &&
      rule.fwmask === 0 &&
      (rule.oif === null || rule.oif === link.name) &&
      (rule.table === TABLE_MAIN || hasDefault(rule.table)),
  );
  return first?.table === TABLE_MAIN;
}

/** IPv6 knows no scope, and shows what has no device through the loopback. */
function asShown(route: KernelRoute): KernelRoute {
  if (route.family === 4) return route;
  const shown = { ...route, scope: ROUTE_SCOPE.universe, preference: 0 };
  return route.type === ROUTE_TYPE.unreachable ? { ...shown, oif: LOOPBACK_INDEX } : shown;
}

function withoutRoute(routes: readonly KernelRoute[], route: KernelRoute): readonly KernelRoute[] {
  mustBeOurs(route.protocol);
  const at = routes.findIndex((one) => one.protocol === route.protocol && sameRoute(one, route));
  // A replace of IPv6 may have taken it along.
  return at < 0 ? routes : routes.toSpliced(at, 1);
}
