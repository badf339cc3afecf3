/** Opens the socket of one listener: bound, with arrival stamps, hop limits and local addresses. */

import { parseSocketAddress } from "../../domain/socket-address.ts";
import { sockaddrOf } from "../../wire/sockaddr.ts";
import * as kernel from "../kernel.ts";
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeFd,
  openSocket,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  setOptionInt,
} from "../libc.ts";
import { receiveStampsOnly } from "../sockets/open.ts";

/** A listener that is open. */
export interface Listener {
  readonly fd: number;
  readonly family: 4 | 6;
  readonly port: number;
}

export type ListenResult =
  | { readonly kind: "ok"; readonly listener: Listener }
  | { readonly kind: "failed"; readonly problem: string };

/** So that the sender can count hops (RFC 8762 4.2, "Session-Sender TTL" the other way round). */
const REPLY_HOP_LIMIT = 255;
const LOW_PORTS = 1_024;

/** `text`: "address:port" of the configuration. */
export function openListener(text: string): ListenResult {
  const parsed = parseSocketAddress(text);
  if (parsed === null) return failed(text, "want address:port");
  const { family, bytes } = parsed.address;
  const flags = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const opened = openSocket(family === 4 ? AF_INET : AF_INET6, flags, kernel.IPPROTO_UDP);
  if (opened.kind === "failed") return failed(text, kernel.errnoText(opened.errno));
  const { fd } = opened;
  const { port } = parsed;
  const local = sockaddrOf({ family, address: bytes, port, scopeId: 0 });
  const errno = setOptions(fd, family) || bindSocket(fd, local);
  if (errno === 0) return { kind: "ok", listener: { fd, family, port } };
  closeFd(fd);
  return failed(text, kernel.errnoText(errno) + adviceOf(errno, port));
}

function failed(text: string, reason: string): ListenResult {
  return { kind: "failed", problem: `the reflector does not listen on ${text}: ${reason}` };
}

function adviceOf(errno: number, port: number): string {
  if (errno === kernel.ERRNO.EADDRINUSE) return "; want a port that no other program has";
  if (errno !== kernel.ERRNO.EACCES || port >= LOW_PORTS) return "";
  const start = "or a restart of the agent as root or with CAP_NET_BIND_SERVICE";
  return `; want a port from ${LOW_PORTS} on, ${start}`;
}

/** 0, or the errno of the first option that a reply from the right address needs. */
function setOptions(fd: number, family: 4 | 6): number {
  const v4 = family === 4;
  const level = v4 ? kernel.SOL_IP : kernel.SOL_IPV6;
  receiveStampsOnly(fd);
  setOptionInt(fd, level, v4 ? kernel.IP_RECVTTL : kernel.IPV6_RECVHOPLIMIT, 1);
  setOptionInt(fd, level, v4 ? kernel.IP_TTL : kernel.IPV6_UNICAST_HOPS, REPLY_HOP_LIMIT);
  // IPv4 has its own listener: a mapped source would pass by the allow-list.
  const errno = v4 ? 0 : setOptionInt(fd, level, kernel.IPV6_V6ONLY, 1);
  if (errno !== 0) return errno;
  return setOptionInt(fd, level, v4 ? kernel.IP_PKTINFO : kernel.IPV6_RECVPKTINFO, 1);
}
