/**
 * Counters that only go up: a new table empties the core, and the totals of paths that are still
 * there are put back. A path that lost a target starts at 0, which readers of counters know as a
 * restart; less than before but more than 0 they would take for new probes.
 */

import type { PathConfig, TargetConfig } from "../domain/config.ts";
import { OUTCOME_KINDS } from "../domain/outcome.ts";
import type { Scorer } from "../scoring/scorer.ts";
import type { AppliedPlan } from "./current-plan.ts";

const KINDS = OUTCOME_KINDS.length;

type Totals = ReadonlyMap<string, Float64Array>;

export class KeptTotals {
  readonly #scorer: Scorer;
  #applied: AppliedPlan | null = null;

  constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  /** `apply` gives the core the paths of `next`. */
  across(next: AppliedPlan, apply: () => void): void {
    const kept = this.#applied === null ? [] : this.#read(this.#applied);
    apply();
    this.#write(next, new Map(kept));
    this.#applied = next;
  }

  /** Per path id, the totals of each target. */
  #read(applied: AppliedPlan): (readonly [string, Totals])[] {
    return applied.config.paths.map((path, row) => {
      const first = applied.plan.layouts[row]?.firstSeries ?? 0;
      const ofTarget = (target: TargetConfig, i: number) =>
        [keyOf(target), this.#row(first + i).slice()] as const;
      return [path.id, new Map(path.targets.map(ofTarget))];
    });
  }

  #write(applied: AppliedPlan, kept: ReadonlyMap<string, Totals>): void {
    for (const [row, path] of applied.config.paths.entries()) {
      const totals = kept.get(path.id);
      if (totals === undefined || !hasAll(path, totals)) continue;
      const first = applied.plan.layouts[row]?.firstSeries ?? 0;
      for (const [i, target] of path.targets.entries()) {
        this.#row(first + i).set(totals.get(keyOf(target)) ?? []);
      }
    }
  }

  /** A view of the core's memory. */
  #row(series: number): Float64Array {
    return this.#scorer.series.totals.subarray(series * KINDS, (series + 1) * KINDS);
  }
}

/** What makes two targets of a path different ones, see config/targets.ts. */
function keyOf({ host, probe }: TargetConfig): string {
  return [host.toLowerCase(), probe.type, probe.port, probe.family, probe.dscp].join(" ");
}

function hasAll(path: PathConfig, totals: Totals): boolean {
  const keys = new Set(path.targets.map(keyOf));
  return [...totals.keys()].every((key) => keys.has(key));
}
