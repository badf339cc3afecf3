/**
 * What happened: everything the engine may learn. Time is the argument of `handle`, never in here.
 */

import type { PathIndex } from "../domain/ids.ts";
import type { Instant, Micros } from "../domain/units.ts";

/** What the engine needs to know of a path; the position in the list is the path index. */
export interface EnginePath {
  readonly firstSeries: number;
  readonly seriesCount: number;
  readonly checkInterval: Micros;
  /** Every n-th check is stored; 0: none. */
  readonly persistEvery: number;
  /** Without a resolved probe for this long the path is unknown. */
  readonly staleAfter: Micros;
}

export type Input =
  /** A new probe table: everything known before is forgotten. */
  | { readonly kind: "table"; readonly paths: readonly EnginePath[] }
  /** The cache was updated for the first `count` entries of `paths`. */
  | { readonly kind: "ingested"; readonly paths: Uint32Array; readonly count: number }
  /** The worker's verdict on a path; what the window says of it is in the cache already. */
  | { readonly kind: "verdict"; readonly path: PathIndex; readonly isDown: boolean }
  | { readonly kind: "worker-lost" }
  /** We (or the worker) did not run between these moments: nothing may be concluded from them. */
  | { readonly kind: "stalled"; readonly from: Instant; readonly to: Instant };
