/**
 * Finished buckets that are not on disk yet, in the order they came, bounded: when the disk stays
 * away the oldest go first.
 */

import { invariant } from "../../domain/invariant.ts";
import type { Rollup } from "../../domain/rollup.ts";
import { TIER_SECS } from "../../domain/rollup.ts";
import { unixSeconds } from "../../domain/units.ts";

/** A week of 10 paths; about 10 MB. */
export const PENDING_ROLLUPS_MAX = 20_000;
/** Dropped in one go, so that dropping is not a copy per row. */
const DROP_ROWS = 500;

export class PendingRollups {
  readonly #rowsMax: number;
  #rows: Rollup[] = [];
  #dropped = 0;

  constructor(rowsMax = PENDING_ROLLUPS_MAX) {
    invariant(rowsMax > 0, "no room for a single bucket");
    this.#rowsMax = rowsMax;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** Lost because there was no room, since start. */
  get dropped(): number {
    return this.#dropped;
  }

  push(row: Rollup): void {
    this.#rows.push(row);
    if (this.#rows.length <= this.#rowsMax) return;
    const count = Math.min(DROP_ROWS, this.#rowsMax);
    this.#dropped += count;
    this.remove(count);
  }

  oldest(count: number): readonly Rollup[] {
    return this.#rows.slice(0, count);
  }

  /** Moves all buckets in time, to the nearest places of the grid. */
  shift(seconds: number): void {
    if (seconds === 0) return;
    const step = TIER_SECS["5m"];
    const whole = Math.round(seconds / step) * step;
    this.#rows = this.#rows.map((row) => ({ ...row, end: unixSeconds(row.end + whole) }));
  }

  /** Forgets the oldest `count`: they are on disk. */
  remove(count: number): void {
    invariant(count <= this.#rows.length, "more buckets removed than there are");
    this.#rows = this.#rows.slice(count);
  }
}
