/** What the kernel gives this user: FFI, sockets, time stamps, the right to change routes. */

import { PROBE_TYPE } from "../../wire/frame.ts";
import {
  AF_INET,
  closeFd,
  ffiProblem,
  getCapabilities,
  isClockSynchronised,
  openSocket,
  SOCK_DGRAM,
} from "../../worker/libc.ts";
import { receiveStampsOnly, socketModeOf } from "../../worker/sockets/open.ts";
import type { Check } from "./check.ts";
import { degraded, failed, ok } from "./check.ts";

const CAP_NET_ADMIN = 12;
const AF_NETLINK = 16;
const OPEN_ICMP = "give CAP_NET_RAW (install does), or set net.ipv4.ping_group_range to this group";

/** Without FFI no other check of the kernel can be made. */
export function machineChecks(): readonly Check[] {
  const problem = ffiProblem();
  if (problem !== null) {
    const advice = "remove MemoryDenyWriteExecute=, LimitAS= and ulimit -v: FFI needs the JIT";
    return [failed("ffi", problem, advice)];
  }
  return [
    ok("ffi", "the system's libc can be called"),
    icmpCheck(4),
    icmpCheck(6),
    udpCheck(),
    stampCheck(),
    routeCheck(),
    clockCheck(),
  ];
}

function icmpCheck(family: 4 | 6): Check {
  const mode = socketModeOf(PROBE_TYPE.icmp, family);
  const name = `icmp${family}`;
  if (mode === "none") return degraded(name, "no ICMP socket: only UDP probes", OPEN_ICMP);
  return ok(name, `${mode} sockets`);
}

function udpCheck(): Check {
  const mode = socketModeOf(PROBE_TYPE.udp, 4);
  if (mode !== "none") return ok("udp", `${mode} sockets`);
  return failed("udp", "no UDP socket", "allow AF_INET to this process");
}

function stampCheck(): Check {
  const opened = openSocket(AF_INET, SOCK_DGRAM, 0);
  if (opened.kind === "failed") {
    return degraded("time stamps", `no socket: errno ${opened.errno}`, "allow AF_INET");
  }
  const kind = receiveStampsOnly(opened.fd);
  closeFd(opened.fd);
  if (kind !== "userland") return ok("time stamps", `by the ${kind}`);
  const advice = "use a kernel with SO_TIMESTAMPING: delays include our own scheduling";
  return degraded("time stamps", "by this program only", advice);
}

function routeCheck(): Check {
  const opened = openSocket(AF_NETLINK, SOCK_DGRAM, 0);
  if (opened.kind === "failed") {
    const detail = `no netlink socket: errno ${opened.errno}`;
    return degraded("routes", detail, "allow AF_NETLINK: carrier and gateways are not followed");
  }
  closeFd(opened.fd);
  if ((getCapabilities().effective & (1 << CAP_NET_ADMIN)) !== 0)
    return ok("routes", "may be changed");
  const advice = "give CAP_NET_ADMIN (install does): policies only report without it";
  return degraded("routes", "may be read, not changed", advice);
}

function clockCheck(): Check {
  if (isClockSynchronised()) return ok("clock", "synchronised");
  return degraded("clock", "not synchronised", "run an NTP client: history waits for the time");
}
