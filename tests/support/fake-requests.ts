/** A netlink socket with a script in place of a kernel. */

import type { KernelLink, KernelRoute } from "../../agent/domain/kernel-net.ts";
import type { NetlinkMessage } from "../../agent/wire/netlink.ts";
import { splitMessages } from "../../agent/wire/netlink.ts";
import { decodeRoute, encodeRouteReplace } from "../../agent/wire/netlink-route.ts";
import type { Requests } from "../../agent/worker/netlink/kernel-tables.ts";
import type { Ack, Answer } from "../../agent/worker/netlink/netlink-socket.ts";
import { refused } from "../../agent/worker/netlink/netlink-socket.ts";
import { golden } from "./netlink-golden.ts";

const IFINFO_FLAGS_AT = 8;

export class FakeRequests implements Requests {
  /** Types of the messages that were sent, in order. */
  readonly sent: number[] = [];
  /** Answer to every write. */
  ack: Ack = { kind: "ok" };
  /** Flags of the one link there is (an UP veth); null: no device. */
  linkFlags: KernelLink["flags"] | null = 0x1_1043;
  /** What the canary takes. */
  lookup: KernelRoute | null = null;
  /** All routes. */
  routes: readonly KernelRoute[] = [];

  request(request: Uint8Array): Ack {
    this.#note(request);
    return this.ack;
  }

  ask<T>(request: Uint8Array, decode: (message: NetlinkMessage) => T | null): Answer<T> {
    const type = this.#note(request);
    const message = type === 18 ? this.#link() : this.lookup && routeMessage(this.lookup);
    const value = message && decode(message);
    return value === null ? refused(19) : { kind: "ok", value };
  }

  dump<T>(request: Uint8Array, decode: (message: NetlinkMessage) => T | null): Answer<T[]> {
    this.#note(request);
    const values = this.routes.map((route) => decode(routeMessage(route)));
    return { kind: "ok", value: values.filter((value) => value !== null) };
  }

  #note(request: Uint8Array): number {
    const type = splitMessages(request)[0]?.type ?? 0;
    this.sent.push(type);
    return type;
  }

  #link(): NetlinkMessage | null {
    if (this.linkFlags === null) return null;
    const body = golden("link-veth").body.slice();
    new DataView(body.buffer).setUint32(IFINFO_FLAGS_AT, this.linkFlags, true);
    return { type: 16, flags: 0, sequence: 0, body };
  }
}

/** The message in which a kernel would show the route. */
export function routeMessage(route: KernelRoute): NetlinkMessage {
  const [message] = splitMessages(encodeRouteReplace(route));
  if (message === undefined || decodeRoute(message) === null) throw new Error("not a route");
  return message;
}
