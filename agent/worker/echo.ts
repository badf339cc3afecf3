/**
 * A UDP echo responder (RFC 862) on loopback, so that an agent without configuration has something
 * to probe. It answers with the datagram itself, never longer than asked, to loopback only.
 */

import { isLoopback, parseAddress } from "../domain/address.ts";
import { sockaddrOf } from "../wire/sockaddr.ts";
import { IPPROTO_UDP, MSG_TRUNC } from "./kernel.ts";
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeFd,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  openSocket,
  receiveMessages,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  sendMessages,
} from "./libc.ts";
import { MessageBlock, MMSGHDR_OCTETS } from "./message-layout.ts";

const BATCH = 32;
const DATAGRAM_MAX = 2_048;
const ROUNDS_MAX = 16;

export interface EchoEndpoint {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly port: number;
}

/** "127.0.0.1:9707" or "[::1]:9707"; null: not an address, no port, or not loopback. */
export function parseEchoListen(text: string): EchoEndpoint | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const address = parseAddress(match?.[1] ?? match?.[2] ?? "");
  if (address === null || address.zone !== null || !(port > 0 && port < 65_536)) return null;
  if (!isLoopback(address)) return null;
  return { family: address.family, address: address.bytes, port };
}

export class EchoResponder {
  readonly fd: number;
  readonly #block = new MessageBlock({ count: BATCH, control: 0, payload: DATAGRAM_MAX });

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Answers what waits; a datagram that was cut or cannot be sent is dropped. */
  answer(): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const got = receiveMessages(this.fd, this.#block.address, BATCH, MSG_DONTWAIT);
      if (got <= 0) return;
      for (let i = 0; i < got; i++) this.#block.setHead(i, this.#replyOctets(i));
      this.#reply(got);
      for (let i = 0; i < got; i++) {
        this.#block.setHead(i, DATAGRAM_MAX);
        this.#block.rearm(i);
      }
      if (got < BATCH) return;
    }
  }

  close(): void {
    closeFd(this.fd);
  }

  #replyOctets(i: number): number {
    return (this.#block.flags(i) & MSG_TRUNC) === 0 ? this.#block.octets(i) : 0;
  }

  #reply(count: number): void {
    for (let at = 0; at < count; ) {
      const messages = this.#block.address + at * MMSGHDR_OCTETS;
      const done = sendMessages(this.fd, messages, count - at, MSG_DONTWAIT | MSG_NOSIGNAL);
      at += Math.max(1, done);
    }
  }
}

/** null: the address is taken or does not exist. */
export function openEcho(endpoint: EchoEndpoint): EchoResponder | null {
  const domain = endpoint.family === 4 ? AF_INET : AF_INET6;
  const opened = openSocket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (opened.kind === "failed") return null;
  const responder = new EchoResponder(opened.fd);
  if (bindSocket(opened.fd, sockaddrOf({ ...endpoint, scopeId: 0 })) === 0) return responder;
  responder.close();
  return null;
}
