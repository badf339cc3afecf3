/** Rollups of one path as one: sums add up, extremes win, histograms merge. */

import { invariant } from "../domain/invariant.ts";
import type { Rollup } from "../domain/rollup.ts";
import type { UnixSeconds } from "../domain/units.ts";
import type { Histogram } from "./histogram.ts";
import { decodeHistogram, encodeHistogram, mergeHistograms } from "./histogram.ts";

/** At least one part; `end` is the end of the result. */
export function mergeRollups(parts: readonly Rollup[], end: UnixSeconds): Rollup {
  const first = parts[0];
  invariant(first !== undefined, "a rollup of nothing");
  if (parts.length === 1) return { ...first, end };
  const sum = (of: (part: Rollup) => number) => parts.reduce((total, part) => total + of(part), 0);
  const least = (of: (part: Rollup) => number | null) => extreme(parts.map(of), Math.min);
  const most = (of: (part: Rollup) => number | null) => extreme(parts.map(of), Math.max);
  return {
    path_id: first.path_id,
    end,
    probes: sum((part) => part.probes),
    lost: sum((part) => part.lost),
    up_s: sum((part) => part.up_s),
    degraded_s: sum((part) => part.degraded_s),
    down_s: sum((part) => part.down_s),
    maint_s: sum((part) => part.maint_s),
    rtt_sum_us: sum((part) => part.rtt_sum_us),
    rtt_min_us: least((part) => part.rtt_min_us),
    rtt_max_us: most((part) => part.rtt_max_us),
    jitter_sum_us: sum((part) => part.jitter_sum_us),
    jitter_max_us: most((part) => part.jitter_max_us),
    loss_max_bp: most((part) => part.loss_max_bp) ?? 0,
    score_sum_c: sum((part) => part.score_sum_c),
    score_min_c: least((part) => part.score_min_c),
    checks: sum((part) => part.checks),
    rtt_hist: mergeBlobs(parts.map((part) => part.rtt_hist)),
  };
}

/** null: none of them is one. */
export function mergeBlobs(blobs: readonly (Uint8Array | null)[]): Uint8Array | null {
  const present = blobs.filter((blob) => blob !== null);
  if (present.length <= 1) return present[0] ?? null;
  const parts = decodeAll(present);
  return parts.length === 0 ? null : encodeHistogram(mergeHistograms(parts));
}

/** What does not decode (a damaged row) is left out: a quantile of the rest beats none. */
export function decodeAll(blobs: readonly (Uint8Array | null)[]): Histogram[] {
  return blobs.flatMap((blob) => {
    const histogram = blob === null ? null : decodeHistogram(blob);
    return histogram === null ? [] : [histogram];
  });
}

function extreme(
  values: readonly (number | null)[],
  choose: (a: number, b: number) => number,
): number | null {
  return values.reduce((best, value) => {
    if (best === null || value === null) return best ?? value;
    return choose(best, value);
  }, null);
}
