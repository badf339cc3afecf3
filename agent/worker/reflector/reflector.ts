/**
 * One listener of the reflector at work: reads requests in batches, lets through whom the
 * allow-list and the rate admit, answers each in its own octets. T3 is taken once per batch, right
 * before the one system call that sends it.
 */

import type { ReflectorCounters } from "../../domain/reflector.ts";
import { SOCKADDR_AT } from "../../wire/sockaddr.ts";
import { newControl, readControl } from "../control-messages.ts";
import { MSG_TRUNC } from "../kernel.ts";
import {
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  monotonicNow,
  realtimeNow,
  receiveMessages,
  sendMessages,
} from "../libc.ts";
import { MessageBlock, MMSGHDR_OCTETS } from "../message-layout.ts";
import type { AllowList } from "./allow-list.ts";
import type { Listener } from "./open.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { Arrival, Judgement, Reflection } from "./reflection.ts";
import { wasSentToGroup, writeReturnPath } from "./return-path.ts";
import type { SessionSource, SessionTable } from "./session-table.ts";
import { hashHost } from "./source.ts";

export const BATCH = 32;
/** Jumbo frames and room to spare; longer ones are refused. A multiple of 8. */
const DATAGRAM_MAX = 9_216;
/** SCM_TIMESTAMPING (64), hop limit (24), packet info (40), with room to spare. */
const CONTROL_OCTETS = 160;
/** Batches per wake-up, so that a flood cannot keep us from probing. */
const ROUNDS_MAX = 4;
const LOW_PORTS = 1_024;

export function reflectorBlock(): MessageBlock {
  return new MessageBlock({ count: BATCH, control: CONTROL_OCTETS, payload: DATAGRAM_MAX });
}

/** Counts of domain/reflector.ts, still growing. */
export type ReflectorCounts = { -readonly [Key in keyof ReflectorCounters]: number };

/** What all listeners share. */
export interface ReflectorParts {
  readonly block: MessageBlock;
  readonly reflection: Reflection;
  readonly allow: AllowList;
  readonly limiter: RateLimiter;
  readonly counts: ReflectorCounts;
  /** Unix seconds that stamps count from. */
  readonly baseSeconds: number;
  readonly seed: number;
  /** Error estimate of our clock at a monotonic us; see wire/stamp-error.ts. */
  readonly estimateAt: (nowUs: number) => number;
}

type Fate = Judgement | "refused" | "limited";

export class Reflector {
  readonly #listener: Listener;
  readonly #parts: ReflectorParts;
  /** null: stateless. */
  readonly #sessions: SessionTable | null;
  readonly #control = newControl();
  readonly #area = { at: 0, octets: 0 };
  readonly #arrival: Arrival = { receivedUs: 0, hopLimit: -1, estimate: 0 };
  readonly #source: { -readonly [Key in keyof SessionSource]: SessionSource[Key] };
  /** 1 where message i of the batch is a reply. */
  readonly #isReply = new Uint8Array(BATCH);

  constructor(listener: Listener, parts: ReflectorParts, sessions: SessionTable | null) {
    this.#listener = listener;
    this.#parts = parts;
    this.#sessions = sessions;
    this.#source = { words: parts.block.words, at: 0, family: listener.family, ssid: 0 };
  }

  /** Answers what waits. */
  answer(): void {
    const { block } = this.#parts;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const got = receiveMessages(this.#listener.fd, block.address, BATCH, MSG_DONTWAIT);
      if (got <= 0) return;
      this.#takeAll(got);
      this.#sendAll(got);
      for (let i = 0; i < got; i++) {
        block.setHead(i, DATAGRAM_MAX);
        block.rearm(i);
      }
      if (got < BATCH) return;
    }
  }

  #takeAll(got: number): void {
    const { counts, estimateAt } = this.#parts;
    const nowUs = monotonicNow();
    this.#arrival.estimate = estimateAt(nowUs);
    for (let i = 0; i < got; i++) {
      const fate = this.#take(i, nowUs);
      counts.received++;
      this.#isReply[i] = fate === "reflected" ? 1 : 0;
      // A reply counts when it is sent.
      if (fate !== "reflected") counts[fate]++;
    }
  }

  #take(i: number, nowUs: number): Fate {
    const { block, allow, limiter, reflection, seed } = this.#parts;
    const { words } = block;
    const { family } = this.#listener;
    const name = block.nameAt(i) >>> 2;
    this.#readControl(i);
    const info = this.#control.packetInfoWord;
    if (info !== 0 && wasSentToGroup(words, info, family)) return "refused";
    if (!allow.admits(words, name, family)) return "refused";
    if (!limiter.takes(hashHost(words, name, family, seed), nowUs)) return "limited";
    const port = portAt(block.bytes, block.nameAt(i));
    if (port === 0 || (block.flags(i) & MSG_TRUNC) !== 0) return "malformed";
    const mayBeReply = port < LOW_PORTS || port === this.#listener.port;
    const judgement = reflection.judge(block.payloadAt(i), block.octets(i), mayBeReply);
    if (judgement === "reflected") this.#turnRound(i, nowUs);
    return judgement;
  }

  #turnRound(i: number, nowUs: number): void {
    const { block, reflection, baseSeconds } = this.#parts;
    const { stampUs, hopLimit, packetInfoWord } = this.#control;
    const arrival = this.#arrival;
    arrival.receivedUs = Number.isNaN(stampUs) ? realtimeNow(baseSeconds) : stampUs;
    arrival.hopLimit = hopLimit;
    reflection.write(arrival, this.#numberOf(i, nowUs));
    const words = block.controlAt(i) >>> 2;
    const octets =
      packetInfoWord === 0
        ? 0
        : writeReturnPath(block.words, words, packetInfoWord, this.#listener.family);
    block.setControl(i, octets);
    block.setHead(i, block.octets(i));
  }

  #numberOf(i: number, nowUs: number): number {
    const { request } = this.#parts.reflection;
    if (this.#sessions === null) return request.seq;
    this.#source.at = this.#parts.block.nameAt(i) >>> 2;
    this.#source.ssid = request.ssid;
    return this.#sessions.next(this.#source, nowUs);
  }

  #readControl(i: number): void {
    const { block, baseSeconds } = this.#parts;
    this.#area.at = block.controlAt(i) >>> 2;
    this.#area.octets = block.controlOctets(i);
    readControl(block.words, this.#area, baseSeconds, this.#control);
  }

  #sendAll(got: number): void {
    const { block, reflection, baseSeconds } = this.#parts;
    const sentUs = realtimeNow(baseSeconds);
    for (let i = 0; i < got; i++) {
      if (this.#isReply[i] === 1) reflection.finish(block.payloadAt(i), sentUs);
    }
    for (let i = 0; i < got; ) {
      if (this.#isReply[i] !== 1) {
        i++;
        continue;
      }
      let end = i;
      while (end < got && this.#isReply[end] === 1) end++;
      this.#sendRun(i, end);
      i = end;
    }
  }

  /** A reply that the kernel does not take is given up. */
  #sendRun(from: number, end: number): void {
    const { block, counts } = this.#parts;
    for (let i = from; i < end; ) {
      const messages = block.address + i * MMSGHDR_OCTETS;
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const done = sendMessages(this.#listener.fd, messages, end - i, flags);
      if (done > 0) counts.reflected += done;
      else counts.unsent++;
      i += Math.max(1, done);
    }
  }
}

function portAt(bytes: Uint8Array, name: number): number {
  const at = name + SOCKADDR_AT.port;
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
