/**
 * Builds and sends probes of one socket in batches of one system call. A send that our own host
 * refuses is `unsent` with its errno, never path loss; a refusal that only reports an earlier
 * probe's ICMP error (the kernel hands those to the next call) is drained and tried again.
 */

import { foldSum, sumWord } from "../wire/checksum.ts";
import { echoRequestType, swapHalf, swapWord } from "../wire/icmp.ts";
import { PAYLOAD_HEAD, patternOf, TOKEN_OCTETS, UDP_SEQ_AT } from "../wire/probe-payload.ts";
import { SOCKADDR_SLOT } from "../wire/sockaddr.ts";
import type { ClockQuality } from "./clock-quality.ts";
import { ERRNO } from "./kernel.ts";
import { FULL } from "./ledger.ts";
import {
  addressOf,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  monotonicNow,
  realtimeNow,
  sendMessages,
} from "./libc.ts";
import { MessageBlock, MMSGHDR_OCTETS } from "./message-layout.ts";
import type { SocketGroup } from "./sockets/socket-group.ts";
import type { StampSessions } from "./stamp/sessions.ts";
import { STAMP_HEAD_MAX } from "./stamp/sessions.ts";
import { StampWriter } from "./stamp/writer.ts";
import type { ProbeTracker } from "./tracker.ts";

/** Probes per call: enough to make the call's own cost small, few enough for a socket buffer. */
export const BATCH = 64;
/** ICMP header and payload head. */
const HEAD_OCTETS = 24;
/** The head of the longest STAMP packet, in whole words of 8. */
const STAMP_HEAD_OCTETS = (STAMP_HEAD_MAX + 7) & ~7;

export interface SenderHost {
  /** Reads the error queue of a socket: send stamps and ICMP errors. */
  drainErrors(group: SocketGroup): void;
  /** Unix seconds that wall stamps count from. */
  readonly baseSeconds: number;
  readonly sessions: StampSessions;
  readonly quality: ClockQuality;
}

export class Sender {
  readonly #tracker: ProbeTracker;
  readonly #host: SenderHost;
  readonly #block: MessageBlock;
  readonly #slots = new Int32Array(BATCH);
  readonly #addressesAt: number;
  readonly #pattern: Uint8Array;
  readonly #patternWords: Int32Array;
  readonly #patternAt: number;
  readonly #stamp: StampWriter;
  #count = 0;
  /** Probes handed to the kernel. */
  sent = 0;
  lastSentUs = 0;

  constructor(tracker: ProbeTracker, host: SenderHost) {
    this.#tracker = tracker;
    this.#host = host;
    const { sessions } = host;
    const payload = sessions.hasAny ? STAMP_HEAD_OCTETS : HEAD_OCTETS;
    this.#block = new MessageBlock({ count: BATCH, control: 0, payload });
    this.#addressesAt = addressOf(tracker.series.addresses);
    this.#pattern = patternOf(Math.max(PAYLOAD_HEAD, tracker.series.sizeMax));
    this.#patternWords = new Int32Array(this.#pattern.buffer);
    this.#patternAt = addressOf(this.#pattern);
    this.#stamp = new StampWriter({ ...host, tracker, block: this.#block });
  }

  /** Adds one probe of a series to the batch of `group`; a full batch goes out. */
  add(group: SocketGroup, series: number, nowUs: number): void {
    if (group.isStamp && !this.#host.sessions.isReady(series)) {
      this.#tracker.refused(series, ERRNO.ENOKEY, nowUs);
      return;
    }
    const slot = this.#tracker.open(series);
    if (slot === FULL) {
      this.#tracker.refused(series, ERRNO.ENOBUFS, nowUs);
      return;
    }
    const i = this.#count++;
    this.#slots[i] = slot;
    this.#write(group, i, slot);
    if (this.#count === BATCH) this.flush(group);
  }

  /** Sends what was added for `group` and reads the send stamps it left. */
  flush(group: SocketGroup): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    group.prepareStamps();
    this.#stampCalls(count);
    if (group.isStamp) this.#stamp.write(this.#slots, count, this.lastSentUs);
    const { kind } = group;
    let at = 0;
    let hasRetried = false;
    while (at < count) {
      const done = this.#call(group, at, count);
      if (done > 0) {
        this.#commit(group, at, at + done);
        at += done;
        hasRetried = at < count && this.#recover(group, at, count);
      } else if (!hasRetried) {
        hasRetried = this.#recover(group, at, count);
      } else {
        at = this.#refuse(group, at, count, -done);
        hasRetried = false;
      }
      // Reopened: what is left of the batch carries the id of the socket before.
      if (group.kind !== kind) at = this.#refuseAll(at, count, group.lastErrno);
    }
    if (group.hasSendStamps) this.#host.drainErrors(group);
  }

  #call(group: SocketGroup, at: number, count: number): number {
    const messages = this.#block.address + at * MMSGHDR_OCTETS;
    return sendMessages(group.fd, messages, count - at, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  #write(group: SocketGroup, i: number, slot: number): void {
    const { ledger, series } = this.#tracker;
    const row = ledger.series[slot] ?? 0;
    const size = series.size[row] ?? 0;
    const block = this.#block;
    block.setName(i, this.#addressesAt + row * SOCKADDR_SLOT, series.addressOctets[row] ?? 0);
    if (group.isStamp) {
      this.#stamp.lay(i, row);
      return;
    }
    const word = block.payloadAt(i) >>> 2;
    const isUdp = group.kind.isUdp;
    if (isUdp) this.#writeUdp(word, slot);
    else this.#writeIcmp(word, slot, group);
    const head = Math.min(size, PAYLOAD_HEAD);
    block.setHead(i, isUdp ? head : head + TOKEN_OCTETS);
    block.setTail(i, this.#patternAt + PAYLOAD_HEAD, size - head);
  }

  #writeUdp(word: number, slot: number): void {
    const { ledger } = this.#tracker;
    const { words } = this.#block;
    words[word] = ledger.tokenA[slot] ?? 0;
    words[word + 1] = ledger.tokenB[slot] ?? 0;
    words[word + 2] = swapWord(ledger.number[slot] ?? 0);
    words[word + 3] = this.#patternWords[(UDP_SEQ_AT >>> 2) + 1] ?? 0;
  }

  #writeIcmp(word: number, slot: number, group: SocketGroup): void {
    const { ledger, series } = this.#tracker;
    const { words } = this.#block;
    const a = ledger.tokenA[slot] ?? 0;
    const b = ledger.tokenB[slot] ?? 0;
    const echo = swapHalf(group.kind.id) | (swapHalf(ledger.number[slot] ?? 0) << 16);
    const type = echoRequestType(group.kind.family);
    // The kernel fills the checksum in, save for raw IPv4.
    let checksum = 0;
    if (group.kind.isRaw4) {
      const base = series.baseSum[ledger.series[slot] ?? 0] ?? 0;
      checksum = ~foldSum(base + sumWord(echo) + sumWord(a) + sumWord(b)) & 0xffff;
    }
    words[word] = type | (checksum << 16);
    words[word + 1] = echo;
    words[word + 2] = a;
    words[word + 3] = b;
    words[word + 4] = this.#patternWords[TOKEN_OCTETS >>> 2] ?? 0;
    words[word + 5] = this.#patternWords[(TOKEN_OCTETS >>> 2) + 1] ?? 0;
  }

  /** Both clocks right before the call. */
  #stampCalls(count: number): void {
    const { ledger } = this.#tracker;
    const nowUs = monotonicNow();
    const offsetUs = realtimeNow(this.#host.baseSeconds) - nowUs;
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[i] ?? 0;
      ledger.sentUs[slot] = nowUs;
      ledger.offsetUs[slot] = offsetUs;
    }
    this.lastSentUs = nowUs;
  }

  #commit(group: SocketGroup, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const slot = this.#slots[i] ?? 0;
      group.numbered(slot);
      this.#tracker.sent(slot);
    }
    this.sent += to - from;
  }

  /** Between two attempts: takes the pending error away and the lost numbering up again. */
  #recover(group: SocketGroup, from: number, to: number): true {
    this.#host.drainErrors(group);
    group.doubtNumbers();
    group.prepareStamps();
    this.#restamp(from, to);
    return true;
  }

  #restamp(from: number, to: number): void {
    const { ledger } = this.#tracker;
    const nowUs = monotonicNow();
    for (let i = from; i < to; i++) ledger.sentUs[this.#slots[i] ?? 0] = nowUs;
  }

  /** The probe at `at` is refused, with a full buffer all behind it too. Returns where to go on. */
  #refuse(group: SocketGroup, at: number, count: number, errno: number): number {
    const isFull = errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS;
    const end = isFull ? count : at + 1;
    this.#refuseAll(at, end, errno);
    group.doubtNumbers();
    if (!isFull) group.suspect(errno, this.lastSentUs);
    return end;
  }

  #refuseAll(from: number, to: number, errno: number): number {
    for (let i = from; i < to; i++) this.#tracker.unsent(this.#slots[i] ?? 0, errno);
    return to;
  }
}
