/**
 * The kernel's own announcements: links, addresses, routes, rules, settings. They only start a
 * re-read; when the kernel drops some (ENOBUFS), everything is read again.
 */

import type { NetlinkMessage } from "../../wire/netlink.ts";
import { splitMessages } from "../../wire/netlink.ts";
import { ERRNO, SO_RCVBUFFORCE, SOL_SOCKET } from "../kernel.ts";
import {
  bindSocket,
  closeFd,
  MSG_DONTWAIT,
  openSocket,
  receiveBytes,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  setOptionInt,
} from "../libc.ts";
import type { Answer } from "./netlink-socket.ts";
import { AF_NETLINK, NETLINK_ROUTE, refused, SOL_NETLINK } from "./netlink-socket.ts";

const ADD_MEMBERSHIP = 1;
/** u16 family, pad, u32 port (0: the kernel chooses), u32 groups. */
const SOCKADDR_NL = 12;
/** RTNLGRP_*: link, then per family address, route, rule and netconf. */
const GROUPS = [1, 5, 7, 8, 9, 11, 19, 24, 25] as const;
/** A boot or a full routing table comes in bursts. */
const BUFFER_OCTETS = 1024 * 1024;
const INBOX_OCTETS = 32 * 1024;
/** Datagrams per wake-up, so that a flood of them cannot keep us from probing. */
const READS_MAX = 128;

export interface EventSink {
  readonly event: (message: NetlinkMessage) => void;
  /** Some were dropped. */
  readonly lost: () => void;
}

export class EventSocket {
  readonly fd: number;
  readonly #inbox = new Uint8Array(INBOX_OCTETS);

  private constructor(fd: number) {
    this.fd = fd;
  }

  static open(): Answer<EventSocket> {
    const type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const opened = openSocket(AF_NETLINK, type, NETLINK_ROUTE);
    if (opened.kind === "failed") return refused(opened.errno);
    setOptionInt(opened.fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS);
    const errno = subscribe(opened.fd);
    if (errno === 0) return { kind: "ok", value: new EventSocket(opened.fd) };
    closeFd(opened.fd);
    return refused(errno);
  }

  close(): void {
    closeFd(this.fd);
  }

  drain(sink: EventSink): void {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const octets = receiveBytes(this.fd, this.#inbox, MSG_DONTWAIT);
      if (octets === -ERRNO.ENOBUFS) sink.lost();
      else if (octets <= 0) return;
      else
        for (const message of splitMessages(this.#inbox.subarray(0, octets))) sink.event(message);
    }
  }
}

/** 0 or errno. Unbound, the socket has port 0, which the kernel leaves out of its broadcasts. */
function subscribe(fd: number): number {
  const address = new Uint8Array(SOCKADDR_NL);
  new DataView(address.buffer).setUint16(0, AF_NETLINK, true);
  const bound = bindSocket(fd, address);
  if (bound !== 0) return bound;
  return GROUPS.reduce(
    (errno, group) => errno || setOptionInt(fd, SOL_NETLINK, ADD_MEMBERSHIP, group),
    0,
  );
}
