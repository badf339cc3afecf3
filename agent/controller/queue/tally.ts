/** What became of a destination's entries since start, for status and metrics. */

import type { DropReason } from "../../domain/drop-reason.ts";
import type { UnixMillis } from "../../domain/units.ts";

export class Tally {
  delivered = 0;
  partial = 0;
  rejected = 0;
  retries = 0;
  lastSuccess: UnixMillis | null = null;
  lastError: string | null = null;
  readonly dropped: Record<DropReason, number> = {
    age: 0,
    size: 0,
    disk: 0,
    corrupt: 0,
    refused: 0,
  };

  drop(reason: DropReason, count: number): void {
    this.dropped[reason] += count;
  }
}
