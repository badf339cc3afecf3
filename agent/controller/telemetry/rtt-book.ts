/**
 * The core hands out each path's tally once; the history and the cumulative histograms of telemetry
 * both want it. This stands between: what one of them takes is kept for the other. Closed, it only
 * passes on.
 */

import type { PathIndex } from "../../domain/ids.ts";
import { pathIndex } from "../../domain/ids.ts";
import type { Histogram } from "../../scoring/histogram.ts";
import {
  decodeHistogram,
  EMPTY_HISTOGRAM,
  encodeHistogram,
  mergeHistograms,
  totalOf,
} from "../../scoring/histogram.ts";
import type { PathTally, Scorer } from "../../scoring/scorer.ts";
import type { RttTotals } from "./ports.ts";

const US_PER_S = 1_000_000;

interface Row {
  readonly id: string;
  totals: RttTotals | null;
  /** Taken for the totals, and not yet by the history. */
  untaken: PathTally | null;
}

export class RttBook implements Pick<Scorer, "takeTally" | "pathCount"> {
  readonly #scorer: Pick<Scorer, "takeTally" | "pathCount">;
  #rows: Row[] = [];
  #isOpen = false;

  constructor(scorer: Pick<Scorer, "takeTally" | "pathCount">) {
    this.#scorer = scorer;
  }

  /** From now on totals are kept. */
  open(): void {
    this.#isOpen = true;
  }

  get pathCount(): number {
    return this.#scorer.pathCount;
  }

  /** For the history. */
  takeTally(path: PathIndex): PathTally {
    const fresh = this.#scorer.takeTally(path);
    const row = this.#isOpen ? this.#rows[path] : undefined;
    if (row === undefined) return fresh;
    row.totals = grown(row.totals, fresh);
    const before = row.untaken;
    row.untaken = null;
    return before === null ? fresh : joined(before, fresh);
  }

  /** For telemetry. null: nothing was answered yet. */
  totals(index: number): RttTotals | null {
    const row = this.#rows[index];
    if (!this.#isOpen || row === undefined || index >= this.pathCount) return null;
    const fresh = this.#scorer.takeTally(pathIndex(index));
    row.totals = grown(row.totals, fresh);
    row.untaken = row.untaken === null ? fresh : joined(row.untaken, fresh);
    return row.totals;
  }

  /** Around the change to another table, which makes the core forget: paths that stay go on. */
  across(ids: readonly string[], change: () => void): void {
    for (const index of this.#rows.keys()) this.totals(index);
    const kept = new Map(this.#rows.map(({ id, totals }) => [id, totals]));
    change();
    this.#rows = ids.map((id) => ({ id, totals: kept.get(id) ?? null, untaken: null }));
  }
}

function grown(totals: RttTotals | null, { rtt }: PathTally): RttTotals | null {
  const fresh = rtt === null ? null : decodeHistogram(rtt.histogram);
  if (rtt === null || fresh === null) return totals;
  const parts: Histogram[] = totals === null ? [fresh] : [totals.histogram, fresh];
  const histogram = mergeHistograms(parts);
  return {
    count: totalOf(histogram),
    sumSeconds: (totals?.sumSeconds ?? 0) + rtt.sumUs / US_PER_S,
    minSeconds: Math.min(totals?.minSeconds ?? Infinity, rtt.minUs / US_PER_S),
    maxSeconds: Math.max(totals?.maxSeconds ?? 0, rtt.maxUs / US_PER_S),
    histogram,
  };
}

function joined(first: PathTally, second: PathTally): PathTally {
  return {
    probes: first.probes + second.probes,
    lost: first.lost + second.lost,
    rtt: joinedRtt(first.rtt, second.rtt),
  };
}

function joinedRtt(a: PathTally["rtt"], b: PathTally["rtt"]): PathTally["rtt"] {
  if (a === null || b === null) return a ?? b;
  const parts = [a, b].map((rtt) => decodeHistogram(rtt.histogram) ?? EMPTY_HISTOGRAM);
  return {
    sumUs: a.sumUs + b.sumUs,
    minUs: Math.min(a.minUs, b.minUs),
    maxUs: Math.max(a.maxUs, b.maxUs),
    histogram: encodeHistogram(mergeHistograms(parts)),
  };
}
