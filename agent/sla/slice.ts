/**
 * A bucket as the contract sees it: how long the path was watched, how long it was down, and how
 * much of that fell into maintenance and is forgiven. Maintenance forgives down time and leaves the
 * agreed time as it is, so announcing it can only raise availability. Within a bucket that it
 * covers in part, down time is taken to lie in it first.
 */

import type { Rollup } from "../domain/rollup.ts";
import type { MaintenanceSpan } from "../domain/sla.ts";

export interface Slice {
  readonly from: number;
  readonly to: number;
  readonly observed_s: number;
  /** Down and not forgiven. */
  readonly bad_s: number;
  /** Down in maintenance. */
  readonly excused_s: number;
  /** For latency, loss and jitter; null: in maintenance, at least in part. */
  readonly quality: Rollup | null;
  /** Of the bucket, whatever became of it. */
  readonly lossPct: number | null;
}

type Span = Pick<MaintenanceSpan, "from" | "to">;

export function sliceOf(row: Rollup, lengthSecs: number, maintenance: readonly Span[]): Slice {
  const to = row.end;
  const from = to - lengthSecs;
  const observed = Math.min(lengthSecs, row.up_s + row.degraded_s + row.down_s);
  const down = Math.min(observed, row.down_s);
  const covered = coveredSecs({ from, to }, maintenance);
  const excused = Math.min(down, covered);
  return {
    from,
    to,
    observed_s: observed,
    bad_s: down - excused,
    excused_s: excused,
    quality: covered > 0 ? null : row,
    lossPct: row.probes === 0 ? null : (100 * row.lost) / row.probes,
  };
}

/** Seconds of a span that at least one of the others covers. */
export function coveredSecs(
  { from, to }: { readonly from: number; readonly to: number },
  spans: readonly Span[],
): number {
  let covered = 0;
  let reached = from;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const start = Math.max(reached, span.from);
    const end = Math.min(to, span.to ?? Infinity);
    if (end > start) {
      covered += end - start;
      reached = end;
    }
  }
  return covered;
}

export interface Moment {
  readonly from: number;
  readonly to: number;
}

/**
 * A policy is down for at most as long as the path of its paths that was down least: traffic had
 * somewhere to go. `active` names the path whose quality traffic got; null: nobody knows.
 */
export function policySlices(
  byPath: ReadonlyMap<string, readonly Slice[]>,
  active: (moment: Moment) => string | null,
): Slice[] {
  const moments = new Map<string, Map<string, Slice>>();
  for (const [path, slices] of byPath) {
    for (const slice of slices) {
      const key = `${slice.from} ${slice.to}`;
      const group = moments.get(key) ?? new Map<string, Slice>();
      group.set(path, slice);
      moments.set(key, group);
    }
  }
  return [...moments.values()]
    .map((group) => combine(group, active))
    .sort((a, b) => a.from - b.from);
}

function combine(
  group: ReadonlyMap<string, Slice>,
  active: (moment: Moment) => string | null,
): Slice {
  const all = [...group.values()];
  const best = all.reduce((a, b) => (b.bad_s + b.excused_s < a.bad_s + a.excused_s ? b : a));
  const { from, to } = best;
  const bad = Math.min(...all.map((one) => one.bad_s));
  const down = Math.min(...all.map((one) => one.bad_s + one.excused_s));
  const used = group.get(active({ from, to }) ?? "") ?? best;
  return {
    from,
    to,
    observed_s: Math.max(...all.map((one) => one.observed_s)),
    bad_s: bad,
    excused_s: Math.max(0, down - bad),
    quality: used.quality,
    lossPct: best.lossPct,
  };
}
