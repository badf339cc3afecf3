/** Questions to the routing part of the kernel, each one dump or one answer. */

import type {
  Family,
  KernelAddress,
  KernelLink,
  KernelRoute,
  KernelRule,
} from "../../domain/kernel-net.ts";
import type { KernelNetconf } from "../../wire/netlink-link.ts";
import {
  decodeAddress,
  decodeLink,
  decodeNetconf,
  encodeAddressDump,
  encodeLinkDump,
  encodeLinkRequest,
  encodeNetconfRequest,
} from "../../wire/netlink-link.ts";
import { decodeRoute, encodeRouteDump, encodeRouteLookup } from "../../wire/netlink-route.ts";
import { decodeRule, encodeRuleDump } from "../../wire/netlink-rule.ts";
import { ERRNO } from "../kernel.ts";
import type { Answer, NetlinkSocket } from "./netlink-socket.ts";

/** What an order needs of a socket; tests have one without a kernel. */
export type Requests = Pick<NetlinkSocket, "request" | "ask" | "dump">;

export function dumpLinks(socket: Requests): Answer<KernelLink[]> {
  return socket.dump(encodeLinkDump(), decodeLink);
}

export function readLink(socket: Requests, index: number): Answer<KernelLink> {
  return socket.ask(encodeLinkRequest(index), decodeLink);
}

export function dumpAddresses(socket: Requests, family: Family): Answer<KernelAddress[]> {
  return socket.dump(encodeAddressDump(family), decodeAddress);
}

export function dumpRules(socket: Requests, family: Family): Answer<KernelRule[]> {
  return socket.dump(encodeRuleDump(family), decodeRule);
}

/** A table that was never used does not exist: no routes. null: all tables. */
export function dumpRoutes(
  socket: Requests,
  family: Family,
  table: number | null,
): Answer<KernelRoute[]> {
  const answer = socket.dump(encodeRouteDump(family, table), decodeRoute);
  if (answer.kind === "refused" && answer.errno === ERRNO.ENOENT) return { kind: "ok", value: [] };
  if (answer.kind === "refused" || table === null) return answer;
  // Kernels before 4.20 do not filter.
  return { kind: "ok", value: answer.value.filter((route) => route.table === table) };
}

/** The route that packets to `destination` take, by all rules. */
export function lookupRoute(
  socket: Requests,
  family: Family,
  destination: Uint8Array,
): Answer<KernelRoute> {
  return socket.ask(encodeRouteLookup(family, destination), decodeRoute);
}

/** IPv4 settings of a device, or of all with NETCONF_ALL. */
export function readNetconf(socket: Requests, index: number): Answer<KernelNetconf> {
  return socket.ask(encodeNetconfRequest(4, index), decodeNetconf);
}
