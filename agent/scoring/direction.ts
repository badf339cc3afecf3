/**
 * Which way the loss happened, and the delay of each way, over the newest probes of one STAMP
 * series. A stateful reflector numbers what it reflects: numbers that are missing between replies
 * were lost on the way back, probes that got no number on the way there. What is lost behind the
 * newest reply has no direction yet.
 */

import type { Directions } from "../domain/path-health.ts";

const NOTHING = 0;
const REPLIED = 1;
const UNSENT = 2;

/** Numbers that packets may be ahead of their order by, on the way to the reflector. */
const REORDER_MAX = 8;
/** A reply of a reflector that does not count. */
export const UNCOUNTED = -1;

/** A reply as the outcome record carries it. */
export interface DirectedReply {
  readonly seq: number;
  /** Low 16 bits of the reflector's count, or UNCOUNTED. */
  readonly counter: number;
  /** NaN: withheld. */
  readonly forwardUs: number;
  readonly rttUs: number;
}

export class DirectionWindow {
  readonly #size: number;
  readonly #seq: Float64Array;
  readonly #state: Uint8Array;
  /** The reflector's count, unwrapped; NaN: none. */
  readonly #counter: Float64Array;
  readonly #forwardUs: Float64Array;
  readonly #backwardUs: Float64Array;
  readonly #duplicates: Uint16Array;
  #newestSeq = -1;
  /** Of counted replies since the reflector's last restart. */
  #lastSeq = -1;
  #lastCounter = 0;
  #sinceSeq = 0;

  /** `size`: probes looked back, those of the score. */
  constructor(size: number) {
    this.#size = size;
    this.#seq = new Float64Array(size).fill(-1);
    this.#state = new Uint8Array(size);
    this.#counter = new Float64Array(size);
    this.#forwardUs = new Float64Array(size);
    this.#backwardUs = new Float64Array(size);
    this.#duplicates = new Uint16Array(size);
  }

  replied(reply: DirectedReply): void {
    const at = this.#enter(reply.seq, REPLIED);
    if (at < 0) return;
    this.#counter[at] = reply.counter === UNCOUNTED ? Number.NaN : this.#unwrap(reply);
    this.#forwardUs[at] = reply.forwardUs;
    this.#backwardUs[at] = reply.rttUs - reply.forwardUs;
  }

  /** Our own host refused it: no loss of any way. */
  unsent(seq: number): void {
    this.#enter(seq, UNSENT);
  }

  /** Whatever else became of it: the window moves on. */
  passed(seq: number): void {
    if (this.#seq[seq % this.#size] !== seq) this.#enter(seq, NOTHING);
  }

  /** A further reply: the request was doubled, so the reflector counted it twice. */
  duplicated(seq: number): void {
    const at = seq % this.#size;
    if (this.#seq[at] === seq) this.#duplicates[at] = (this.#duplicates[at] ?? 0) + 1;
  }

  read(): Directions {
    const loss = this.#loss();
    return {
      one_way_forward_ms: this.#mean(this.#forwardUs),
      one_way_backward_ms: this.#mean(this.#backwardUs),
      forward_loss_pct: loss?.forward ?? null,
      backward_loss_pct: loss?.backward ?? null,
    };
  }

  /** The place of a probe; -1: it is older than the window. */
  #enter(seq: number, state: number): number {
    if (seq <= this.#newestSeq - this.#size) return -1;
    this.#newestSeq = Math.max(this.#newestSeq, seq);
    const at = seq % this.#size;
    this.#seq[at] = seq;
    this.#state[at] = state;
    this.#duplicates[at] = 0;
    return at;
  }

  /** A count that falls, or runs ahead of what we sent, is a restart: all before is dropped. */
  #unwrap({ seq, counter }: DirectedReply): number {
    const step = ((counter - this.#lastCounter) << 16) >> 16;
    const probes = seq - this.#lastSeq;
    const isFirst = this.#lastSeq < 0;
    const isOrdered = probes > 0 && step > 0 && step <= probes + REORDER_MAX;
    const isOvertaken = probes < 0 && step > -this.#size && step <= REORDER_MAX;
    if (isFirst || (probes > 0 && !isOrdered)) {
      this.#sinceSeq = seq;
      this.#lastSeq = seq;
      this.#lastCounter = counter;
      return counter;
    }
    if (!isOrdered && !isOvertaken) return Number.NaN;
    const unwrapped = this.#lastCounter + step;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#lastCounter = Math.max(this.#lastCounter, unwrapped);
    return unwrapped;
  }

  #isInWindow(at: number): boolean {
    return (this.#seq[at] ?? -1) > this.#newestSeq - this.#size;
  }

  #isCounted(at: number): boolean {
    return (
      this.#isInWindow(at) &&
      this.#state[at] === REPLIED &&
      (this.#seq[at] ?? 0) >= this.#sinceSeq &&
      !Number.isNaN(this.#counter[at])
    );
  }

  #loss(): { readonly forward: number; readonly backward: number } | null {
    const seqs = new Span();
    const counters = new Span();
    let received = 0;
    for (let at = 0; at < this.#size; at++) {
      if (!this.#isCounted(at)) continue;
      seqs.add(this.#seq[at] ?? 0);
      counters.add(this.#counter[at] ?? 0);
      received += 1 + (this.#duplicates[at] ?? 0);
    }
    const sent = seqs.length - this.#unsentWithin(seqs);
    const reflected = counters.length;
    if (!(sent > 0) || !(reflected > 0)) return null;
    return {
      forward: (100 * Math.max(0, sent - reflected)) / sent,
      backward: (100 * Math.max(0, reflected - (received - 1))) / reflected,
    };
  }

  #unsentWithin(span: Span): number {
    let count = 0;
    for (let at = 0; at < this.#size; at++) {
      const seq = this.#seq[at] ?? -1;
      if (this.#state[at] === UNSENT && seq > span.first && seq < span.last) count++;
    }
    return count;
  }

  #mean(values: Float64Array): number | null {
    let sum = 0;
    let count = 0;
    for (let at = 0; at < this.#size; at++) {
      const value = values[at] ?? Number.NaN;
      if (this.#state[at] !== REPLIED || !this.#isInWindow(at) || Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count === 0 ? null : sum / count / 1_000;
  }
}

/** From the least to the greatest of some numbers. */
class Span {
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.first = Math.min(this.first, value);
    this.last = Math.max(this.last, value);
  }

  /** -Infinity without any number. */
  get length(): number {
    return this.last - this.first;
  }
}
