/** Round-trip times as the exposition wants them: a cumulative histogram per path. */

export interface RttRow {
  /** Cumulative, by the bounds of the view. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

/** One probe that stands for its bucket. */
export interface Exemplar {
  readonly seconds: number;
  readonly unixSeconds: number;
  readonly target: string;
}

export interface RttView {
  /** Upper bounds of the buckets, seconds. */
  readonly bounds: readonly number[];
  /** null: nothing was answered yet. */
  row(index: number): RttRow | null;
  /** A probe since it was asked last; null: none. */
  exemplar(index: number): Exemplar | null;
}
