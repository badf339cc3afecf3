/**
 * When an unanswered probe is overdue: the adaptive timeout of RFC 6298 per series, without
 * back-off. Tokens are unique, so every reply is a valid sample (Karn's problem does not exist).
 * RTO = clamp(SRTT + max(4 RTTVAR, 20 ms), 50 ms, timeout); before the first reply the timeout.
 */

import { US_PER_MS } from "../domain/units.ts";

const RTO_MIN_US = 50 * US_PER_MS;
/** Least distance between the smoothed RTT and the RTO: RTTVAR of a quiet line is nearly 0. */
const VARIANCE_MIN_US = 20 * US_PER_MS;
const SRTT_GAIN = 1 / 8;
const RTTVAR_GAIN = 1 / 4;

export class RttEstimate {
  /** NaN before the first reply. */
  readonly #srttUs: Float64Array;
  readonly #rttvarUs: Float64Array;
  readonly #timeoutUs: Float64Array;

  /** `timeoutUs` per series bounds the RTO from above. */
  constructor(timeoutUs: Float64Array) {
    this.#timeoutUs = timeoutUs;
    this.#srttUs = new Float64Array(timeoutUs.length).fill(Number.NaN);
    this.#rttvarUs = new Float64Array(timeoutUs.length);
  }

  /** Takes the RTT of a reply, us; late replies count too. */
  sample(series: number, rttUs: number): void {
    const srtt = this.#srttUs[series] ?? Number.NaN;
    if (Number.isNaN(srtt)) {
      this.#srttUs[series] = rttUs;
      this.#rttvarUs[series] = rttUs / 2;
      return;
    }
    const rttvar = this.#rttvarUs[series] ?? 0;
    this.#rttvarUs[series] = rttvar + RTTVAR_GAIN * (Math.abs(srtt - rttUs) - rttvar);
    this.#srttUs[series] = srtt + SRTT_GAIN * (rttUs - srtt);
  }

  hasReplied(series: number): boolean {
    return !Number.isNaN(this.#srttUs[series] ?? Number.NaN);
  }

  /** us; within 50 ms and the timeout of the series (a shorter timeout wins). */
  rtoUs(series: number): number {
    const timeoutUs = this.#timeoutUs[series] ?? 0;
    const srtt = this.#srttUs[series] ?? Number.NaN;
    if (Number.isNaN(srtt)) return timeoutUs;
    const margin = Math.max(4 * (this.#rttvarUs[series] ?? 0), VARIANCE_MIN_US);
    return Math.min(timeoutUs, Math.max(RTO_MIN_US, srtt + margin));
  }
}
