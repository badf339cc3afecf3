/** The HistoryFeed that notes what it was told, and flushes at once. */

import type { HistoryFeed, Journal } from "../../agent/controller/ports.ts";
import type { PathIndex } from "../../agent/domain/ids.ts";
import type { HealthRow } from "../../agent/domain/path-health.ts";
import type { Status } from "../../agent/domain/status.ts";
import type { Instant } from "../../agent/domain/units.ts";

export class FakeFeed implements HistoryFeed {
  readonly statuses: [PathIndex, Status][] = [];
  readonly checks: [PathIndex, HealthRow][] = [];
  readonly voided: [Instant, Instant][] = [];
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  changeStatus(path: PathIndex, to: Status): void {
    this.statuses.push([path, to]);
  }

  takeCheck(path: PathIndex, check: HealthRow): void {
    this.checks.push([path, check]);
  }

  voidSpan(from: Instant, to: Instant): void {
    this.voided.push([from, to]);
  }

  requestFlush(): void {
    this.#journal.flush();
  }
}
