/**
 * Empties sockets in batches of one system call: replies from the receive queue, send stamps and
 * ICMP errors from the error queue. Each reply is judged and handed to the tracker together with
 * the moment it was read and the kernel's stamp of its arrival.
 */

import { endsProbe, ICMP_HEADER_OCTETS, IPV4_HEADER_MAX, isPortUnreachable } from "../wire/icmp.ts";
import type { ClockQuality } from "./clock-quality.ts";
import type { Control } from "./control-messages.ts";
import { newControl, ORIGIN, readControl } from "./control-messages.ts";
import { ERRNO, MSG_TRUNC } from "./kernel.ts";
import { MSG_DONTWAIT, MSG_ERRQUEUE, monotonicNow, realtimeNow, receiveMessages } from "./libc.ts";
import type { Packet } from "./matcher.ts";
import { JUDGEMENT, Matcher } from "./matcher.ts";
import { MessageBlock } from "./message-layout.ts";
import type { SocketGroup } from "./sockets/socket-group.ts";
import { StampMatcher } from "./stamp/matcher.ts";
import type { StampSessions } from "./stamp/sessions.ts";
import type { Moment, ProbeTracker } from "./tracker.ts";

const BATCH = 64;
/** Memory for one batch of replies at most; large payloads get smaller batches. */
const REPLY_BLOCK_MAX = 256 * 1024;
const BATCH_MIN = 4;
/** SCM_TIMESTAMPING (64) and an extended error with an IPv6 offender (64), with room to spare. */
const CONTROL_OCTETS = 192;
/** The head of a quoted packet: ICMP header and token. */
const QUOTATION_OCTETS = 64;
/** Batches per visit of a socket, so that a flood cannot keep us from sending. */
const VISIT_MAX = 128;
/** Pending socket errors taken off in a row. */
const ERRORS_MAX = 8;

export interface ReceiverParts {
  /** Unix seconds that wall stamps count from. */
  readonly baseSeconds: number;
  readonly sessions: StampSessions;
  readonly quality: ClockQuality;
}

export class Receiver {
  readonly #tracker: ProbeTracker;
  readonly #matcher: Matcher;
  readonly #stamp: StampMatcher;
  readonly #baseSeconds: number;
  readonly #replies: MessageBlock;
  readonly #errors: MessageBlock;
  readonly #reply: Packet;
  readonly #quotation: Packet;
  readonly #control: Control = newControl();
  readonly #area = { at: 0, octets: 0 };
  readonly #moment: Moment = { nowUs: 0, offsetUs: 0, rxWallUs: Number.NaN };
  /** Apart from the above: an error queue may be read while a reply waits for its stamp. */
  readonly #errorMoment: Moment = { nowUs: 0, offsetUs: 0, rxWallUs: Number.NaN };
  /** Packets that answered a probe, damaged ones included. */
  received = 0;
  /** Packets that looked like answers and belonged to no probe. */
  foreign = 0;

  constructor(tracker: ProbeTracker, parts: ReceiverParts) {
    this.#tracker = tracker;
    this.#baseSeconds = parts.baseSeconds;
    this.#matcher = new Matcher(tracker.ledger, tracker.series);
    const payload = (IPV4_HEADER_MAX + ICMP_HEADER_OCTETS + tracker.series.sizeMax + 15) & ~7;
    const fitting = Math.floor(REPLY_BLOCK_MAX / payload);
    const count = Math.max(BATCH_MIN, Math.min(BATCH, fitting));
    this.#replies = new MessageBlock({ count, control: CONTROL_OCTETS, payload });
    this.#errors = new MessageBlock({
      count: BATCH,
      control: CONTROL_OCTETS,
      payload: QUOTATION_OCTETS,
    });
    const stampParts = { ...parts, ledger: tracker.ledger, matcher: this.#matcher };
    this.#stamp = new StampMatcher(stampParts, this.#replies.bytes);
    this.#reply = packetOf(this.#replies);
    this.#quotation = packetOf(this.#errors);
  }

  /** Replies of one socket; send stamps first, because a reply needs its own. */
  drain(group: SocketGroup): void {
    if (group.unstamped > 0) this.drainErrors(group);
    let failures = 0;
    for (let visit = 0; visit < VISIT_MAX; visit++) {
      const got = receiveMessages(
        group.fd,
        this.#replies.address,
        this.#replies.count,
        MSG_DONTWAIT,
      );
      if (got < 0) {
        // An ICMP error makes the next call fail once; the packets behind it are still there.
        if (-got === ERRNO.EAGAIN || ++failures > ERRORS_MAX) return;
        this.drainErrors(group);
        continue;
      }
      this.#mark(this.#moment);
      for (let i = 0; i < got; i++) this.#take(group, i);
      if (got < this.#replies.count) return;
    }
  }

  /** The error queue of one socket. */
  drainErrors(group: SocketGroup): void {
    for (let visit = 0; visit < VISIT_MAX; visit++) {
      const got = receiveMessages(
        group.fd,
        this.#errors.address,
        BATCH,
        MSG_DONTWAIT | MSG_ERRQUEUE,
      );
      if (got <= 0) return;
      for (let i = 0; i < got; i++) this.#takeError(group, i);
      if (got < BATCH) return;
    }
  }

  #mark(moment: Moment): void {
    moment.nowUs = monotonicNow();
    moment.offsetUs = realtimeNow(this.#baseSeconds) - moment.nowUs;
  }

  #take(group: SocketGroup, i: number): void {
    const block = this.#replies;
    const packet = this.#reply;
    aim(packet, block, i);
    const matcher = group.isStamp ? this.#stamp : this.#matcher;
    const judgement = matcher.judge(packet, group.kind);
    this.#readControl(block, i);
    block.rearm(i);
    const { slot } = matcher;
    switch (judgement) {
      case JUDGEMENT.genuine:
        this.received++;
        this.#answer(group, slot);
        return;
      case JUDGEMENT.corrupt:
        this.received++;
        this.#tracker.corrupted(slot);
        return;
      case JUDGEMENT.mismatched:
        this.#tracker.mismatched(slot);
        return;
      case JUDGEMENT.foreign:
        this.foreign++;
        return;
      default:
        return;
    }
  }

  #answer(group: SocketGroup, slot: number): void {
    this.#moment.rxWallUs = this.#control.stampUs;
    const lacksStamp = Number.isNaN(this.#tracker.ledger.txWallUs[slot] ?? 0);
    if (lacksStamp && group.unstamped > 0) this.drainErrors(group);
    this.#tracker.answered(slot, this.#moment, group.isStamp ? this.#stamp.reflection() : null);
  }

  #takeError(group: SocketGroup, i: number): void {
    const block = this.#errors;
    const control = this.#control;
    aim(this.#quotation, block, i);
    this.#readControl(block, i);
    block.rearm(i);
    if (control.origin === ORIGIN.stamp) {
      const slot = group.slotOfStamp(control.data);
      if (slot >= 0) this.#tracker.stamped(slot, control.stampUs);
      return;
    }
    const isIcmp = control.origin === ORIGIN.icmp4 || control.origin === ORIGIN.icmp6;
    if (isIcmp && endsProbe(group.kind.family, control.type)) this.#takeIcmpError(group);
  }

  #takeIcmpError(group: SocketGroup): void {
    const control = this.#control;
    const { kind } = group;
    const matcher = group.isStamp ? this.#stamp : this.#matcher;
    const slot = matcher.quoted(this.#quotation, kind);
    if (slot < 0) {
      this.foreign++;
      return;
    }
    if (kind.isUdp && this.#isAlive(slot, kind.family)) {
      this.#mark(this.#errorMoment);
      this.#errorMoment.rxWallUs = control.stampUs;
      this.received++;
      this.#tracker.answered(slot, this.#errorMoment);
      return;
    }
    this.#tracker.unreachable(slot, (control.type << 8) | control.code);
  }

  /** Port unreachable by the target itself, where that counts as an answer. */
  #isAlive(slot: number, family: 4 | 6): boolean {
    const control = this.#control;
    const series = this.#tracker.ledger.series[slot] ?? 0;
    if (this.#tracker.series.acceptsUnreachable[series] !== 1) return false;
    if (!isPortUnreachable(family, control.type, control.code)) return false;
    if (control.offenderWord === 0) return false;
    this.#quotation.nameAt = control.offenderWord << 2;
    return this.#matcher.isFromTarget(this.#quotation, { family, isUdp: false }, slot);
  }

  #readControl(block: MessageBlock, i: number): void {
    this.#area.at = block.controlAt(i) >>> 2;
    this.#area.octets = block.controlOctets(i);
    readControl(block.words, this.#area, this.#baseSeconds, this.#control);
  }
}

function packetOf(block: MessageBlock): Packet {
  const { bytes, halves, words } = block;
  return { bytes, halves, words, at: 0, octets: 0, nameAt: 0, isTruncated: false };
}

function aim(packet: Packet, block: MessageBlock, i: number): void {
  packet.at = block.payloadAt(i);
  packet.octets = block.octets(i);
  packet.nameAt = block.nameAt(i);
  packet.isTruncated = (block.flags(i) & MSG_TRUNC) !== 0;
}
