/**
 * A netlink socket that asks and gets its answer in the same call. The kernel answers rtnetlink
 * requests before `send` returns, so the bounded wait is a guard, not a habit.
 */

import type { NetlinkMessage, Verdict } from "../../wire/netlink.ts";
import {
  NLM_F,
  NLMSG,
  readDone,
  readError,
  splitMessages,
  stampSequence,
} from "../../wire/netlink.ts";
import { ERRNO, errnoText, MSG_TRUNC, POLLIN } from "../kernel.ts";
import {
  closeFd,
  MSG_DONTWAIT,
  monotonicNow,
  openSocket,
  receiveBytes,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  sendBytes,
  setOptionInt,
} from "../libc.ts";
import { PollSet } from "../poll-set.ts";

export const AF_NETLINK = 16;
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

export const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** The kernel makes dump parts of at most 32 KiB; an event is one page. */
const INBOX_OCTETS = 64 * 1024;
/** Nobody waits longer for an answer; the probes stand still meanwhile. */
const ANSWER_WITHIN_US = 500_000;
/** A dump that changed under way is asked again so often. */
const DUMP_TRIES = 3;

/** What the kernel refused: `errno` and its words, empty when it gave none. */
export interface Refusal {
  readonly kind: "refused";
  readonly errno: number;
  readonly text: string;
}
export type Ack = { readonly kind: "ok" } | Refusal;
export type Answer<T> = { readonly kind: "ok"; readonly value: T } | Refusal;
export type OpenResult = Answer<NetlinkSocket>;

const OK: Ack = { kind: "ok" };

export function refused(errno: number, text = ""): Refusal {
  return { kind: "refused", errno, text };
}

function ackOf(verdict: Verdict | null): Ack {
  if (verdict === null) return refused(ERRNO.EMSGSIZE);
  return verdict.errno === 0 ? OK : refused(verdict.errno, verdict.text);
}

/** The kernel's words, else the name of the errno. */
export function wordsOf({ errno, text }: Refusal): string {
  return text === "" ? errnoText(errno) : text;
}

export class NetlinkSocket {
  readonly fd: number;
  readonly #polls = new PollSet();
  readonly #inbox = new Uint8Array(INBOX_OCTETS);
  #sequence = 0;

  private constructor(fd: number) {
    this.fd = fd;
    this.#polls.set(0, fd, POLLIN);
  }

  static open(protocol: number): OpenResult {
    const type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const opened = openSocket(AF_NETLINK, type, protocol);
    if (opened.kind === "failed") return refused(opened.errno);
    // Both are absent before Linux 4.20; then errors have no words and dumps no filter.
    setOptionInt(opened.fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    setOptionInt(opened.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    return { kind: "ok", value: new NetlinkSocket(opened.fd) };
  }

  close(): void {
    closeFd(this.fd);
  }

  /** For requests with the ACK flag: done, or why not. */
  request(request: Uint8Array): Ack {
    const failure = this.#send(request);
    if (failure !== null) return failure;
    return this.#collect((message) => (message.type === NLMSG.error ? readError(message) : null));
  }

  /** For requests with one answer. */
  ask<T>(request: Uint8Array, decode: (message: NetlinkMessage) => T | null): Answer<T> {
    const found: T[] = [];
    const failure = this.#send(request);
    const end =
      failure ??
      this.#collect((message) => {
        if (message.type === NLMSG.error) return readError(message);
        const value = decode(message);
        if (value === null) return null;
        found.push(value);
        return { errno: 0, text: "" };
      });
    const [value] = found;
    if (end.kind === "refused") return end;
    return value === undefined ? refused(ERRNO.ENODATA) : { kind: "ok", value };
  }

  /** For requests with the DUMP flag: all that `decode` makes something of. */
  dump<T>(request: Uint8Array, decode: (message: NetlinkMessage) => T | null): Answer<T[]> {
    for (let tries = 1; ; tries++) {
      const values: T[] = [];
      let isInterrupted = false;
      const failure = this.#send(request);
      const end =
        failure ??
        this.#collect((message) => {
          isInterrupted ||= (message.flags & NLM_F.dumpInterrupted) !== 0;
          if (message.type === NLMSG.error) return readError(message);
          if (message.type === NLMSG.done) return readDone(message);
          const value = decode(message);
          if (value !== null) values.push(value);
          return null;
        });
      if (end.kind === "refused") return end;
      if (!isInterrupted || tries >= DUMP_TRIES) return { kind: "ok", value: values };
    }
  }

  /** Begins a dump that `readDump` goes on with: the kernel makes each part when it is read. */
  beginDump(request: Uint8Array): Ack {
    return this.#send(request) ?? OK;
  }

  /** The next part of a dump to `take`; null: there is more. */
  readDump(take: (message: NetlinkMessage) => void): Ack | null {
    const octets = receiveBytes(this.fd, this.#inbox, MSG_DONTWAIT | MSG_TRUNC);
    if (octets <= 0 || octets > INBOX_OCTETS) return refused(octets < 0 ? -octets : ERRNO.EMSGSIZE);
    for (const message of splitMessages(this.#inbox.subarray(0, octets))) {
      if (message.sequence !== this.#sequence) continue;
      if (message.type === NLMSG.done) return ackOf(readDone(message));
      if (message.type === NLMSG.error) return ackOf(readError(message));
      take(message);
    }
    return null;
  }

  #send(request: Uint8Array): Refusal | null {
    this.#sequence = (this.#sequence + 1) >>> 0;
    stampSequence(request, this.#sequence);
    const sent = sendBytes(this.fd, request, 0);
    return sent === request.byteLength ? null : refused(sent < 0 ? -sent : ERRNO.EMSGSIZE);
  }

  /** Reads answers to the last request until `conclude` has a verdict; others are left out. */
  #collect(conclude: (message: NetlinkMessage) => Verdict | null): Ack {
    const deadlineUs = monotonicNow() + ANSWER_WITHIN_US;
    for (;;) {
      const octets = receiveBytes(this.fd, this.#inbox, MSG_DONTWAIT | MSG_TRUNC);
      if (octets === -ERRNO.EINTR) continue;
      if (octets === -ERRNO.EAGAIN) {
        const leftUs = deadlineUs - monotonicNow();
        if (leftUs <= 0) return refused(ERRNO.ETIMEDOUT);
        this.#polls.wait(1, leftUs);
        continue;
      }
      if (octets <= 0 || octets > INBOX_OCTETS)
        return refused(octets < 0 ? -octets : ERRNO.EMSGSIZE);
      for (const message of splitMessages(this.#inbox.subarray(0, octets))) {
        if (message.sequence !== this.#sequence) continue;
        const verdict = conclude(message);
        if (verdict !== null)
          return verdict.errno === 0 ? OK : refused(verdict.errno, verdict.text);
      }
    }
  }
}
