/**
 * The whole state that decisions about routes rest on, read from the kernel in one go: a handful of
 * dumps, filtered to what is ours or tells gateways, so that a full table of the internet in main
 * costs its reading and nothing more.
 */

import type { Family, KernelRoute } from "../../domain/kernel-net.ts";
import { isOurTable, TABLE_MAIN } from "../../domain/kernel-net.ts";
import type { LinkConf, NetState } from "../../wire/net-frames.ts";
import type { NetlinkMessage } from "../../wire/netlink.ts";
import { NETCONF_ALL } from "../../wire/netlink-link.ts";
import { decodeRoute, encodeRouteDump } from "../../wire/netlink-route.ts";
import type { Requests } from "./kernel-tables.ts";
import { dumpAddresses, dumpLinks, dumpRules, readNetconf } from "./kernel-tables.ts";
import type { Answer } from "./netlink-socket.ts";
import { wordsOf } from "./netlink-socket.ts";

export interface StateQuestion {
  /** Their settings are read too. */
  readonly devices: readonly string[];
  readonly learnTables: readonly number[];
}

/** All of NetState that one moment does not know. */
export type KernelState = Omit<NetState, "atUs" | "canResetFlows">;

const FAMILIES: readonly Family[] = [4, 6];
const TABLE_LOCAL = 255;
/** A default route, or half of one: what a full tunnel puts in front of it. */
const SHADOW_LENGTH_MAX = 1;

export function readKernelState(socket: Requests, question: StateQuestion): KernelState {
  const problems: string[] = [];
  const take = <T>(what: string, answer: Answer<T[]>): T[] => {
    if (answer.kind === "ok") return answer.value;
    problems.push(`cannot read ${what}: ${wordsOf(answer)}`);
    return [];
  };
  const links = take("links", dumpLinks(socket));
  const wanted = (message: NetlinkMessage) => decodeRelevant(message, question.learnTables);
  const indexes = links
    .filter(({ name }) => question.devices.includes(name))
    .map(({ index }) => index);
  return {
    links,
    addresses: FAMILIES.flatMap((family) =>
      take(`IPv${family} addresses`, dumpAddresses(socket, family)),
    ),
    routes: FAMILIES.flatMap((family) =>
      take(`IPv${family} routes`, socket.dump(encodeRouteDump(family, null), wanted)),
    ),
    rules: FAMILIES.flatMap((family) => take(`IPv${family} rules`, dumpRules(socket, family))),
    confs: [NETCONF_ALL, ...indexes].flatMap((index) => confOf(socket, index)),
    problems,
  };
}

/** A route of ours, or one that decides about defaults; null: neither, or malformed. */
export function decodeRelevant(
  message: NetlinkMessage,
  learnTables: readonly number[],
): KernelRoute | null {
  const [, dstLen = 0, , , headTable = 0] = message.body;
  // The two large tables are left out by their header alone.
  const isLarge = headTable === TABLE_MAIN || headTable === TABLE_LOCAL;
  if (isLarge && dstLen > SHADOW_LENGTH_MAX) return null;
  const route = decodeRoute(message);
  if (route === null) return null;
  if (isOurTable(route.table)) return route;
  return route.dstLen <= SHADOW_LENGTH_MAX && learnTables.includes(route.table) ? route : null;
}

function confOf(socket: Requests, index: number): LinkConf[] {
  const answer = readNetconf(socket, index);
  if (answer.kind === "refused") return [];
  const { rpFilter, ignoreRoutesWithLinkdown } = answer.value;
  return [
    {
      index: Math.max(0, index),
      rpFilter: rpFilter ?? 0,
      ignoreRoutesWithLinkdown: ignoreRoutesWithLinkdown ?? false,
    },
  ];
}
