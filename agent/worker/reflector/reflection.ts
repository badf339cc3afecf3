/**
 * What a session reflector answers (RFC 8762 4.3, RFC 8972 4), without a clock or socket: judges a
 * request where it lies and turns it into its reply in the same octets. The reply is exactly as
 * long as the request. One of 14 to 43 octets (TWAMP Light) gets the layout cut to what it sent:
 * number, T3 and error estimate are whole, which is enough for a round trip, and nobody can make us
 * send more than he did. Of the TLVs extra padding is understood; the others come back with U.
 */

import { invariant } from "../../domain/invariant.ts";
import { ntpFraction, ntpSeconds } from "../../wire/ntp-time.ts";
import type { StampForm, StampReply } from "../../wire/stamp.ts";
import {
  newReply,
  newRequest,
  OPEN_FORM,
  readRequest,
  SEALED_FORM,
  writeReply,
} from "../../wire/stamp.ts";
import { StampSeal } from "../../wire/stamp-hmac.ts";
import type { Tlv } from "../../wire/stamp-tlv.ts";
import { markTlvs, newTlv, TLV_TYPE } from "../../wire/stamp-tlv.ts";

/** The counters of domain/reflector.ts go by the same names. */
export type Judgement = "reflected" | "malformed" | "unauthenticated";

/** What the packet itself does not tell. The object may be reused. */
export interface Arrival {
  /** T2, us after `baseSeconds`. */
  receivedUs: number;
  /** Hop limit it arrived with; negative: unknown. */
  hopLimit: number;
  /** Error estimate of our clock. */
  estimate: number;
}

export interface ReflectionOptions {
  /** Where all packets lie. */
  readonly memory: Uint8Array;
  /** Unix seconds that T2 and T3 count from. */
  readonly baseSeconds: number;
  /** null: unauthenticated packets; else nothing but authenticated ones. */
  readonly key: Uint8Array | null;
}

/** RFC 5357 4.2. */
const HOP_LIMIT_UNKNOWN = 255;
const TIMESTAMP_OCTETS = 8;

export class Reflection {
  readonly #memory: Uint8Array;
  readonly #packet: { readonly view: DataView; at: number; octets: number };
  readonly #baseSeconds: number;
  readonly #form: StampForm;
  readonly #seal: StampSeal | null;
  readonly #reply: StampReply = newReply();
  readonly #tlv: Tlv = newTlv();
  /** Of the request that was judged last, when it is to be reflected. */
  readonly request = newRequest();

  constructor({ memory, baseSeconds, key }: ReflectionOptions) {
    const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.#memory = memory;
    this.#packet = { view, at: 0, octets: 0 };
    this.#baseSeconds = baseSeconds;
    this.#form = key === null ? OPEN_FORM : SEALED_FORM;
    this.#seal = key === null ? null : new StampSeal(key);
  }

  /**
   * Judges the packet of `octets` at `at`. `mayBeReply`: it comes from a port where a reflector may
   * live. Two reflectors would answer each other for ever once somebody spoofs a first request;
   * replies carry T2 where requests have zeros, and a packet too short to tell is taken for one.
   */
  judge(at: number, octets: number, mayBeReply: boolean): Judgement {
    const packet = this.#packet;
    packet.at = at;
    packet.octets = octets;
    if (octets < OPEN_FORM.requestMin) return "malformed";
    if (mayBeReply && !this.#hasNoReceiveStamp()) return "malformed";
    if (!readRequest(packet, this.#form, this.request)) return "unauthenticated";
    const isRight = this.#seal?.isRight(this.#memory, at) ?? true;
    return isRight ? "reflected" : "unauthenticated";
  }

  /**
   * Turns the packet judged last into its reply, which `finish` completes. Scribbles behind a short
   * one: the memory must go on for the 44 or 112 octets of a base packet.
   */
  write(arrival: Readonly<Arrival>, seq: number): void {
    const { request } = this;
    const { view, at } = this.#packet;
    const end = at + this.#form.octets;
    invariant(end <= view.byteLength, "no room for a reply");
    const reply = this.#reply;
    reply.seq = seq;
    reply.estimate = arrival.estimate;
    reply.ssid = request.ssid;
    reply.receiveSeconds = ntpSeconds(this.#baseSeconds, arrival.receivedUs);
    reply.receiveFraction = ntpFraction(arrival.receivedUs);
    reply.senderSeq = request.seq;
    reply.senderSeconds = request.seconds;
    reply.senderFraction = request.fraction;
    reply.senderEstimate = request.estimate;
    reply.senderTtl = arrival.hopLimit < 0 ? HOP_LIMIT_UNKNOWN : arrival.hopLimit;
    writeReply(view, at, this.#form, reply);
    markTlvs(this.#packet, end, this.#tlv, isPadding);
  }

  /** Fills in T3, `sentUs` after the base, and the HMAC: the last thing before sending. */
  finish(at: number, sentUs: number): void {
    const { view } = this.#packet;
    const { timestamp } = this.#form;
    view.setUint32(at + timestamp, ntpSeconds(this.#baseSeconds, sentUs));
    view.setUint32(at + timestamp + 4, ntpFraction(sentUs));
    this.#seal?.write(this.#memory, at);
  }

  #hasNoReceiveStamp(): boolean {
    const { view, at, octets } = this.#packet;
    const { receive } = this.#form;
    if (octets < receive + TIMESTAMP_OCTETS) return false;
    return view.getUint32(at + receive) === 0 && view.getUint32(at + receive + 4) === 0;
  }
}

function isPadding(tlv: Readonly<Tlv>): boolean {
  return tlv.type === TLV_TYPE.extraPadding;
}
