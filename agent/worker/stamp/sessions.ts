/**
 * What STAMP probes have beyond other ones. Per series a session: SSID, first sequence number and
 * form, chosen anew with every table. Per ledger slot: the seconds of T1. STAMP has no field for a
 * token, but a reflector echoes sequence number and T1 verbatim, so these two are ours: 16 of T1's
 * bits carry the probe's number in the ledger, and T1 is the nearest such moment to the send call,
 * 0.12 ms away at most (0.25 at the ends of a second). The RTT comes from kernel stamps, not from
 * T1. Below the number 4 bits are spare: some reflectors keep T1 as nanoseconds or as a float.
 */

import type { TableRow } from "../../wire/frame.ts";
import { PROBE_TYPE } from "../../wire/frame.ts";
import { swapWord } from "../../wire/icmp.ts";
import type { StampForm } from "../../wire/stamp.ts";
import { OPEN_FORM, SEALED_FORM } from "../../wire/stamp.ts";
import { StampSeal } from "../../wire/stamp-hmac.ts";
import { TLV_HEADER_OCTETS } from "../../wire/stamp-tlv.ts";

/** The part of a packet that is not zero. */
export const STAMP_HEAD_MAX = SEALED_FORM.octets + TLV_HEADER_OCTETS;

const NUMBER_SHIFT = 4;
const NUMBER_SPAN = 2 ** (NUMBER_SHIFT + 16);
const SPARE_MIDDLE = 2 ** (NUMBER_SHIFT - 1);

export interface SessionParts {
  /** By the number in the rows. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  /** Unpredictable 32-bit words. */
  readonly randomWord: () => number;
  /** Slots of the ledger. */
  readonly capacity: number;
}

export class StampSessions {
  readonly hasAny: boolean;
  /** Per series: never 0, which is no SSID. */
  readonly ssid: Uint16Array;
  readonly firstSeq: Uint32Array;
  readonly forms: readonly StampForm[];
  /** Per series; null: unauthenticated, or the key is missing. */
  readonly seals: readonly (StampSeal | null)[];
  /** Per slot: word of the packet, as it lies in memory. */
  readonly secondsWord: Int32Array;

  constructor(rows: readonly TableRow[], parts: SessionParts) {
    const { keys, randomWord, capacity } = parts;
    const seals = new Map([...keys].map(([number, key]) => [number, new StampSeal(key)]));
    this.hasAny = rows.some(isStamp);
    const count = this.hasAny ? rows.length : 0;
    this.ssid = Uint16Array.from({ length: count }, () => 1 + ((randomWord() >>> 0) % 0xffff));
    this.firstSeq = Uint32Array.from({ length: count }, () => randomWord());
    this.forms = rows.map(formOf);
    this.seals = rows.map(({ key }) => (key === undefined ? null : (seals.get(key) ?? null)));
    this.secondsWord = new Int32Array(this.hasAny ? capacity : 0);
  }

  /** False: the packet would need a key that is not there. */
  isReady(series: number): boolean {
    return this.forms[series] !== SEALED_FORM || this.seals[series] !== null;
  }

  /** Sequence number on the wire of the probe that the ledger calls `seq`. */
  wireSeq(series: number, seq: number): number {
    return ((this.firstSeq[series] ?? 0) + seq) >>> 0;
  }
}

export function formOf(row: TableRow): StampForm {
  return row.key === undefined ? OPEN_FORM : SEALED_FORM;
}

export function isStamp(row: TableRow): boolean {
  return row.type === PROBE_TYPE.stamp;
}

/** The ledger's number in the fraction of T1, a word as it lies in memory. */
export function numberIn(fractionWord: number): number {
  return (swapWord(fractionWord) >>> NUMBER_SHIFT) & 0xffff;
}

/** The fraction nearest to `fraction`, in the same second, that carries `number`. */
export function fractionWith(fraction: number, number: number): number {
  const carrying = fraction - (fraction % NUMBER_SPAN) + (number << NUMBER_SHIFT) + SPARE_MIDDLE;
  const error = carrying - fraction;
  if (error > NUMBER_SPAN / 2 && carrying >= NUMBER_SPAN) return carrying - NUMBER_SPAN;
  const next = carrying + NUMBER_SPAN;
  return error < -NUMBER_SPAN / 2 && next < 2 ** 32 ? next : carrying;
}

/** Two words of T1's fraction, but for what a conversion to nanoseconds and back loses. */
export function isSameFraction(a: number, b: number): boolean {
  return (swapWord(a) ^ swapWord(b)) >>> NUMBER_SHIFT === 0;
}
