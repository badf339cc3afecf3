/**
 * Opens the socket of a spec. ICMP: a datagram socket where ping_group_range allows (the kernel
 * demultiplexes and verifies), else raw with filters. A refused option that decides where probes go
 * (device, source, mark) is a failure; one that only costs accuracy is a lesser kind of stamp.
 */

import type { SocketMode } from "../../wire/frame.ts";
import { PROBE_TYPE } from "../../wire/frame.ts";
import { portOf, sockaddrOf } from "../../wire/sockaddr.ts";
import * as kernel from "../kernel.ts";
import { errnoText, STAMPING } from "../kernel.ts";
import {
  AF_INET,
  AF_INET6,
  addressOf,
  bindSocket,
  closeFd,
  cString,
  localAddress,
  openSocket,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  setOptionBytes,
  setOptionInt,
} from "../libc.ts";
import { filterProgram, icmp4Filter, icmp6Filter, idFilter } from "./filters.ts";
import type { SocketSpec } from "./spec.ts";
import { isUdp, specText } from "./spec.ts";

export type StampKind = "kernel" | "kernel-rx" | "userland";

export type OpenResult =
  | {
      readonly kind: "ok";
      readonly fd: number;
      readonly mode: SocketMode;
      /** ICMP id, or the local UDP port. */
      readonly id: number;
      readonly stamps: StampKind;
    }
  | { readonly kind: "failed"; readonly errno: number; readonly problem: string };

/** Replies wait in the socket while we batch or stall; the default 208 KB hold some 160 of them. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

const STAMPS_RX = STAMPING.rxSoftware | STAMPING.software;
const STAMPS_TX =
  STAMPS_RX | STAMPING.txSoftware | STAMPING.optTsOnly | STAMPING.optCmsg | STAMPING.optId;

/** How a type and family can be sent here; opens and closes a socket. */
export function socketModeOf(type: number, family: 4 | 6): SocketMode {
  const plain = { device: null, source: null, scopeId: 0, mark: 0, dscp: 0, ttl: 0 };
  const created = createSocket({ type, family, ...plain });
  if (created.kind === "failed") return "none";
  closeFd(created.fd);
  return created.mode;
}

/** `randomWord` chooses the id of a raw socket; a datagram socket gets its id from the kernel. */
export function openProbeSocket(spec: SocketSpec, randomWord: () => number): OpenResult {
  const created = createSocket(spec);
  if (created.kind === "failed") return created;
  const { fd, mode } = created;
  const refusal = bindWays(fd, spec);
  if (refusal !== null) {
    closeFd(fd);
    return refusal;
  }
  lookGood(fd, spec);
  const id = mode === "raw" ? randomWord() & 0xffff || 1 : boundId(fd);
  if (mode === "raw") filterRaw(fd, spec.family, id);
  return { kind: "ok", fd, mode, id, stamps: enableStamps(fd) };
}

type Created =
  | { readonly kind: "ok"; readonly fd: number; readonly mode: SocketMode }
  | { readonly kind: "failed"; readonly errno: number; readonly problem: string };

function createSocket(spec: SocketSpec): Created {
  const v4 = spec.family === 4;
  const domain = v4 ? AF_INET : AF_INET6;
  const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (spec.type !== PROBE_TYPE.icmp && !isUdp(spec)) {
    return failure(spec, kernel.ERRNO.EPROTONOSUPPORT, "send");
  }
  const isIcmp = spec.type === PROBE_TYPE.icmp;
  const icmp = v4 ? kernel.IPPROTO_ICMP : kernel.IPPROTO_ICMPV6;
  const protocol = isIcmp ? icmp : kernel.IPPROTO_UDP;
  const dgram = openSocket(domain, SOCK_DGRAM | flags, protocol);
  if (dgram.kind === "ok") return { kind: "ok", fd: dgram.fd, mode: "dgram" };
  if (!isIcmp) return failure(spec, dgram.errno, "open a socket for");
  const raw = openSocket(domain, SOCK_RAW | flags, protocol);
  if (raw.kind === "ok") return { kind: "ok", fd: raw.fd, mode: "raw" };
  return failure(spec, raw.errno, "open a socket for");
}

function failure(spec: SocketSpec, errno: number, action: string): Created & { kind: "failed" } {
  return {
    kind: "failed",
    errno,
    problem: `cannot ${action} ${specText(spec)}: ${errnoText(errno)}`,
  };
}

type Step = readonly [action: string, errno: number];

/** Everything that decides which way a probe goes; the first refusal is the answer. */
function bindWays(fd: number, spec: SocketSpec): (Created & { kind: "failed" }) | null {
  const { device, mark, family } = spec;
  const steps: readonly (() => Step)[] = [
    () => ["bind the device of", device === null ? 0 : bindDevice(fd, device)],
    () => [
      "set the fwmark of",
      mark === 0 ? 0 : setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_MARK, mark),
    ],
    () => [
      "bind the source of",
      bindSocket(fd, sockaddrOf({ family, address: spec.source, port: 0, scopeId: spec.scopeId })),
    ],
  ];
  for (const step of steps) {
    const [action, errno] = step();
    if (errno !== 0) return failure(spec, errno, action);
  }
  return null;
}

function bindDevice(fd: number, device: string): number {
  return setOptionBytes(fd, kernel.SOL_SOCKET, kernel.SO_BINDTODEVICE, cString(device));
}

/** Marks on the packet and errors back; a refusal here does not stop probing. */
function lookGood(fd: number, spec: SocketSpec): void {
  const { dscp, ttl } = spec;
  const v4 = spec.family === 4;
  const level = v4 ? kernel.SOL_IP : kernel.SOL_IPV6;
  setOptionInt(fd, level, v4 ? kernel.IP_RECVERR : kernel.IPV6_RECVERR, 1);
  if (dscp !== 0) setOptionInt(fd, level, v4 ? kernel.IP_TOS : kernel.IPV6_TCLASS, dscp << 2);
  if (ttl !== 0) setOptionInt(fd, level, v4 ? kernel.IP_TTL : kernel.IPV6_UNICAST_HOPS, ttl);
  // Beyond rmem_max with CAP_NET_ADMIN only; without it the kernel caps the value.
  const forced = setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_RCVBUFFORCE, RECEIVE_BUFFER);
  if (forced !== 0) setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_RCVBUF, RECEIVE_BUFFER);
}

function boundId(fd: number): number {
  const address = localAddress(fd);
  return address === null ? 0 : portOf(address);
}

function filterRaw(fd: number, family: 4 | 6, id: number): void {
  if (family === 4) setOptionBytes(fd, kernel.SOL_RAW, kernel.ICMP_FILTER, icmp4Filter());
  else setOptionBytes(fd, kernel.SOL_ICMPV6, kernel.ICMPV6_FILTER, icmp6Filter());
  const instructions = idFilter(family, id);
  const program = filterProgram(instructions.byteLength / 8, addressOf(instructions));
  setOptionBytes(fd, kernel.SOL_SOCKET, kernel.SO_ATTACH_FILTER, program);
}

function enableStamps(fd: number): StampKind {
  if (setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_TIMESTAMPING, STAMPS_TX) === 0) return "kernel";
  return receiveStampsOnly(fd);
}

/** Gives up send stamps: they do not come on this device, or their numbering was lost. */
export function receiveStampsOnly(fd: number): StampKind {
  if (setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_TIMESTAMPING, STAMPS_RX) === 0) {
    return "kernel-rx";
  }
  const ns = setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_TIMESTAMPNS, 1);
  return ns === 0 ? "kernel-rx" : "userland";
}

/**
 * Starts the kernel's numbering of sends (OPT_ID) at 0 again: it restarts when the option is
 * switched on, and a failed send may or may not have taken a number. False: stamps are gone.
 */
export function restartStampNumbers(fd: number): boolean {
  const off = STAMPS_TX & ~STAMPING.optId;
  return (
    setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_TIMESTAMPING, off) === 0 &&
    setOptionInt(fd, kernel.SOL_SOCKET, kernel.SO_TIMESTAMPING, STAMPS_TX) === 0
  );
}
