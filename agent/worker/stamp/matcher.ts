/**
 * Is this packet the reply to one of our STAMP probes? Sequence number and T1 must be those we
 * sent, the address and port those we asked, the SSID ours (or 0 from a reflector that knows
 * none), and the seal right where there is one. What lies behind the base packet is not looked at.
 */

import { US_PER_S } from "../../domain/units.ts";
import { ntpSpanUs, ptpSpanUs } from "../../wire/ntp-time.ts";
import type { StampForm, StampReply } from "../../wire/stamp.ts";
import { newReply, OPEN_FORM, readReply, SEALED_FORM } from "../../wire/stamp.ts";
import { isPtp, isSynchronised } from "../../wire/stamp-error.ts";
import type { ClockQuality } from "../clock-quality.ts";
import type { Ledger } from "../ledger.ts";
import type { Matcher, Packet, PacketKind } from "../matcher.ts";
import { JUDGEMENT } from "../matcher.ts";
import type { Reflection } from "../tracker.ts";
import type { StampSessions } from "./sessions.ts";
import { isSameFraction, numberIn } from "./sessions.ts";

const NO_SLOT = -1;
/** A reflector that copies our sequence number does not count; the tracker's word for that. */
const UNCOUNTED = -1;

export interface StampMatcherParts {
  readonly ledger: Ledger;
  readonly sessions: StampSessions;
  readonly quality: ClockQuality;
  /** Knows the addresses that were asked. */
  readonly matcher: Matcher;
  /** Unix seconds that wall times count from. */
  readonly baseSeconds: number;
}

export class StampMatcher {
  readonly #parts: StampMatcherParts;
  /** Over the memory that replies arrive in. */
  readonly #packet: { readonly view: DataView; at: number; octets: number };
  readonly #reply = newReply();
  readonly #reflection: Reflection = { t2Us: 0, t3Us: 0, isTrusted: false, counter: UNCOUNTED };
  /** The slot the last judged packet belongs to; only for mismatched, corrupt and genuine. */
  slot = NO_SLOT;

  constructor(parts: StampMatcherParts, replies: Uint8Array) {
    this.#parts = parts;
    this.#packet = { view: new DataView(replies.buffer), at: 0, octets: 0 };
  }

  /** JUDGEMENT of a reply. */
  judge(packet: Packet, kind: PacketKind): number {
    const { matcher } = this.#parts;
    const isSealed = this.#find(packet, SEALED_FORM);
    const form = isSealed ? SEALED_FORM : OPEN_FORM;
    if (!isSealed && !this.#find(packet, OPEN_FORM)) return JUDGEMENT.foreign;
    const { slot } = this;
    const isFromTarget = matcher.isFromTarget(packet, kind, slot);
    if (!this.#isToken(packet, form, slot)) {
      return isFromTarget ? JUDGEMENT.corrupt : JUDGEMENT.foreign;
    }
    if (!isFromTarget) return JUDGEMENT.mismatched;
    return this.#judgeContent(packet, form, slot);
  }

  /** The slot of the request that an ICMP error quotes, from its payload on; -1: none of ours. */
  quoted(packet: Packet, kind: PacketKind): number {
    for (const form of [OPEN_FORM, SEALED_FORM]) {
      if (packet.octets < form.timestamp + 8) break;
      const fraction = packet.words[(packet.at + form.timestamp + 4) >>> 2] ?? 0;
      const slot = this.#slotOf(numberIn(fraction), form);
      if (slot < 0 || !this.#isRequest(packet, form, slot)) continue;
      return this.#parts.matcher.isFromTarget(packet, kind, slot) ? slot : NO_SLOT;
    }
    return NO_SLOT;
  }

  /** What the last genuine reply said; the object is reused. */
  reflection(): Reflection {
    const { baseSeconds, quality } = this.#parts;
    const reply = this.#reply;
    const into = this.#reflection;
    const isNano = isPtp(reply.estimate);
    const span = isNano ? ptpSpanUs : ntpSpanUs;
    into.t2Us = span(baseSeconds, reply.receiveSeconds, reply.receiveFraction);
    into.t3Us = span(baseSeconds, reply.seconds, reply.fraction);
    // PTP time may be TAI, 37 s from ours: good for a difference, not for a one-way delay.
    into.isTrusted = !isNano && isSynchronised(reply.estimate) && quality.isSynchronised;
    into.counter = reply.seq === reply.senderSeq ? UNCOUNTED : reply.seq & 0xffff;
    return into;
  }

  /** Half of the token at least: sequence number or T1 are ours, and the form is the probe's. */
  #find(packet: Packet, form: StampForm): boolean {
    this.slot = NO_SLOT;
    if (packet.octets < form.senderTimestamp + 8) return false;
    const fraction = packet.words[(packet.at + form.senderTimestamp + 4) >>> 2] ?? 0;
    const slot = this.#slotOf(numberIn(fraction), form);
    if (slot < 0) return false;
    const { ledger } = this.#parts;
    const hasSeq = packet.words[(packet.at + form.senderSeq) >>> 2] === ledger.tokenA[slot];
    if (!hasSeq && !isSameFraction(fraction, ledger.tokenB[slot] ?? 0)) return false;
    this.slot = slot;
    return true;
  }

  #slotOf(number: number, form: StampForm): number {
    const { ledger, sessions } = this.#parts;
    const slot = ledger.find(number);
    return slot >= 0 && sessions.forms[ledger.series[slot] ?? 0] === form ? slot : NO_SLOT;
  }

  #isToken({ words, at }: Packet, form: StampForm, slot: number): boolean {
    const { ledger, sessions } = this.#parts;
    const fraction = words[(at + form.senderTimestamp + 4) >>> 2] ?? 0;
    return (
      words[(at + form.senderSeq) >>> 2] === ledger.tokenA[slot] &&
      isSameFraction(fraction, ledger.tokenB[slot] ?? 0) &&
      words[(at + form.senderTimestamp) >>> 2] === sessions.secondsWord[slot]
    );
  }

  #isRequest({ words, at }: Packet, form: StampForm, slot: number): boolean {
    const { ledger } = this.#parts;
    return (
      words[(at + form.seq) >>> 2] === ledger.tokenA[slot] &&
      words[(at + form.timestamp + 4) >>> 2] === ledger.tokenB[slot]
    );
  }

  #judgeContent(packet: Packet, form: StampForm, slot: number): number {
    const { ledger, sessions } = this.#parts;
    const series = ledger.series[slot] ?? 0;
    this.#packet.at = packet.at;
    this.#packet.octets = packet.octets;
    const isWhole = !packet.isTruncated && readReply(this.#packet, form, this.#reply);
    if (!isWhole || !isSane(this.#reply)) return JUDGEMENT.corrupt;
    const seal = sessions.seals[series];
    if (seal?.isRight(packet.bytes, packet.at) === false) return JUDGEMENT.corrupt;
    const { ssid } = this.#reply;
    return ssid === 0 || ssid === sessions.ssid[series] ? JUDGEMENT.genuine : JUDGEMENT.foreign;
  }
}

/** Nanoseconds of a PTP timestamp end below a second. */
function isSane(reply: Readonly<StampReply>): boolean {
  if (!isPtp(reply.estimate)) return true;
  const most = 1_000 * US_PER_S;
  return reply.fraction < most && reply.receiveFraction < most;
}
