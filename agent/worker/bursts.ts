/**
 * Probes that were asked for beside the schedule, path by path. Pure: time comes in, series to ask
 * go out. A path that is in doubt is asked closely enough already and is passed over.
 */

import type { Burst } from "../wire/burst.ts";

interface Running {
  readonly series: readonly number[];
  readonly paceUs: number;
  readonly isCounted: boolean;
  left: number;
  dueUs: number;
}

/** More would be a fault of the sender; the oldest goes. */
const RUNNING_MAX = 1_024;

export class Bursts {
  readonly #running: Running[] = [];

  /** A burst of the same kind on the same targets begins anew. */
  begin({ probes, pace, isCounted }: Burst, series: readonly number[], nowUs: number): void {
    if (series.length === 0) return;
    const known = this.#running.findIndex(
      (one) => one.series === series && one.isCounted === isCounted,
    );
    if (known !== -1) this.#running.splice(known, 1);
    if (this.#running.length >= RUNNING_MAX) this.#running.shift();
    this.#running.push({ series, paceUs: pace, isCounted, left: probes, dueUs: nowUs });
  }

  /** Monotonic us; Infinity: none. */
  nextDueUs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { dueUs } of this.#running) if (dueUs < due) due = dueUs;
    return due;
  }

  /** Calls `ask` for every series that is due; a late call does not make up for missed ones. */
  advance(nowUs: number, ask: (series: number, isCounted: boolean) => void): void {
    for (let i = this.#running.length - 1; i >= 0; i--) {
      const one = this.#running[i];
      if (one === undefined || one.dueUs > nowUs) continue;
      for (const series of one.series) ask(series, one.isCounted);
      one.left--;
      one.dueUs = nowUs + one.paceUs;
      if (one.left === 0) this.#running.splice(i, 1);
    }
  }

  clear(): void {
    this.#running.length = 0;
  }
}
