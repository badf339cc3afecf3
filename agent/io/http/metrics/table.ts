/** One probe table, ready to be written again and again: constant octets, layout, row writers. */

import { OUTCOME_KINDS } from "../../../domain/outcome.ts";
import { STATUSES } from "../../../domain/status.ts";
import type { MetricsSource } from "../view.ts";
import type { Cache, CountFamily, PathFamily, ValueFamily } from "./families.ts";
import { outcomeCodes, PATH_FAMILIES, STATES } from "./families.ts";
import { LabelArena } from "./label-arena.ts";
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

export type RowWriter = (cache: Cache, row: number) => void;

export class Table {
  readonly paths: MetricsSource["paths"];
  /** Codes of the statuses during one scrape. */
  readonly status: Uint8Array;
  readonly buffer: LineBuffer;
  readonly writers: readonly { readonly family: PathFamily; readonly write: RowWriter }[];
  /** The most octets one row of one family takes. */
  readonly rowMax: number;
  readonly #arena: LabelArena;
  readonly #firstSeries: Int32Array;
  readonly #seriesCount: Int32Array;

  constructor(paths: MetricsSource["paths"], arena: LabelArena) {
    this.paths = paths;
    this.#arena = arena;
    this.#firstSeries = Int32Array.from(paths, ({ firstSeries }) => firstSeries);
    this.#seriesCount = Int32Array.from(paths, ({ seriesCount }) => seriesCount);
    this.status = new Uint8Array(paths.length);
    this.writers = PATH_FAMILIES.map((family) => ({ family, write: this.#prepare(family) }));
    const lineMax = arena.longest + LINE_REST;
    const lines = PATH_FAMILIES.map(linesPerPath);
    this.rowMax = Math.max(...lines) * lineMax;
    const estimate = OWN_SIZE + paths.length * lines.reduce((sum, count) => sum + count) * lineMax;
    const capacity = Math.max(Math.min(estimate, CHUNK_MAX), 2 * (this.rowMax + HEADER_MAX));
    this.buffer = new LineBuffer(capacity, arena.bytes());
  }

  #prepare(family: PathFamily): RowWriter {
    switch (family.shape) {
      case "value":
        return this.#valueRow(family);
      case "counts":
        return this.#countRow(family);
      case "info":
        return this.#infoRow(family.name);
      case "states":
        return this.#stateRow(family.name);
    }
  }

  #valueRow({ name, read, digits }: ValueFamily): RowWriter {
    const { start, end } = this.#arena.add(name);
    const arena = this.#arena;
    return (cache, row) => {
      if (cache.status[row] === 0) return;
      const value = read(cache, row);
      if (!Number.isFinite(value)) return;
      this.buffer.copy(start, end);
      this.buffer.copy(arena.start(row), arena.closeEnd(row));
      this.buffer.number(value, digits);
    };
  }

  #countRow(family: CountFamily): RowWriter {
    const { start, end } = this.#arena.add(family.name);
    const arena = this.#arena;
    const codes = outcomeCodes(family);
    const tails = family.outcomes.map((kind) => arena.add(`,${family.label}="${kind}"} `));
    return ({ series }, row) => {
      const first = this.#firstSeries[row] ?? 0;
      const last = first + (this.#seriesCount[row] ?? 0);
      for (const [i, tail] of tails.entries()) {
        this.buffer.copy(start, end);
        this.buffer.copy(arena.start(row), arena.idEnd(row));
        this.buffer.copy(tail.start, tail.end);
        this.buffer.number(sumOf(series.totals, first, last, codes[i] ?? 0), 0);
      }
    };
  }

  #infoRow(name: string): RowWriter {
    const { start, end } = this.#arena.add(name);
    const arena = this.#arena;
    return (_cache, row) => {
      this.buffer.copy(start, end);
      this.buffer.copy(arena.start(row), arena.nameEnd(row));
      this.buffer.copy(arena.closeEnd(row), arena.infoEnd(row));
    };
  }

  #stateRow(name: string): RowWriter {
    const { start, end } = this.#arena.add(name);
    const arena = this.#arena;
    const tails = STATES.map((state) => ({
      off: arena.add(`,state="${state}"} 0\n`),
      on: arena.add(`,state="${state}"} 1\n`),
    }));
    return ({ status }, row) => {
      const current = STATE_OF_STATUS[status[row] ?? 0];
      for (const [i, tail] of tails.entries()) {
        const { start: from, end: to } = i === current ? tail.on : tail.off;
        this.buffer.copy(start, end);
        this.buffer.copy(arena.start(row), arena.nameEnd(row));
        this.buffer.copy(from, to);
      }
    };
  }
}

/** Builds a table; pauses (yields) now and then, because a large one takes its time. */
export function* buildTable(source: MetricsSource): Generator<void, Table> {
  const { paths } = source;
  const arena = new LabelArena(paths.length);
  for (const [row, path] of paths.entries()) {
    if (row > 0 && row % ROWS_PER_TURN === 0) yield;
    arena.addPath(row, path);
  }
  return new Table(paths, arena);
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

function sumOf(totals: Float64Array, first: number, last: number, kind: number): number {
  let sum = 0;
  for (let series = first; series < last; series++) {
    sum += totals[series * OUTCOME_KINDS.length + kind] ?? 0;
  }
  return sum;
}
