/**
 * The cache as Prometheus text, in chunks. A small table is one chunk; a large one comes in pieces
 * between which the caller lets the event loop run. Nothing is allocated per path: columns are read,
 * octets are copied. When the table changes between two pieces, the rest of its families is left
 * out: their rows would be other paths.
 */

import { OUTCOME_KINDS } from "../../../domain/outcome.ts";
import { STATUSES } from "../../../domain/status.ts";
import type { MetricsSource } from "../view.ts";
import type { Cache, CountFamily, PathFamily, ValueFamily } from "./families.ts";
import { familyHeader, outcomeCodes, PATH_FAMILIES, STATES } from "./families.ts";
import type { Piece } from "./label-arena.ts";
import { LabelArena, stateDigit } from "./label-arena.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { Syntax } from "./negotiation.ts";

export type Chunk = Uint8Array<ArrayBuffer>;

/** About 3,000 lines, written in well under a millisecond. */
export const CHUNK_MAX = 256 * 1024;
/** Room for the metrics of the agent itself. */
const OWN_SIZE = 16 * 1024;
/** Name, value and punctuation of a line beside its labels; a header has more. */
const LINE_REST = 128;
const HEADER_MAX = 512;

const KINDS = OUTCOME_KINDS.length;
const DIGIT_ONE = 49;
/** From the code of a status to its place in STATES. */
const STATE_OF_STATUS = STATUSES.map((status) => STATES.indexOf(status));

type RowWriter = (cache: Cache, row: number) => void;

interface Writer {
  readonly family: PathFamily;
  readonly write: RowWriter;
}

/** One probe table, ready to be written again and again. */
class Table {
  readonly arena: LabelArena;
  readonly buffer: LineBuffer;
  readonly status: Uint8Array;
  readonly writers: readonly Writer[];
  /** The most octets one row of one family takes. */
  readonly rowMax: number;
  readonly paths: MetricsSource["paths"];
  readonly #firstSeries: Int32Array;
  readonly #seriesCount: Int32Array;
  readonly #tail: Piece;

  constructor(source: MetricsSource) {
    const { paths } = source;
    this.paths = paths;
    this.#firstSeries = Int32Array.from(paths, ({ firstSeries }) => firstSeries);
    this.#seriesCount = Int32Array.from(paths, ({ seriesCount }) => seriesCount);
    this.arena = new LabelArena(paths);
    this.#tail = this.arena.add("} ");
    const rowsOf = PATH_FAMILIES.map((family) => this.#prepare(family));
    const { labelsMax, preparedMax } = this.arena;
    const linesMax = Math.max(...PATH_FAMILIES.map(linesPerPath));
    this.rowMax = Math.max(preparedMax, linesMax * (labelsMax + LINE_REST));
    const lines = PATH_FAMILIES.reduce((sum, family) => sum + linesPerPath(family), 0);
    const estimate = OWN_SIZE + paths.length * (lines * (labelsMax + LINE_REST));
    const capacity = Math.max(Math.min(estimate, CHUNK_MAX), 2 * (this.rowMax + HEADER_MAX));
    this.buffer = new LineBuffer(capacity, this.arena.bytes);
    this.status = new Uint8Array(paths.length);
    this.writers = PATH_FAMILIES.map((family, i) => ({ family, write: rowsOf[i] ?? (() => {}) }));
  }

  #prepare(family: PathFamily): RowWriter {
    switch (family.shape) {
      case "value":
        return this.#valueRow(family);
      case "counts":
        return this.#countRow(family);
      case "info":
        return this.#infoRow(this.arena.add(family.name));
      case "states":
        return (cache, row) => this.#stateRow(cache, row);
    }
  }

  #valueRow({ name, read, digits }: ValueFamily): RowWriter {
    const piece = this.arena.add(name);
    return (cache, row) => {
      if (cache.status[row] === 0) return;
      const value = read(cache, row);
      if (!Number.isFinite(value)) return;
      const { arena, buffer } = this;
      buffer.copy(piece.start, piece.end);
      buffer.copy(arena.start(row), arena.namesEnd(row));
      buffer.copy(this.#tail.start, this.#tail.end);
      buffer.number(value, digits);
    };
  }

  #countRow(family: CountFamily): RowWriter {
    const piece = this.arena.add(family.name);
    const codes = outcomeCodes(family);
    const tails = family.outcomes.map((kind) => this.arena.add(`,${family.label}="${kind}"} `));
    return ({ series }, row) => {
      const { arena, buffer } = this;
      const first = this.#firstSeries[row] ?? 0;
      const end = first + (this.#seriesCount[row] ?? 0);
      for (let i = 0; i < codes.length; i++) {
        const tail = tails[i] ?? this.#tail;
        buffer.copy(piece.start, piece.end);
        buffer.copy(arena.start(row), arena.idEnd(row));
        buffer.copy(tail.start, tail.end);
        buffer.number(sumOf(series.totals, first, end, codes[i] ?? 0), 0);
      }
    };
  }

  #infoRow(name: Piece): RowWriter {
    return (_cache, row) => {
      this.buffer.copy(name.start, name.end);
      this.buffer.copy(this.arena.start(row), this.arena.infoEnd(row));
    };
  }

  #stateRow(cache: Cache, row: number): void {
    const { arena, buffer } = this;
    buffer.copy(arena.infoEnd(row), arena.statesEnd(row));
    const state = STATE_OF_STATUS[cache.status[row] ?? 0] ?? 0;
    buffer.patch(stateDigit(arena, row, state), DIGIT_ONE);
  }
}

export class Exposition {
  readonly #source: MetricsSource;
  #table: Table;

  constructor(source: MetricsSource) {
    this.#source = source;
    this.#table = new Table(source);
  }

  /** `own`: the text of the agent's own metrics. The buffer is empty between two chunks. */
  *render(syntax: Syntax, own: string): Generator<Chunk, void> {
    if (this.#isOutdated(this.#table)) this.#table = new Table(this.#source);
    const table = this.#table;
    const { buffer } = table;
    const pathCount = table.paths.length;
    for (let row = 0; row < pathCount; row++) {
      table.status[row] = STATUSES.indexOf(this.#source.status(row));
    }
    for (const { family, write } of table.writers) {
      if (buffer.room < HEADER_MAX + table.rowMax) yield buffer.take();
      if (this.#isOutdated(table)) break;
      buffer.text(familyHeader(family, syntax === "openmetrics"));
      let row = this.#rows(table, write, 0);
      while (row < pathCount) {
        yield buffer.take();
        if (this.#isOutdated(table)) break;
        row = this.#rows(table, write, row);
      }
    }
    yield* tail(buffer, syntax === "openmetrics" ? `${own}# EOF\n` : own);
  }

  #isOutdated(table: Table): boolean {
    return table.paths !== this.#source.paths;
  }

  /** Writes rows while they fit; answers with the first that did not. */
  #rows(table: Table, write: RowWriter, from: number): number {
    const { scorer } = this.#source;
    const cache = { series: scorer.series, paths: scorer.paths, status: table.status };
    let row = from;
    for (; row < table.paths.length && table.buffer.room >= table.rowMax; row++) write(cache, row);
    return row;
  }
}

function* tail(buffer: LineBuffer, text: string): Generator<Chunk, void> {
  if (buffer.text(text)) {
    yield buffer.take();
    return;
  }
  yield buffer.take();
  yield new TextEncoder().encode(text);
}

function linesPerPath(family: PathFamily): number {
  return family.shape === "counts" ? family.outcomes.length : 1;
}

function sumOf(totals: Float64Array, first: number, end: number, kind: number): number {
  let sum = 0;
  for (let series = first; series < end; series++) {
    sum += totals[series * KINDS + kind] ?? 0;
  }
  return sum;
}
