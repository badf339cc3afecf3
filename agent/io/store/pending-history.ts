/** Everything that is not on disk yet: checks and finished buckets. */

import { PendingRollups } from "./pending-rollups.ts";
import { PendingRows } from "./pending-rows.ts";

export class PendingHistory {
  readonly checks: PendingRows;
  readonly buckets = new PendingRollups();

  constructor(checksMax: number) {
    this.checks = new PendingRows(checksMax);
  }

  get size(): number {
    return this.checks.size + this.buckets.size;
  }

  /** Lost because there was no room, since start. */
  get dropped(): number {
    return this.checks.dropped + this.buckets.dropped;
  }

  /** Time of the oldest, Unix seconds; null: nothing waits. */
  get firstTime(): number | null {
    const check = this.checks.find(this.checks.firstId)?.timestamp ?? null;
    const bucket = this.buckets.oldest(1)[0]?.end ?? null;
    if (check === null || bucket === null) return check ?? bucket;
    return Math.min(check, bucket);
  }

  /** Moves everything in time. */
  shift(seconds: number): void {
    this.checks.shift(seconds);
    this.buckets.shift(seconds);
  }
}
