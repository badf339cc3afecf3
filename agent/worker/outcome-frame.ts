/**
 * Outcome records straight into a frame that is allocated once. Few outcomes leave with the wake-up
 * that produced them; under load they wait up to 10 ms for company, because the reader pays per
 * frame, not per record.
 */

import { OUTCOME, OUTCOME_FLAG } from "../domain/outcome.ts";
import { US_PER_MS } from "../domain/units.ts";
import {
  FRAME,
  FRAME_MAX,
  HEADER_SIZE,
  OUTCOME_AT,
  OUTCOME_SIZE,
  OUTCOMES_MAX,
  viewOf,
  writeHeader,
} from "../wire/frame.ts";
import type { Outcome, OutcomeSink } from "./tracker.ts";

export const HOLD_US = 10 * US_PER_MS;

/** Takes the first `octets` over before it returns: the buffer is used again. */
export type FrameOut = (frame: Uint8Array, octets: number, records: number) => void;

export class OutcomeFrame implements OutcomeSink {
  readonly #generation: number;
  readonly #out: FrameOut;
  readonly #bytes = new Uint8Array(FRAME_MAX);
  readonly #view = viewOf(this.#bytes);
  readonly #words = new Int32Array(this.#bytes.buffer);
  readonly #doubles = new Float64Array(this.#bytes.buffer);
  #count = 0;
  #epoch = 0;
  #flushedUs = Number.NEGATIVE_INFINITY;
  #calmHoldUs = HOLD_US;
  /** Something else than a reply waits: it is told without the calm's delay. */
  #isUrgent = false;

  constructor(generation: number, out: FrameOut) {
    this.#generation = generation;
    this.#out = out;
  }

  get epoch(): number {
    return this.#epoch;
  }

  record(outcome: Readonly<Outcome>): void {
    const at = HEADER_SIZE + this.#count * OUTCOME_SIZE;
    const words = this.#words;
    const word = at >>> 2;
    words[word] = outcome.series;
    words[word + (OUTCOME_AT.kind >>> 2)] =
      outcome.kind | (outcome.flags << 8) | (outcome.code << 16);
    words[word + (OUTCOME_AT.seq >>> 2)] = outcome.seq;
    words[word + (OUTCOME_AT.forwardUs >>> 2)] = outcome.forwardUs;
    this.#doubles[(at + OUTCOME_AT.rttUs) >>> 3] = outcome.rttUs;
    this.#doubles[(at + OUTCOME_AT.sentUs) >>> 3] = outcome.sentUs;
    this.#count++;
    if (outcome.kind !== OUTCOME.replied || isAwaited(outcome)) this.#isUrgent = true;
    if (this.#count === OUTCOMES_MAX) this.flush();
  }

  /**
   * A new table: records of the one before leave under its own number. While nothing but replies
   * comes, they are held for `calmHoldUs`.
   */
  setTable(epoch: number, calmHoldUs: number): void {
    this.flush();
    this.#epoch = epoch;
    this.#calmHoldUs = Math.max(HOLD_US, calmHoldUs);
  }

  /** After every wake-up. */
  offer(nowUs: number): void {
    if (this.#count === 0 || nowUs < this.#dueUs()) return;
    this.flush();
    this.#flushedUs = nowUs;
  }

  /** How long the loop may sleep before it must offer again, us. */
  waitUs(nowUs: number): number {
    if (this.#count === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#dueUs() - nowUs);
  }

  #dueUs(): number {
    return this.#flushedUs + (this.#isUrgent ? HOLD_US : this.#calmHoldUs);
  }

  /** At once: behind it something is told that follows from these outcomes. */
  flush(): void {
    if (this.#count === 0) return;
    writeHeader(this.#view, {
      type: FRAME.outcomes,
      flags: 0,
      generation: this.#generation,
      count: this.#count,
      aux: this.#epoch,
      aux2: 0,
    });
    this.#out(this.#bytes, HEADER_SIZE + this.#count * OUTCOME_SIZE, this.#count);
    this.#count = 0;
    this.#isUrgent = false;
  }
}

/** A reply in a time of doubt, on which a decision may wait. */
function isAwaited({ flags }: Readonly<Outcome>): boolean {
  return (flags & (OUTCOME_FLAG.seed | OUTCOME_FLAG.confirmation)) !== 0;
}
