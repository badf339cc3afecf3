/**
 * When each series sends: an absolute grid on the monotonic clock (no drift), each point moved by
 * U(0, 5 %) of the interval so that paths never fall into step. A binary heap over typed arrays
 * gives the next one. What was missed is skipped and counted, never sent in a burst.
 */

import { US_PER_MS } from "../domain/units.ts";

/** Share of the interval by which a send may be moved behind its grid point. */
const JITTER = 0.05;
/** A send later than this is worth less than its place in the spacing: half an interval, bounded. */
const LATENESS_MIN_US = 10 * US_PER_MS;
const LATENESS_MAX_US = 250 * US_PER_MS;

export interface SchedulePlan {
  /** us per series; 0: never sent. */
  readonly intervalUs: Float64Array;
  /** First grid point as a fraction 0..1 of the interval. */
  readonly phase: Float64Array;
}

export class Schedule {
  readonly #intervalUs: Float64Array;
  readonly #originUs: Float64Array;
  readonly #point: Float64Array;
  readonly #dueUs: Float64Array;
  readonly #heap: Int32Array;
  readonly #random: () => number;
  #size = 0;
  #skipped = 0;

  constructor(plan: SchedulePlan, startUs: number, random: () => number) {
    const count = plan.intervalUs.length;
    this.#intervalUs = plan.intervalUs;
    this.#originUs = plan.phase.map((phase, i) => startUs + phase * (plan.intervalUs[i] ?? 0));
    this.#point = new Float64Array(count);
    // The first send has no jitter: a start is answered at once, and phases are spread already.
    this.#dueUs = this.#originUs.slice();
    this.#heap = new Int32Array(count);
    this.#random = random;
    for (let series = 0; series < count; series++) {
      if ((plan.intervalUs[series] ?? 0) > 0) this.#push(series);
    }
  }

  /** Sends left out because their moment had passed. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Infinity when no series sends. */
  nextDueUs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#due(0);
  }

  /** A series that is due at `nowUs`, moved on to its next grid point; -1: none. */
  takeDue(nowUs: number): number {
    while (this.#size > 0 && this.#due(0) <= nowUs) {
      const series = this.#heap[0] ?? 0;
      const lateness = nowUs - this.#due(0);
      this.#step(series, nowUs);
      this.#sink(0);
      if (lateness <= latenessMax(this.#intervalUs[series] ?? 0)) return series;
      this.#skipped++;
    }
    return -1;
  }

  /** To the first grid point behind `nowUs`. */
  #step(series: number, nowUs: number): void {
    const interval = this.#intervalUs[series] ?? 1;
    const origin = this.#originUs[series] ?? 0;
    const following = (this.#point[series] ?? 0) + 1;
    const behindNow = Math.floor((nowUs - origin) / interval) + 1;
    const point = Math.max(following, behindNow);
    // A jittered send keeps its grid point: only whole points in between were missed.
    this.#skipped += point - following;
    this.#point[series] = point;
    this.#dueUs[series] = origin + (point + JITTER * this.#random()) * interval;
  }

  #due(at: number): number {
    return this.#dueUs[this.#heap[at] ?? 0] ?? 0;
  }

  #push(series: number): void {
    let at = this.#size++;
    this.#heap[at] = series;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#due(parent) <= this.#due(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    while (true) {
      const left = 2 * at + 1;
      if (left >= this.#size) return;
      const right = left + 1;
      const child = right < this.#size && this.#due(right) < this.#due(left) ? right : left;
      if (this.#due(at) <= this.#due(child)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const moved = this.#heap[a] ?? 0;
    this.#heap[a] = this.#heap[b] ?? 0;
    this.#heap[b] = moved;
  }
}

function latenessMax(intervalUs: number): number {
  return Math.min(LATENESS_MAX_US, Math.max(LATENESS_MIN_US, intervalUs / 2));
}
