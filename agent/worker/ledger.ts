/**
 * Probes in flight, as columns over a power of two of slots. One 16-bit counter numbers all probes
 * of the process; it is the ICMP sequence, and its low bits are the slot. A slot still in flight is
 * passed over; one that only waits for a late reply may be taken again. The 64-bit random token is
 * what proves a reply: number, slot and address can be guessed, the token cannot.
 */

import { invariant } from "../domain/invariant.ts";

export const SLOT = {
  free: 0,
  /** Sent (or about to be), unanswered. */
  inFlight: 1,
  /** Past its timeout; a reply now is late. */
  lingering: 2,
  /** Replied or late: a further reply is a duplicate. */
  answered: 3,
  /** Ended otherwise; whatever arrives is ignored. */
  closed: 4,
} as const;

export const CAPACITY_MIN = 256;
export const CAPACITY_MAX = 65_536;
/** Passed-over slots per probe; beyond it the ledger counts as full. */
const SCAN_MAX = 1_024;
export const FULL = -1;

export class Ledger {
  readonly capacity: number;
  readonly state: Uint8Array;
  readonly number: Uint16Array;
  readonly tokenA: Int32Array;
  readonly tokenB: Int32Array;
  readonly series: Int32Array;
  /** Per series, from 0. */
  readonly seq: Uint32Array;
  readonly group: Uint16Array;
  /** 1: a confirmation probe. */
  readonly isConfirmation: Uint8Array;
  /** 1: past its adaptive timeout. */
  readonly isOverdue: Uint8Array;
  /** Monotonic us at the send call. */
  readonly sentUs: Float64Array;
  /** Wall minus monotonic clock at the send call, us. */
  readonly offsetUs: Float64Array;
  /** The kernel's send stamp on the wall clock, us; NaN until it came. */
  readonly txWallUs: Float64Array;
  readonly #random: () => number;
  #counter: number;

  /** `random` gives unpredictable 32-bit words. */
  constructor(capacity: number, random: () => number) {
    invariant((capacity & (capacity - 1)) === 0 && capacity <= CAPACITY_MAX, "ledger capacity");
    this.capacity = capacity;
    this.state = new Uint8Array(capacity);
    this.number = new Uint16Array(capacity);
    this.tokenA = new Int32Array(capacity);
    this.tokenB = new Int32Array(capacity);
    this.series = new Int32Array(capacity);
    this.seq = new Uint32Array(capacity);
    this.group = new Uint16Array(capacity);
    this.isConfirmation = new Uint8Array(capacity);
    this.isOverdue = new Uint8Array(capacity);
    this.sentUs = new Float64Array(capacity);
    this.offsetUs = new Float64Array(capacity);
    this.txWallUs = new Float64Array(capacity).fill(Number.NaN);
    this.#random = random;
    this.#counter = random() & 0xffff;
  }

  /** The slot for the next probe, or FULL. Its state is that of the probe it still describes. */
  next(): number {
    for (let passed = 0; passed < SCAN_MAX; passed++) {
      const number = this.#counter;
      this.#counter = (number + 1) & 0xffff;
      const slot = number & (this.capacity - 1);
      if (this.state[slot] === SLOT.inFlight) continue;
      this.number[slot] = number;
      return slot;
    }
    return FULL;
  }

  /** Puts a new probe with a fresh token into a slot that `next` gave. */
  open(slot: number, series: number, seq: number): void {
    this.state[slot] = SLOT.inFlight;
    this.tokenA[slot] = this.#random();
    this.tokenB[slot] = this.#random();
    this.series[slot] = series;
    this.seq[slot] = seq;
    this.txWallUs[slot] = Number.NaN;
    this.isConfirmation[slot] = 0;
    this.isOverdue[slot] = 0;
  }

  /** The slot of a probe number, all 16 bits compared; -1: no such probe is known. */
  find(number: number): number {
    const slot = number & (this.capacity - 1);
    return this.number[slot] === number && this.state[slot] !== SLOT.free ? slot : -1;
  }
}

/** Room for twice the probes that can be unresolved at once. */
export function ledgerCapacity(unresolved: number): number {
  const wanted = Math.min(CAPACITY_MAX, Math.max(CAPACITY_MIN, Math.ceil(2 * unresolved)));
  return 2 ** Math.ceil(Math.log2(wanted));
}
