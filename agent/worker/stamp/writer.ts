/**
 * Writes the STAMP packets of a batch, right before the call that sends them, so that T1 is the
 * time of the call. What the reflector will echo becomes the probe's token.
 */

import { ntpFraction, ntpSeconds } from "../../wire/ntp-time.ts";
import { newRequest, writeRequest } from "../../wire/stamp.ts";
import { TLV_HEADER_OCTETS, writePaddingHeader } from "../../wire/stamp-tlv.ts";
import type { ClockQuality } from "../clock-quality.ts";
import { addressOf } from "../libc.ts";
import type { MessageBlock } from "../message-layout.ts";
import type { ProbeTracker } from "../tracker.ts";
import type { StampSessions } from "./sessions.ts";
import { fractionWith } from "./sessions.ts";

export interface WriterParts {
  readonly tracker: ProbeTracker;
  readonly sessions: StampSessions;
  readonly quality: ClockQuality;
  readonly block: MessageBlock;
  /** Unix seconds that wall times count from. */
  readonly baseSeconds: number;
}

export class StampWriter {
  readonly #parts: WriterParts;
  readonly #view: DataView;
  readonly #request = newRequest();
  /** The value of extra padding. */
  readonly #zeros: Uint8Array;
  readonly #zerosAt: number;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#view = new DataView(parts.block.bytes.buffer);
    this.#zeros = new Uint8Array(Math.max(8, parts.tracker.series.sizeMax));
    this.#zerosAt = addressOf(this.#zeros);
  }

  /** Octets of message i: the head in the block, the rest of the padding behind it. */
  lay(i: number, series: number): void {
    const { block, sessions, tracker } = this.#parts;
    const base = sessions.forms[series]?.octets ?? 0;
    const size = tracker.series.size[series] ?? 0;
    const head = size === base ? base : base + TLV_HEADER_OCTETS;
    block.setHead(i, head);
    block.setTail(i, this.#zerosAt, size - head);
  }

  /** The packets of the first `count` slots; `sentUs` and `offsetUs` of each are set. */
  write(slots: Int32Array, count: number, nowUs: number): void {
    this.#request.estimate = this.#parts.quality.estimate(nowUs);
    for (let i = 0; i < count; i++) this.#writeOne(i, slots[i] ?? 0);
  }

  #writeOne(i: number, slot: number): void {
    const { block, sessions, tracker, baseSeconds } = this.#parts;
    const { ledger } = tracker;
    const series = ledger.series[slot] ?? 0;
    const form = sessions.forms[series];
    if (form === undefined) return;
    const request = this.#request;
    const wallUs = (ledger.sentUs[slot] ?? 0) + (ledger.offsetUs[slot] ?? 0);
    request.seq = sessions.wireSeq(series, ledger.seq[slot] ?? 0);
    request.seconds = ntpSeconds(baseSeconds, wallUs);
    request.fraction = fractionWith(ntpFraction(wallUs), ledger.number[slot] ?? 0);
    request.ssid = sessions.ssid[series] ?? 0;
    const at = block.payloadAt(i);
    writeRequest(this.#view, at, form, request);
    const padding = (tracker.series.size[series] ?? 0) - form.octets;
    if (padding > 0) writePaddingHeader(this.#view, at + form.octets, padding);
    sessions.seals[series]?.write(block.bytes, at);
    ledger.tokenA[slot] = block.words[(at + form.seq) >>> 2] ?? 0;
    ledger.tokenB[slot] = block.words[(at + form.timestamp + 4) >>> 2] ?? 0;
    sessions.secondsWord[slot] = block.words[(at + form.timestamp) >>> 2] ?? 0;
  }
}
