/**
 * The rows that are not on disk yet, in the order they came, bounded: when the disk stays away the
 * oldest go first. Each row gets its `health_id` here and not from SQLite, so that a cursor on an
 * unwritten row stays good when the row is written between two pages.
 */

import { invariant } from "../../domain/invariant.ts";
import type { HealthRow } from "../../domain/path-health.ts";
import { unixSeconds } from "../../domain/units.ts";

/** A row and the `health_id` that it has or will have. */
export interface NumberedRow {
  readonly id: number;
  readonly row: HealthRow;
}

/** Slots of dropped rows that are tolerated before the array is copied. */
const SLACK_MAX = 4096;

export class PendingRows {
  readonly #rowsMax: number;
  #rows: HealthRow[] = [];
  /** Index of the oldest row. */
  #head = 0;
  #firstId = 1;
  #dropped = 0;

  constructor(rowsMax: number) {
    invariant(rowsMax > 0, "no room for a single row");
    this.#rowsMax = rowsMax;
  }

  get size(): number {
    return this.#rows.length - this.#head;
  }

  /** Rows lost because there was no room, since start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The id of the oldest row, or of the next one when there is none. */
  get firstId(): number {
    return this.#firstId;
  }

  push(row: HealthRow): void {
    this.#rows.push(row);
    if (this.size <= this.#rowsMax) return;
    this.#dropped++;
    this.remove(1);
  }

  /** Counts rows that could not even be taken. */
  countDropped(): void {
    this.#dropped++;
  }

  /** Moves all rows in time. */
  shift(seconds: number): void {
    if (seconds === 0) return;
    this.#rows = this.#rows.map((row) => ({
      ...row,
      timestamp: unixSeconds(row.timestamp + seconds),
    }));
  }

  /** Forgets the oldest `count` rows: they are on disk. */
  remove(count: number): void {
    invariant(count <= this.size, "more rows removed than there are");
    this.#head += count;
    this.#firstId += count;
    if (this.#head < this.#rows.length && this.#head <= SLACK_MAX) return;
    this.#rows = this.#rows.slice(this.#head);
    this.#head = 0;
  }

  /** Moves the ids above `lastId`, the highest one of the file; never down. */
  numberAfter(lastId: number): void {
    this.#firstId = Math.max(this.#firstId, lastId + 1);
  }

  /** null: not among these rows. */
  find(id: number): HealthRow | null {
    if (id < this.#firstId) return null;
    return this.#rows[this.#head + id - this.#firstId] ?? null;
  }

  /** The oldest `count` rows, oldest first. */
  *oldest(count: number): Generator<NumberedRow> {
    const end = Math.min(this.#head + count, this.#rows.length);
    for (let i = this.#head; i < end; i++) {
      const row = this.#rows[i];
      if (row !== undefined) yield { id: this.#firstId + i - this.#head, row };
    }
  }
}
