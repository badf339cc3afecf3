/** The Journal in memory: rows are "stored" by flush() unless a test says that the disk fails. */

import type {
  BackupEnd,
  HistoryPage,
  HistoryQuery,
  Journal,
  RollupQuery,
  RollupSpan,
  StoreState,
} from "../../agent/controller/ports.ts";
import type { HealthRow } from "../../agent/domain/path-health.ts";
import type { Rollup } from "../../agent/domain/rollup.ts";

export class FakeJournal implements Journal {
  state: StoreState = { kind: "ok" };
  closed = false;
  flushes = 0;
  readonly stored: HealthRow[] = [];
  readonly unwritten: HealthRow[] = [];
  readonly buckets: Rollup[] = [];

  get pending(): number {
    return this.unwritten.length;
  }

  readonly dropped = 0;
  readonly size = { octets: null, wal_octets: null };

  recordCheck(row: HealthRow): void {
    this.unwritten.push(row);
  }

  recordRollup(row: Rollup): void {
    this.buckets.push(row);
  }

  readonly shifts: number[] = [];
  /** What was said of the time: guessed, known. */
  readonly times: string[] = [];

  guessTimes(): void {
    this.times.push("guessed");
  }

  correctGuess(): void {
    this.times.push("known");
  }

  shiftPending(seconds: number): void {
    this.shifts.push(seconds);
  }

  flush(): void {
    this.flushes++;
    if (this.state.kind === "ok") this.stored.push(...this.unwritten.splice(0));
  }

  /** Ids are places in the order of recording; the cursor is the id of the last row of a page. */
  history(query: HistoryQuery): HistoryPage {
    const rows = [...this.stored, ...this.unwritten]
      .map((row, i) => ({ id: i + 1, row }))
      .filter(({ id, row }) => row.path_id === query.path && id > (query.cursor ?? 0))
      .filter(({ row }) => row.timestamp >= query.from && row.timestamp <= query.to);
    const page = rows.slice(0, query.limit);
    return {
      rows: page.map(({ id, row }) => ({
        ...row,
        health_id: id <= this.stored.length ? id : null,
      })),
      next_cursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
    };
  }

  rollups({ path, from, to }: RollupQuery): RollupSpan {
    const rows = this.buckets.filter(
      (row) => row.path_id === path && row.end > from && row.end <= to,
    );
    return { from, to, tiers: rows.length > 0 ? ["5m"] : [], rows };
  }

  async backup(): Promise<BackupEnd> {
    return { kind: "done", path: "/state/patronus.db.backup-1", octets: 4_096 };
  }

  close(): void {
    this.flush();
    this.closed = true;
  }
}
