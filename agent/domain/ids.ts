/**
 * Identity inside one run of the agent. Paths have a stable string id (the operator's) and a dense
 * index (ours): the index is the row of the cache, of the probe table and of every frame.
 */

/** The operator's name of a path, as in the configuration and on every surface. */
export type PathId = string & { readonly brand: "path-id" };
/** Row of a path in the cache, 0..n-1 in configuration order; valid for one table epoch. */
export type PathIndex = number & { readonly brand: "path-index" };
/** Row of a series (path x target); a path's series are contiguous. */
export type SeriesIndex = number & { readonly brand: "series-index" };

export function pathId(text: string): PathId {
  return text as PathId;
}

export function pathIndex(row: number): PathIndex {
  return row as PathIndex;
}

export function seriesIndex(row: number): SeriesIndex {
  return row as SeriesIndex;
}
