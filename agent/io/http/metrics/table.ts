/** One probe table, ready to be written again and again: constant octets, layout, row writers. */

import { OUTCOME, OUTCOME_KINDS } from "../../../domain/outcome.ts";
import { STATUSES } from "../../../domain/status.ts";
import type { MetricsSource } from "../view.ts";
import type { Cache, CountFamily, PathFamily, ValueFamily } from "./families.ts";
import { PATH_FAMILIES, STATES } from "./families.ts";
import { LabelArena, MARK, MARKS } from "./label-arena.ts";
import { LineBuffer } from "./line-buffer.ts";

/** About 3,000 lines, written in well under a millisecond. */
export const CHUNK_MAX = 256 * 1024;
/** A header is at most this long. */
export const HEADER_MAX = 512;
/** Room for the metrics of the agent itself. */
const OWN_SIZE = 16 * 1024;
/** Name, value and punctuation of a line beside its labels. */
const LINE_REST = 128;
/** Rows whose labels are made between two turns of the event loop. */
const ROWS_PER_TURN = 1_000;
/** From the code of a status to its place in STATES. */
const STATE_OF_STATUS = STATUSES.map((status) => STATES.indexOf(status));

/**
 * Writes rows from `from` on while they fit; answers with the first that did not. The loop is inside,
 * one per shape of family, so that each is compiled for what it does.
 */
export type RowsWriter = (out: LineBuffer, cache: Cache, from: number) => number;

/** What is known of every path: its labels, and where its series lie. */
interface Rows {
  readonly arena: LabelArena;
  readonly firstSeries: Int32Array;
  readonly endSeries: Int32Array;
}

export class Table {
  readonly paths: MetricsSource["paths"];
  /** The statuses during one scrape: codes, and as numbers. */
  readonly status: Uint8Array;
  readonly statusValue: Float64Array;
  readonly buffer: LineBuffer;
  readonly writers: readonly { readonly family: PathFamily; readonly write: RowsWriter }[];
  /** The most octets one row of one family takes. */
  readonly rowMax: number;
  readonly #arena: LabelArena;
  readonly #firstSeries: Int32Array;
  readonly #endSeries: Int32Array;

  constructor(paths: MetricsSource["paths"], { arena, firstSeries, endSeries }: Rows) {
    this.paths = paths;
    this.#arena = arena;
    this.#firstSeries = firstSeries;
    this.#endSeries = endSeries;
    this.status = new Uint8Array(paths.length);
    this.statusValue = new Float64Array(paths.length);
    const lineMax = arena.longest + LINE_REST;
    const lines = PATH_FAMILIES.map(linesPerPath);
    this.rowMax = Math.max(...lines) * lineMax;
    this.writers = PATH_FAMILIES.map((family) => ({ family, write: this.#prepare(family) }));
    const estimate = OWN_SIZE + paths.length * lines.reduce((sum, count) => sum + count) * lineMax;
    const capacity = Math.max(Math.min(estimate, CHUNK_MAX), 2 * (this.rowMax + HEADER_MAX));
    this.buffer = new LineBuffer(capacity, arena.bytes());
  }

  #prepare(family: PathFamily): RowsWriter {
    switch (family.shape) {
      case "value":
        return this.#valueRows(family);
      case "counts":
        return this.#countRows(family);
      case "info":
        return this.#infoRows(family.name);
      case "states":
        return this.#stateRows(family.name);
    }
  }

  #valueRows({ name, column, by, factor, digits }: ValueFamily): RowsWriter {
    const { start, end } = this.#arena.add(`${name}{`);
    const { rowMax } = this;
    const { marks } = this.#arena;
    const count = this.paths.length;
    const scale = factor * 10 ** digits;
    return (out, cache, from) => {
      const values = column(cache);
      const { status } = cache;
      const { chosen } = cache.paths;
      let row = from;
      for (; row < count && out.room >= rowMax; row++) {
        const index = by === "path" ? row : (chosen[row] ?? -1);
        if (status[row] === 0 || index < 0) continue;
        const value = (values[index] ?? Number.NaN) * scale;
        if (!Number.isFinite(value)) continue;
        const at = row * MARKS;
        out.copy(start, end);
        out.copy(marks[at + MARK.start] ?? 0, marks[at + MARK.closeEnd] ?? 0);
        out.number(value, digits);
      }
      return row;
    };
  }

  #countRows({ name, label, outcomes }: CountFamily): RowsWriter {
    const heads = this.#heads(outcomes.map((kind) => `${name}{${label}="${kind}",`));
    const codes = outcomes.map((kind) => OUTCOME[kind]);
    const { rowMax } = this;
    const { marks } = this.#arena;
    const count = this.paths.length;
    return (out, { series }, from) => {
      let row = from;
      for (; row < count && out.room >= rowMax; row++) {
        const start = marks[row * MARKS + MARK.start] ?? 0;
        const idEnd = marks[row * MARKS + MARK.idEnd] ?? 0;
        for (let i = 0; i < codes.length; i++) {
          out.copy(heads[2 * i] ?? 0, heads[2 * i + 1] ?? 0);
          out.copy(start, idEnd);
          out.close();
          out.number(this.#total(series.totals, row, codes[i] ?? 0), 0);
        }
      }
      return row;
    };
  }

  #infoRows(name: string): RowsWriter {
    const { start, end } = this.#arena.add(`${name}{`);
    const { rowMax } = this;
    const { marks } = this.#arena;
    const count = this.paths.length;
    return (out, _cache, from) => {
      let row = from;
      for (; row < count && out.room >= rowMax; row++) {
        const at = row * MARKS;
        out.copy(start, end);
        out.copy(marks[at + MARK.start] ?? 0, marks[at + MARK.nameEnd] ?? 0);
        out.copy(marks[at + MARK.closeEnd] ?? 0, marks[at + MARK.infoEnd] ?? 0);
        out.number(1, 0);
      }
      return row;
    };
  }

  #stateRows(name: string): RowsWriter {
    const heads = this.#heads(STATES.map((state) => `${name}{state="${state}",`));
    const { rowMax } = this;
    const { marks } = this.#arena;
    const count = this.paths.length;
    return (out, { status }, from) => {
      let row = from;
      for (; row < count && out.room >= rowMax; row++) {
        const start = marks[row * MARKS + MARK.start] ?? 0;
        const closeEnd = marks[row * MARKS + MARK.closeEnd] ?? 0;
        const current = STATE_OF_STATUS[status[row] ?? 0];
        for (let i = 0; i < STATES.length; i++) {
          out.copy(heads[2 * i] ?? 0, heads[2 * i + 1] ?? 0);
          out.copy(start, closeEnd);
          out.number(i === current ? 1 : 0, 0);
        }
      }
      return row;
    };
  }

  /** Start and end of each text, in turn. */
  #heads(texts: readonly string[]): Int32Array {
    const pieces = texts.map((text) => this.#arena.add(text));
    return Int32Array.from(pieces.flatMap(({ start, end }) => [start, end]));
  }

  /** Probes of a kind over all series of a path. */
  #total(totals: Float64Array, row: number, kind: number): number {
    const end = this.#endSeries[row] ?? 0;
    let sum = 0;
    for (let series = this.#firstSeries[row] ?? 0; series < end; series++) {
      sum += totals[series * OUTCOME_KINDS.length + kind] ?? 0;
    }
    return sum;
  }
}

/** Builds a table; pauses (yields) now and then, because a large one takes its time. */
export function* buildTable(source: MetricsSource): Generator<void, Table> {
  const { paths } = source;
  const arena = new LabelArena(paths.length);
  const firstSeries = new Int32Array(paths.length);
  const endSeries = new Int32Array(paths.length);
  for (const [row, path] of paths.entries()) {
    if (row > 0 && row % ROWS_PER_TURN === 0) yield;
    arena.addPath(row, path);
    firstSeries[row] = path.firstSeries;
    endSeries[row] = path.firstSeries + path.seriesCount;
  }
  if (paths.length > ROWS_PER_TURN) yield;
  return new Table(paths, { arena, firstSeries, endSeries });
}

function linesPerPath(family: PathFamily): number {
  switch (family.shape) {
    case "counts":
      return family.outcomes.length;
    case "states":
      return STATES.length;
    case "value":
    case "info":
      return 1;
  }
}
