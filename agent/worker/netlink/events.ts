/** Which announcements of the kernel are worth a re-read: those of our own business. */

import type { KernelLink } from "../../domain/kernel-net.ts";
import type { NetlinkMessage } from "../../wire/netlink.ts";
import { decodeLink, RTM_ADDRESS, RTM_LINK, RTM_NETCONF } from "../../wire/netlink-link.ts";
import { RTM_ROUTE } from "../../wire/netlink-route.ts";
import { RTM_RULE } from "../../wire/netlink-rule.ts";
import { decodeRelevant } from "./state-reader.ts";

export type NetEvent =
  | { readonly kind: "link"; readonly link: KernelLink }
  | { readonly kind: "other" };

const OTHER: NetEvent = { kind: "other" };
const WITHOUT_LOOK: ReadonlySet<number> = new Set([
  RTM_ADDRESS.create,
  RTM_ADDRESS.remove,
  RTM_RULE.create,
  RTM_RULE.remove,
  RTM_NETCONF.create,
  RTM_NETCONF.remove,
]);

/** null: nothing that decisions rest on, e.g. one of a million routes of a routing daemon. */
export function eventOf(message: NetlinkMessage, learnTables: readonly number[]): NetEvent | null {
  const { type } = message;
  if (type === RTM_LINK.create || type === RTM_LINK.remove) {
    const link = decodeLink(message);
    return link === null ? null : { kind: "link", link };
  }
  if (type === RTM_ROUTE.create || type === RTM_ROUTE.remove) {
    return decodeRelevant(message, learnTables) === null ? null : OTHER;
  }
  return WITHOUT_LOOK.has(type) ? OTHER : null;
}
