/**
 * The health cache as the rest of the program sees it. The WASM core owns the memory; the columns
 * are views of it, so a read is one typed-array load. Views are replaced when the core's memory
 * grows (only in `configure`): hold the scorer, not a column.
 */

import type { Thresholds, Weights } from "../domain/config.ts";
import type { PathIndex, SeriesIndex } from "../domain/ids.ts";

/** What one path asks of the core. Its series are contiguous from `firstSeries`. */
export interface PathLayout {
  readonly firstSeries: number;
  readonly seriesCount: number;
  /** k: the k-th best series with enough samples gives the path's score. */
  readonly reliability: number;
  readonly windowProbes: number;
  readonly minSamples: number;
  readonly thresholds: Thresholds;
  readonly weights: Weights;
}

/** Struct-of-arrays results per series. NaN where a value does not exist. Times are ms. */
export interface SeriesColumns {
  readonly score: Float64Array;
  readonly composite: Float64Array;
  readonly latencyMs: Float64Array;
  readonly minMs: Float64Array;
  readonly maxMs: Float64Array;
  readonly stddevMs: Float64Array;
  readonly p50Ms: Float64Array;
  readonly p95Ms: Float64Array;
  readonly p99Ms: Float64Array;
  readonly lossPct: Float64Array;
  /** Mean |RTT_i - RTT_(i-1)| over consecutive replied sequence numbers. */
  readonly jitterMs: Float64Array;
  /** RFC 3550 smoothed. */
  readonly jitterRfc3550Ms: Float64Array;
  /** p99 - min (RFC 5481 PDV). */
  readonly pdvMs: Float64Array;
  readonly mos: Float64Array;
  /** Status code, see domain/status.ts; 0 below min_samples. */
  readonly status: Uint8Array;
  readonly limiting: Uint8Array;
  /** Resolved outcomes in the window. */
  readonly samples: Uint32Array;
  /** Monotonic us of the newest resolved probe's send; NaN before the first. */
  readonly lastSentUs: Float64Array;
  /** Totals since configure, one row of OUTCOME_KINDS.length per series: series * kinds + kind. */
  readonly totals: Float64Array;
}

/** The scheduled probes of a path since its tally was last taken. */
export interface PathTally {
  /** Resolved ones. */
  readonly probes: number;
  /** Those of them without a reply. */
  readonly lost: number;
  /** Over replies with a latency; null: there is none. */
  readonly rtt: {
    readonly sumUs: number;
    readonly minUs: number;
    readonly maxUs: number;
    /** See scoring/histogram.ts; a copy. */
    readonly histogram: Uint8Array;
  } | null;
}

/** Results per path. */
export interface PathColumns {
  readonly score: Float64Array;
  readonly status: Uint8Array;
  readonly limiting: Uint8Array;
  /** The series whose statistics speak for the path (k-th best); -1 while none has samples. */
  readonly chosen: Int32Array;
}

export interface Scorer {
  /** Forgets everything and lays out memory for these paths. */
  configure(paths: readonly PathLayout[]): void;
  /**
   * Copies outcome records (wire/frame.ts, 32 octets each) into the core and rescores what they
   * touched. Returns the number of paths touched, listed in `touchedPaths`.
   * Records with a series out of range or a non-finite RTT are counted in `rejected`, not applied.
   */
  ingest(records: Uint8Array): number;
  /** The first `n` entries are valid after ingest returned n. */
  readonly touchedPaths: Uint32Array;
  readonly rejected: number;
  /** Empties the windows of a path (totals stay): after an address change or a voided span. */
  resetPath(path: PathIndex): void;
  /** While true the path's score is 0 and its status down, whatever the window says. */
  setHardDown(path: PathIndex, down: boolean): void;
  /** While true the path's score is 50 and its status degraded: a verdict that is held. */
  setBlocked(path: PathIndex, blocked: boolean): void;
  /** While true the series is none of its path's targets. `configure` forgets it. */
  setExcluded(series: SeriesIndex, excluded: boolean): void;
  /** What the history has not seen yet; it begins anew. `configure` forgets what is not taken. */
  takeTally(path: PathIndex): PathTally;
  readonly series: SeriesColumns;
  readonly paths: PathColumns;
  readonly pathCount: number;
  readonly seriesCount: number;
}

/** Reads of one path through its chosen series; NaN when there is none. */
export function pathMetric(
  scorer: Scorer,
  path: PathIndex,
  column: (series: SeriesColumns) => Float64Array,
): number {
  const chosen = scorer.paths.chosen[path] ?? -1;
  return chosen < 0 ? Number.NaN : (column(scorer.series)[chosen] ?? Number.NaN);
}

export function chosenSeries(scorer: Scorer, path: PathIndex): SeriesIndex | null {
  const chosen = scorer.paths.chosen[path] ?? -1;
  return chosen < 0 ? null : (chosen as SeriesIndex);
}
