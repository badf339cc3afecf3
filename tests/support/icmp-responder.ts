/**
 * A faulty ICMP responder on loopback: a raw socket that sees every echo request and answers as the
 * last octet of the target says. Meant for a namespace whose own echo is switched off
 * (icmp_echo_ignore_all), so that it is the only one to answer.
 */

import { sockaddrOf } from "../../agent/wire/sockaddr.ts";
import {
  AF_INET,
  MSG_DONTWAIT,
  openSocket,
  receiveBytes,
  SOCK_NONBLOCK,
  SOCK_RAW,
  sendBytesTo,
  setOptionInt,
} from "../../agent/worker/libc.ts";
import type { ProbeLoop } from "../../agent/worker/probe-loop.ts";

/** Last octet of the target. */
export const FAULT = {
  none: 1,
  duplicate: 2,
  otherSource: 3,
  flip: 4,
  badChecksum: 5,
  truncate: 6,
  wrongId: 7,
  wrongNumber: 8,
  options: 9,
  mirror: 10,
  silent: 11,
  late: 12,
  swapPairs: 13,
  hostUnreachable: 14,
  timeExceeded: 15,
  shortQuotation: 16,
  foreignQuotation: 17,
  otherToken: 18,
  longer: 19,
  adminProhibited: 20,
} as const;

/** Targets are 127.0.FAULT_NET.x. */
export const FAULT_NET = 7;
const IP_HDRINCL = 3;
const LATE_US = 800_000;

interface Request {
  readonly request: Uint8Array;
  readonly target: Uint8Array;
  /** Already an echo reply, with the checksum of the request. */
  readonly icmp: Uint8Array;
}

type Answer = (request: Request) => readonly Uint8Array[];

/** One reply whose body is changed. */
function altered(change: (icmp: Uint8Array) => Uint8Array): Answer {
  return ({ target, icmp }) => [ipv4(target, sealed(change(icmp)))];
}

/** An ICMP error from a router that quotes the request, or a part or forgery of it. */
function failing(type: number, code: number, quote = (request: Uint8Array) => request): Answer {
  return ({ request }) => {
    const body = Uint8Array.of(type, code, 0, 0, 0, 0, 0, 0, ...quote(request));
    return [ipv4(Uint8Array.of(127, 8, 8, 8), sealed(body), { to: request.slice(12, 16) })];
  };
}

const ANSWERS: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [FAULT.none, altered((icmp) => icmp)],
  [FAULT.duplicate, ({ target, icmp }) => [ipv4(target, sealed(icmp)), ipv4(target, sealed(icmp))]],
  [FAULT.otherSource, ({ icmp }) => [ipv4(Uint8Array.of(127, 9, 9, 9), sealed(icmp))]],
  [FAULT.flip, altered((icmp) => changed(icmp, icmp.length - 1))],
  [FAULT.badChecksum, ({ target, icmp }) => [ipv4(target, changed(sealed(icmp), 2))]],
  [FAULT.truncate, altered((icmp) => icmp.slice(0, 8))],
  [FAULT.wrongId, altered((icmp) => changed(icmp, 4))],
  [FAULT.wrongNumber, altered((icmp) => changed(icmp, 7))],
  [FAULT.otherToken, altered((icmp) => changed(changed(icmp, 9), 13))],
  [FAULT.longer, altered((icmp) => Uint8Array.of(...icmp, 1, 2, 3, 4))],
  [FAULT.options, ({ target, icmp }) => [ipv4(target, sealed(icmp), { optionOctets: 8 })]],
  [FAULT.mirror, ({ target, request }) => [ipv4(target, request.slice(20))]],
  [FAULT.hostUnreachable, failing(3, 1)],
  [FAULT.adminProhibited, failing(3, 13)],
  [FAULT.timeExceeded, failing(11, 0)],
  [FAULT.shortQuotation, failing(3, 0, (request) => request.slice(0, 28))],
  [FAULT.foreignQuotation, failing(3, 1, (request) => changed(request, 24))],
]);

interface Delayed {
  readonly atUs: number;
  readonly packet: Uint8Array;
}

export class IcmpResponder {
  readonly fd: number;
  readonly #request = new Uint8Array(2_048);
  #delayed: Delayed[] = [];
  readonly #held = new Map<number, Uint8Array>();
  #nowUs = 0;

  constructor() {
    const opened = openSocket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, 1);
    if (opened.kind === "failed") throw new Error(`cannot open a raw socket: ${opened.errno}`);
    this.fd = opened.fd;
    setOptionInt(this.fd, 0, IP_HDRINCL, 1);
  }

  attach(loop: ProbeLoop): void {
    loop.watch(this.fd, () => this.#serve());
  }

  /** Sends what was held back until now. */
  release(nowUs: number): void {
    for (const { packet } of this.#delayed.filter(({ atUs }) => atUs <= nowUs)) this.#send(packet);
    this.#delayed = this.#delayed.filter(({ atUs }) => atUs > nowUs);
    this.#nowUs = nowUs;
  }

  #serve(): void {
    for (;;) {
      const octets = receiveBytes(this.fd, this.#request, MSG_DONTWAIT);
      if (octets <= 0) return;
      const packet = this.#request.slice(0, octets);
      // Only the faulty addresses: a mirrored request must not be answered in turn.
      if (packet[20] === 8 && packet[18] === FAULT_NET) this.#answer(packet);
    }
  }

  #answer(request: Uint8Array): void {
    const target = request.slice(16, 20);
    const fault = target[3] ?? 0;
    const icmp = request.slice(20);
    icmp[0] = 0;
    if (fault === FAULT.late) {
      this.#delayed.push({ atUs: this.#nowUs + LATE_US, packet: ipv4(target, sealed(icmp)) });
    } else if (fault === FAULT.swapPairs) {
      this.#swap(fault, ipv4(target, sealed(icmp)));
    } else {
      for (const packet of ANSWERS.get(fault)?.({ request, target, icmp }) ?? []) {
        this.#send(packet);
      }
    }
  }

  /** The second of two leaves before the first. */
  #swap(key: number, packet: Uint8Array): void {
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, packet);
      return;
    }
    this.#held.delete(key);
    this.#send(packet);
    this.#send(held);
  }

  #send(packet: Uint8Array): void {
    const address = packet.slice(16, 20);
    sendBytesTo(this.fd, packet, 0, sockaddrOf({ family: 4, address, port: 0, scopeId: 0 }));
  }
}

function changed(octets: Uint8Array, at: number): Uint8Array {
  const copy = octets.slice();
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** With a right ICMP checksum. */
function sealed(icmp: Uint8Array): Uint8Array {
  const copy = icmp.slice();
  copy[2] = 0;
  copy[3] = 0;
  let sum = 0;
  for (const [i, octet] of copy.entries()) sum += i % 2 === 0 ? octet << 8 : octet;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  copy[2] = (~sum >>> 8) & 0xff;
  copy[3] = ~sum & 0xff;
  return copy;
}

/** The kernel fills in total length, id and header checksum (raw(7)). */
function ipv4(
  from: Uint8Array,
  payload: Uint8Array,
  changes: { readonly optionOctets?: number; readonly to?: Uint8Array } = {},
): Uint8Array {
  const { optionOctets = 0, to = Uint8Array.of(127, 0, 0, 1) } = changes;
  const header = 20 + optionOctets;
  const packet = new Uint8Array(header + payload.length);
  packet[0] = 0x40 | (header / 4);
  packet[8] = 64;
  packet[9] = 1;
  packet.set(from, 12);
  packet.set(to, 16);
  packet.fill(1, 20, header); // no-operation options
  packet.set(payload, header);
  return packet;
}
