/**
 * Does the kernel hold our wall clock for synchronised, and how well? The answer is the error
 * estimate of our STAMP packets and the condition of one-way delays. Asked again once a minute.
 */

import { US_PER_S } from "../domain/units.ts";
import { encodeEstimate, isSynchronised } from "../wire/stamp-error.ts";
import { adjustTime } from "./libc.ts";

const ASK_EVERY_US = 60 * US_PER_S;
/** Result of adjtimex(2). */
const TIME_ERROR = 5;
/** Bit of its status. */
const STA_UNSYNC = 0x40;

/** struct timex of LP64 Linux. */
const TIMEX_OCTETS = 208;
const TIMEX_AT = { errorMax: 24, error: 32, status: 40 } as const;

export interface ClockState {
  /** TIME_OK, TIME_ERROR and so on. */
  readonly result: number;
  /** STA_ bits. */
  readonly status: number;
  readonly errorMaxUs: number;
  readonly errorUs: number;
}

export class ClockQuality {
  readonly #read: () => ClockState | null;
  #askedUs = Number.NEGATIVE_INFINITY;
  #estimate = 0;

  constructor(read: () => ClockState | null = readClockState) {
    this.#read = read;
  }

  /** The error estimate at `nowUs` (monotonic); see wire/stamp-error.ts. */
  estimate(nowUs: number): number {
    if (nowUs - this.#askedUs >= ASK_EVERY_US) {
      this.#askedUs = nowUs;
      this.#estimate = estimateOf(this.#read());
    }
    return this.#estimate;
  }

  /** As of the last `estimate`. */
  get isSynchronised(): boolean {
    return isSynchronised(this.#estimate);
  }
}

/** null: the kernel does not say, so the clock is not trusted. */
function estimateOf(state: ClockState | null): number {
  if (state === null) return encodeEstimate(Number.POSITIVE_INFINITY, false);
  const isTrusted = state.result !== TIME_ERROR && (state.status & STA_UNSYNC) === 0;
  return encodeEstimate(Math.max(state.errorMaxUs, state.errorUs), isTrusted);
}

/** null: refused, as a filter of system calls may do. */
export function readClockState(): ClockState | null {
  const timex = new Uint8Array(TIMEX_OCTETS);
  const result = adjustTime(timex);
  if (result < 0) return null;
  const view = new DataView(timex.buffer);
  return {
    result,
    status: view.getInt32(TIMEX_AT.status, true),
    errorMaxUs: Number(view.getBigInt64(TIMEX_AT.errorMax, true)),
    errorUs: Number(view.getBigInt64(TIMEX_AT.error, true)),
  };
}
