/**
 * The cache as Prometheus text, in chunks. A small table is one chunk; a large one comes in pieces
 * between which the caller lets the event loop run. Nothing is allocated per path: columns are
 * read, octets are copied. When the table changes between two pieces, the rest of its families is
 * left out: their rows would be other paths.
 */

import { STATUSES } from "../../../domain/status.ts";
import type { MetricsSource } from "../view.ts";
import { familyHeader, STATUS_VALUE } from "./families.ts";
import type { Syntax } from "./negotiation.ts";
import type { RowsWriter, Table } from "./table.ts";
import { buildTable, HEADER_MAX } from "./table.ts";

/** Borrowed: overwritten by whoever renders next, so read or copied at once. */
export type Chunk = Uint8Array<ArrayBuffer>;

const NOTHING: Chunk = new Uint8Array();
/** Some 0.3 ms of looking up. */
const STATUSES_PER_TURN = 2_500;

export class Exposition {
  readonly #source: MetricsSource;
  #table: Table | null = null;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /**
   * `own`: the text of the agent's own metrics. The last chunk is returned, the ones before are
   * yielded; empty ones are pauses only. The shared buffer is empty at every pause, so several
   * scrapes may be under way.
   */
  *render(syntax: Syntax, own: string): Generator<Chunk, Chunk> {
    const table = yield* this.#current();
    const { buffer } = table;
    yield* this.#readStatuses(table);
    for (const { family, write } of table.writers) {
      if (buffer.room < HEADER_MAX + table.rowMax) yield buffer.take();
      if (this.#isOutdated(table)) break;
      buffer.text(familyHeader(family, syntax === "openmetrics"));
      let row = this.#rows(table, write, 0);
      while (row < table.paths.length) {
        yield buffer.take();
        if (this.#isOutdated(table)) break;
        row = this.#rows(table, write, row);
      }
    }
    const last = syntax === "openmetrics" ? `${own}# EOF\n` : own;
    if (buffer.text(last)) return buffer.take();
    yield buffer.take();
    return new TextEncoder().encode(last);
  }

  *#readStatuses(table: Table): Generator<Chunk, void> {
    for (let row = 0; row < table.paths.length; row++) {
      if (row > 0 && row % STATUSES_PER_TURN === 0) yield NOTHING;
      // Its rows are written by nobody any more.
      if (this.#isOutdated(table)) return;
      const code = STATUSES.indexOf(this.#source.status(row));
      table.status[row] = code;
      table.statusValue[row] = STATUS_VALUE[code] ?? Number.NaN;
    }
  }

  *#current(): Generator<Chunk, Table> {
    if (this.#table !== null && !this.#isOutdated(this.#table)) return this.#table;
    const building = buildTable(this.#source);
    for (;;) {
      const step = building.next();
      if (step.done === true) {
        this.#table = step.value;
        return step.value;
      }
      yield NOTHING;
    }
  }

  #isOutdated(table: Table): boolean {
    return table.paths !== this.#source.paths;
  }

  /** Columns may be other ones after a pause, so they are looked up anew. */
  #rows(table: Table, write: RowsWriter, from: number): number {
    const { series, paths } = this.#source.scorer;
    const cache = { series, paths, status: table.status, statusValue: table.statusValue };
    return write(table.buffer, cache, from);
  }
}
