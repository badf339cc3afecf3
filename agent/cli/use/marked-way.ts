/**
 * The way of marked packets through one path, apart from all that the agent keeps: three rules
 * below its priorities and a table above its own. Main's specific routes first, so that the LAN and
 * local services are reached as ever; then the agent's table of the path, which follows gateways;
 * then a default of our own, and `unreachable`, so that nothing leaves by another path.
 */

import type { Family, KernelLink, KernelRoute, KernelRule } from "../../domain/kernel-net.ts";
import {
  OUR_PROTOCOL,
  PATH_RULE_BASE,
  PATH_SLOT_MAX,
  PATH_TABLE_BASE,
  RULE_ACTION,
  TABLE_MAIN,
} from "../../domain/kernel-net.ts";
import { FAMILIES } from "../../routing/facts.ts";
import { findGateway } from "../../routing/gateway.ts";
import { gatewaySources } from "../../routing/plan.ts";
import {
  defaultRoute,
  METRIC_ACTIVE,
  METRIC_UNREACHABLE,
  unreachableRoute,
} from "../../routing/route-forms.ts";
import { encodeRouteDelete, encodeRouteReplace } from "../../wire/netlink-route.ts";
import { encodeRuleCreate, encodeRuleDelete } from "../../wire/netlink-rule.ts";
import type { Requests } from "../../worker/netlink/kernel-tables.ts";
import { dumpRoutes, dumpRules } from "../../worker/netlink/kernel-tables.ts";
import type { Answer } from "../../worker/netlink/netlink-socket.ts";
import { wordsOf } from "../../worker/netlink/netlink-socket.ts";
import type { KernelState } from "../../worker/netlink/state-reader.ts";

/** Three priorities each, all below 1000, where the agent's begin. */
export const USE_MAX = 32;
const PRIORITY_BASE = 900;
const PRIORITIES_EACH = 3;
const TABLE_BASE = PATH_TABLE_BASE + PATH_SLOT_MAX;
/** Far from the low bits that other programs mark with. */
const MARK_BASE = 0x9e00_0000;
const MARK_SHIFT = 0x1_0000;
const WHOLE_MASK = 0xffff_ffff;

export interface UsedPath {
  readonly device: string;
  /** As configured: auto, none or an address. */
  readonly gateway: string;
}

export function markOf(number: number): number {
  return MARK_BASE + number * MARK_SHIFT;
}

/** Families that can leave by the path; throws with the kernel's words when it refuses. */
export function layWay(
  socket: Requests,
  number: number,
  path: UsedPath,
  state: KernelState,
): readonly Family[] {
  const link = state.links.find(({ name }) => name === path.device);
  if (link === undefined) throw new Error(`cannot find the device ${path.device}`);
  return FAMILIES.filter((family) => {
    const route = ownRoute({ number, family, link, path, state });
    const table = TABLE_BASE + number;
    const last = unreachableRoute({ family, table, metric: METRIC_UNREACHABLE });
    const routes = route === null ? [last] : [last, route];
    for (const one of routes) demand(socket.request(encodeRouteReplace(one)));
    for (const rule of rulesOf(number, family, agentTable(state, family, path.device))) {
      demand(socket.request(encodeRuleCreate(rule)));
    }
    return route !== null;
  });
}

interface OwnRoute {
  readonly number: number;
  readonly family: Family;
  readonly link: KernelLink;
  readonly path: UsedPath;
  readonly state: KernelState;
}

function ownRoute({ number, family, link, path, state }: OwnRoute): KernelRoute | null {
  const planned = {
    id: path.device,
    slot: 0,
    device: path.device,
    gateway: gatewaySources(path.gateway),
  };
  const gateway = findGateway(state, planned, family, null);
  if (gateway === null) return null;
  const place = { family, table: TABLE_BASE + number, metric: METRIC_ACTIVE };
  return defaultRoute(place, link, gateway, state);
}

/** From the agent's rule `oif DEV lookup 1000+N`; null: it keeps none for the device. */
function agentTable({ rules }: KernelState, family: Family, device: string): number | null {
  const rule = rules.find(
    (one) =>
      one.protocol === OUR_PROTOCOL &&
      one.family === family &&
      one.oif === device &&
      one.priority >= PATH_RULE_BASE &&
      one.table > PATH_TABLE_BASE,
  );
  return rule?.table ?? null;
}

function rulesOf(number: number, family: Family, agent: number | null): readonly KernelRule[] {
  const lookups = [
    { table: TABLE_MAIN, suppressPrefixLen: 0 },
    ...(agent === null ? [] : [{ table: agent, suppressPrefixLen: null }]),
    { table: TABLE_BASE + number, suppressPrefixLen: null },
  ];
  return lookups.map((lookup, i) => ({
    family,
    priority: PRIORITY_BASE + PRIORITIES_EACH * number + i,
    ...lookup,
    action: RULE_ACTION.toTable,
    protocol: OUR_PROTOCOL,
    from: null,
    fromLen: 0,
    to: null,
    toLen: 0,
    iif: null,
    oif: null,
    fwmark: markOf(number),
    fwmask: WHOLE_MASK,
  }));
}

/** Numbers that rules or routes of ours stand for, living or left over. */
export function laidNumbers(socket: Requests): ReadonlySet<number> {
  return new Set(traces(socket).map(({ number }) => number));
}

/** Rules first: from then on nobody looks into the table. How many it removed. */
export function removeWay(socket: Requests, number: number): number {
  const ours = traces(socket).filter((trace) => trace.number === number);
  for (const trace of ours) {
    demand(
      trace.kind === "rule"
        ? socket.request(encodeRuleDelete(trace.rule))
        : socket.request(encodeRouteDelete(trace.route)),
    );
  }
  return ours.length;
}

type Trace =
  | { readonly kind: "rule"; readonly number: number; readonly rule: KernelRule }
  | { readonly kind: "route"; readonly number: number; readonly route: KernelRoute };

function traces(socket: Requests): readonly Trace[] {
  return FAMILIES.flatMap((family): Trace[] => {
    const rules = answered(dumpRules(socket, family)).flatMap((rule): Trace[] => {
      const number = Math.floor((rule.priority - PRIORITY_BASE) / PRIORITIES_EACH);
      const isOurs = rule.protocol === OUR_PROTOCOL && rule.fwmark === markOf(number);
      return isOurs && isNumber(number) ? [{ kind: "rule", number, rule }] : [];
    });
    const routes = answered(dumpRoutes(socket, family, null)).flatMap((route): Trace[] => {
      const number = route.table - TABLE_BASE;
      const isOurs = route.protocol === OUR_PROTOCOL && isNumber(number);
      return isOurs ? [{ kind: "route", number, route }] : [];
    });
    return [...rules, ...routes];
  });
}

function isNumber(number: number): boolean {
  return number >= 1 && number <= USE_MAX;
}

/** What cannot be read now is removed another time. */
function answered<T>(answer: Answer<T[]>): readonly T[] {
  return answer.kind === "ok" ? answer.value : [];
}

function demand(ack: ReturnType<Requests["request"]>): void {
  if (ack.kind === "refused") throw new Error(wordsOf(ack));
}
