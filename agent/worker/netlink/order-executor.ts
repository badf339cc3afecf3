/**
 * Carries out one order about routes, rules and link settings at a time. It trusts nobody: what is
 * outside our tables, priorities and protocol number is refused here, whatever the sender wanted.
 * Every write of a route is one message, so that a crash leaves the old route or the new one.
 */

import { isSameAddress } from "../../domain/gateways.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { KernelRoute, KernelRule } from "../../domain/kernel-net.ts";
import {
  isLinkAlive,
  isOurPriority,
  isOurTable,
  OUR_PROTOCOL,
  ROUTE_TYPE,
  RTNH_FLAG,
  RULE_ACTION,
  TABLE_MAIN,
} from "../../domain/kernel-net.ts";
import type { NetOrder, OrderOutcome, RejectReason } from "../../wire/net-frames.ts";
import { encodeLinkSettings } from "../../wire/netlink-link.ts";
import { encodeRouteDelete, encodeRouteReplace } from "../../wire/netlink-route.ts";
import { encodeRuleCreate, encodeRuleDelete } from "../../wire/netlink-rule.ts";
import { ERRNO } from "../kernel.ts";
import type { Requests } from "./kernel-tables.ts";
import { dumpRoutes, lookupRoute, readLink } from "./kernel-tables.ts";
import type { Ack, Refusal } from "./netlink-socket.ts";
import { wordsOf } from "./netlink-socket.ts";

/** Orders that this module carries out; the others concern flows and reports. */
export type RouteOrder = Exclude<NetOrder, { kind: "delete-flows" } | { kind: "report" }>;

export interface ExecutorPorts {
  readonly socket: Requests;
  /** Monotonic us. */
  readonly now: () => number;
  /** 0: no such device. */
  readonly indexOf: (device: string) => number;
}

/** What the steps of an order end with; the duration is added at the end. */
type Result =
  | { readonly kind: "done"; readonly shadowedByTable: number | null }
  | Extract<OrderOutcome, { kind: "rejected" }>;

const DONE: Result = { kind: "done", shadowedByTable: null };
/** rp_filter has the values 0, 1, 2. */
const RP_FILTER_MAX = 2;

export function executeOrder(ports: ExecutorPorts, order: RouteOrder): OrderOutcome {
  const startUs = ports.now();
  const result = resultOf(ports, order);
  if (result.kind === "rejected") return result;
  return { ...result, durationUs: ports.now() - startUs, flows: null };
}

function resultOf(ports: ExecutorPorts, order: RouteOrder): Result {
  switch (order.kind) {
    case "switch-route":
      return switchRoute(ports.socket, order.route, order.canary);
    case "apply-route":
      return applyRoute(ports.socket, order.route);
    case "delete-route":
      return deleteRoute(ports.socket, order.route);
    case "apply-rule":
      return applyRule(ports.socket, order.rule);
    case "delete-rule":
      return deleteRule(ports.socket, order.rule);
    case "set-link":
      return setLink(ports, order);
    default:
      return unreachable(order);
  }
}

// --- what is ours --------------------------------------------------------------------------------

/** null: ours; else the sentence of the refusal. */
export function foreignRoute(route: KernelRoute): string | null {
  if (route.protocol !== OUR_PROTOCOL) return `protocol ${route.protocol}, wanted ${OUR_PROTOCOL}`;
  if (!isOurTable(route.table)) return `table ${route.table} is not ours`;
  if (route.dstLen !== 0 || route.srcLen !== 0) return "not a default route";
  if (route.hops !== undefined || route.nextHopId !== undefined) return "more than one next hop";
  if (route.type === ROUTE_TYPE.unreachable) return null;
  if (route.type !== ROUTE_TYPE.unicast) return `type ${route.type} of a route`;
  return route.oif === null || route.oif === 0 ? "no device" : null;
}

/** null: ours; else the sentence of the refusal. */
export function foreignRule(rule: KernelRule): string | null {
  if (rule.protocol !== OUR_PROTOCOL) return `protocol ${rule.protocol}, wanted ${OUR_PROTOCOL}`;
  if (!isOurPriority(rule.priority)) return `priority ${rule.priority} is not ours`;
  if (rule.action !== RULE_ACTION.toTable) return `action ${rule.action} of a rule`;
  if (isOurTable(rule.table)) return null;
  if (rule.table !== TABLE_MAIN) return `table ${rule.table} is not ours`;
  // Main with its defaults in front of the policies would take every packet.
  return rule.suppressPrefixLen === null ? "lookup main without suppress_prefixlength" : null;
}

function rejected(reason: RejectReason, words: string, errno = 0): Result {
  return { kind: "rejected", reason, errno, words };
}

function kernelSaid(refusal: Refusal): Result {
  return rejected("kernel", wordsOf(refusal), refusal.errno);
}

/** An errno that means "it is so already" is no failure. */
function settled(ack: Ack, alreadySo: number): Result {
  if (ack.kind === "ok" || ack.errno === alreadySo) return DONE;
  return kernelSaid(ack);
}

// --- routes --------------------------------------------------------------------------------------

function applyRoute(socket: Requests, route: KernelRoute): Result {
  const foreign = foreignRoute(route);
  if (foreign !== null) return rejected("not-ours", foreign);
  const ack = socket.request(encodeRouteReplace(route));
  return ack.kind === "ok" ? DONE : kernelSaid(ack);
}

function deleteRoute(socket: Requests, route: KernelRoute): Result {
  const foreign = foreignRoute(route);
  if (foreign !== null) return rejected("not-ours", foreign);
  return settled(socket.request(encodeRouteDelete(route)), ERRNO.ESRCH);
}

/** The kernel takes a route onto a device without carrier, so the device is asked first. */
function switchRoute(socket: Requests, route: KernelRoute, canary: Uint8Array | null): Result {
  const foreign = foreignRoute(route);
  if (foreign !== null) return rejected("not-ours", foreign);
  if (route.type === ROUTE_TYPE.unicast) {
    const dead = deadLink(socket, route.oif ?? 0);
    if (dead !== null) return dead;
  }
  const ack = socket.request(encodeRouteReplace(route));
  if (ack.kind === "refused") return kernelSaid(ack);
  if (canary === null || route.type !== ROUTE_TYPE.unicast) return verifyByTable(socket, route);
  return verifyByCanary(socket, route, canary);
}

function deadLink(socket: Requests, index: number): Result | null {
  const answer = readLink(socket, index);
  if (answer.kind === "refused") return rejected("link", wordsOf(answer), answer.errno);
  const link = answer.value;
  if (isLinkAlive(link)) return null;
  return rejected("link", `${link.name} ${link.hasCarrier ? "is down" : "has no carrier"}`);
}

function verifyByCanary(socket: Requests, route: KernelRoute, canary: Uint8Array): Result {
  const answer = lookupRoute(socket, route.family, canary);
  if (answer.kind === "ok" && isSameRoute(answer.value, route)) return judged(answer.value);
  const inTable = verifyByTable(socket, route);
  if (inTable.kind === "rejected" || answer.kind === "refused") return inTable;
  // Our table is right, and yet the packet goes elsewhere: reported, not fought.
  const { table } = answer.value;
  return { kind: "done", shadowedByTable: table === route.table ? null : table };
}

function verifyByTable(socket: Requests, route: KernelRoute): Result {
  const answer = dumpRoutes(socket, route.family, route.table);
  if (answer.kind === "refused") return rejected("unverified", wordsOf(answer), answer.errno);
  const found = answer.value.filter((one) => one.metric === route.metric && one.dstLen === 0);
  const [only] = found;
  if (only === undefined) return rejected("unverified", "the route is not in its table");
  if (found.length > 1) return rejected("unverified", `${found.length} routes of one metric`);
  return isSameRoute(only, route) ? judged(only) : rejected("unverified", "another next hop");
}

/** The carrier may have gone between the two messages. */
function judged(read: KernelRoute): Result {
  const isLost = (read.flags & (RTNH_FLAG.dead | RTNH_FLAG.linkdown)) !== 0;
  return isLost ? rejected("link", "the route lost its link") : DONE;
}

/** What we set of a route; IPv6 shows `unreachable` through the loopback device. */
export function isSameRoute(read: KernelRoute, wanted: KernelRoute): boolean {
  if (read.table !== wanted.table || read.metric !== wanted.metric) return false;
  if (read.type !== wanted.type || read.dstLen !== wanted.dstLen) return false;
  if (read.protocol !== wanted.protocol) return false;
  if (wanted.type !== ROUTE_TYPE.unicast) return true;
  return read.oif === wanted.oif && isSameAddress(read.gateway, wanted.gateway);
}

// --- rules and settings --------------------------------------------------------------------------

function applyRule(socket: Requests, rule: KernelRule): Result {
  const foreign = foreignRule(rule);
  if (foreign !== null) return rejected("not-ours", foreign);
  return settled(socket.request(encodeRuleCreate(rule)), ERRNO.EEXIST);
}

function deleteRule(socket: Requests, rule: KernelRule): Result {
  const foreign = foreignRule(rule);
  if (foreign !== null) return rejected("not-ours", foreign);
  return settled(socket.request(encodeRuleDelete(rule)), ERRNO.ENOENT);
}

function setLink(ports: ExecutorPorts, order: Extract<RouteOrder, { kind: "set-link" }>): Result {
  const { device, rpFilter, ignoreRoutesWithLinkdown } = order;
  if (rpFilter !== null && rpFilter > RP_FILTER_MAX) {
    return rejected("not-ours", `rp_filter ${rpFilter}, wanted 0 to ${RP_FILTER_MAX}`);
  }
  const index = ports.indexOf(device);
  if (index === 0) return rejected("link", `no device ${device}`, ERRNO.ENODEV);
  const settings = {
    ...(rpFilter === null ? {} : { rpFilter }),
    ...(ignoreRoutesWithLinkdown === null ? {} : { ignoreRoutesWithLinkdown }),
  };
  const ack = ports.socket.request(encodeLinkSettings(index, settings));
  return ack.kind === "ok" ? DONE : kernelSaid(ack);
}
