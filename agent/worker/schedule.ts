/**
 * When each series sends: an absolute grid on the monotonic clock (no drift), each point moved by
 * U(0, 5 %) of the interval so that paths never fall into step. A binary heap over typed arrays
 * gives the next one. What was missed is skipped and counted, never sent in a burst.
 */

import { US_PER_MS } from "../domain/units.ts";

/** Share of the interval by which a send may be moved behind its grid point. */
const JITTER = 0.05;
/**
 * A send later than this is worth less than its place in the spacing: half an interval, bounded.
 */
const LATENESS_MIN_US = 25 * US_PER_MS;
const LATENESS_MAX_US = 250 * US_PER_MS;

export interface SchedulePlan {
  /** us per series; 0: never sent. */
  readonly intervalUs: Float64Array;
  /** First grid point as a fraction 0..1 of the interval. */
  readonly phase: Float64Array;
}

/** Sends of a series that is not limited. */
export const UNLIMITED = Number.POSITIVE_INFINITY;

export class Schedule {
  readonly #intervalUs: Float64Array;
  readonly #originUs: Float64Array;
  readonly #point: Float64Array;
  /** A heap of four children per node; the keys lie beside it, so that a sift reads one line. */
  readonly #heap: Int32Array;
  readonly #keys: Float64Array;
  readonly #random: () => number;
  readonly #sendsMax: number;
  readonly #sends: Float64Array;
  #size = 0;
  #skipped = 0;

  /** `sendsMax`: a series leaves the schedule behind its n-th send. */
  constructor(
    plan: SchedulePlan,
    startUs: number,
    random: () => number,
    sendsMax: number = UNLIMITED,
  ) {
    const count = plan.intervalUs.length;
    this.#intervalUs = plan.intervalUs;
    this.#originUs = plan.phase.map((phase, i) => startUs + phase * (plan.intervalUs[i] ?? 0));
    this.#point = new Float64Array(count);
    this.#heap = new Int32Array(count);
    this.#keys = new Float64Array(count);
    this.#random = random;
    this.#sendsMax = sendsMax;
    this.#sends = new Float64Array(sendsMax === UNLIMITED ? 0 : count);
    for (let series = 0; series < count; series++) {
      // The first send has no jitter: a start is answered at once, and phases are spread already.
      if ((plan.intervalUs[series] ?? 0) > 0) this.#push(series, this.#originUs[series] ?? 0);
    }
  }

  /** Sends left out because their moment had passed. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Infinity when no series sends. */
  nextDueUs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#keys[0] ?? 0);
  }

  /** A series that is due at `nowUs`, moved on to its next grid point; -1: none. */
  takeDue(nowUs: number): number {
    while (this.nextDueUs() <= nowUs) {
      const series = this.#heap[0] ?? 0;
      const lateness = nowUs - this.nextDueUs();
      const isSent = lateness <= latenessMax(this.#intervalUs[series] ?? 0);
      const next = this.#stepUs(series, nowUs);
      this.#sink(series, isSent && this.#isLast(series) ? Number.POSITIVE_INFINITY : next);
      if (isSent) return series;
      this.#skipped++;
    }
    return -1;
  }

  /** Counts a send of a limited series. */
  #isLast(series: number): boolean {
    if (this.#sendsMax === UNLIMITED) return false;
    const sends = (this.#sends[series] ?? 0) + 1;
    this.#sends[series] = sends;
    return sends >= this.#sendsMax;
  }

  /** When the series sends next: at its first grid point behind `nowUs`. */
  #stepUs(series: number, nowUs: number): number {
    const interval = this.#intervalUs[series] ?? 1;
    const origin = this.#originUs[series] ?? 0;
    const following = (this.#point[series] ?? 0) + 1;
    // A jittered send keeps its grid point: only whole points in between were missed.
    const point = Math.max(following, Math.floor((nowUs - origin) / interval) + 1);
    this.#skipped += point - following;
    this.#point[series] = point;
    return origin + (point + JITTER * this.#random()) * interval;
  }

  #push(series: number, key: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >>> 2;
      if ((this.#keys[parent] ?? 0) <= key) break;
      this.#place(at, this.#heap[parent] ?? 0, this.#keys[parent] ?? 0);
      at = parent;
    }
    this.#place(at, series, key);
  }

  /** Replaces the root. */
  #sink(series: number, key: number): void {
    let at = 0;
    for (let first = 1; first < this.#size; first = 4 * at + 1) {
      const child = this.#leastOf(first, Math.min(first + 4, this.#size));
      const childKey = this.#keys[child] ?? 0;
      if (key <= childKey) break;
      this.#place(at, this.#heap[child] ?? 0, childKey);
      at = child;
    }
    this.#place(at, series, key);
  }

  #leastOf(from: number, to: number): number {
    let least = from;
    let leastKey = this.#keys[from] ?? 0;
    for (let i = from + 1; i < to; i++) {
      const key = this.#keys[i] ?? 0;
      if (key >= leastKey) continue;
      least = i;
      leastKey = key;
    }
    return least;
  }

  #place(at: number, series: number, key: number): void {
    this.#heap[at] = series;
    this.#keys[at] = key;
  }
}

function latenessMax(intervalUs: number): number {
  return Math.min(LATENESS_MAX_US, Math.max(LATENESS_MIN_US, intervalUs / 2));
}
