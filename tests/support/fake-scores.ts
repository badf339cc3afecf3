/** A cache without a core: typed arrays that a test fills by hand. */

import { OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import type { PathColumns, SeriesColumns } from "../../agent/scoring/scorer.ts";

export class FakeScores {
  readonly series: SeriesColumns;
  readonly paths: PathColumns;

  constructor(paths: number, series: number) {
    const absent = () => new Float64Array(series).fill(Number.NaN);
    this.series = {
      score: absent(),
      composite: absent(),
      latencyMs: absent(),
      minMs: absent(),
      maxMs: absent(),
      stddevMs: absent(),
      p50Ms: absent(),
      p95Ms: absent(),
      p99Ms: absent(),
      lossPct: absent(),
      jitterMs: absent(),
      jitterRfc3550Ms: absent(),
      pdvMs: absent(),
      mos: absent(),
      status: new Uint8Array(series),
      limiting: new Uint8Array(series),
      samples: new Uint32Array(series),
      lastSentUs: absent(),
      totals: new Float64Array(series * OUTCOME_KINDS.length),
    };
    this.paths = {
      score: new Float64Array(paths).fill(Number.NaN),
      status: new Uint8Array(paths),
      limiting: new Uint8Array(paths),
      chosen: new Int32Array(paths).fill(-1),
    };
  }

  /** A resolved probe of path `row` (whose only series has the same row), sent at `sentUs`. */
  result(row: number, status: number, sentUs: number): void {
    this.series.lastSentUs[row] = sentUs;
    this.paths.status[row] = status;
    this.paths.chosen[row] = status === 0 ? -1 : row;
  }
}
