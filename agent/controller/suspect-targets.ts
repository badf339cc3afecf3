/**
 * Targets that the worker blames instead of their paths (routing rules 15 and 16). While they are
 * suspect they leave k of M: the score of a path is that of its other targets, unknown without any.
 */

import type { PathIndex } from "../domain/ids.ts";
import { pathIndex, seriesIndex } from "../domain/ids.ts";
import type { AuditRecord } from "../engine/failover/effect.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { VERDICT } from "../wire/verdict.ts";
import type { ProbePlan } from "./probe-table.ts";

export class SuspectTargets {
  readonly #scorer: Scorer;
  readonly #suspects = new Set<number>();
  #plan: ProbePlan | null = null;

  constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  has(series: number): boolean {
    return this.#suspects.has(series);
  }

  /** A new table; `isNewLayout`: the core forgot what was excluded. */
  begin(plan: ProbePlan, isNewLayout: boolean): void {
    if (isNewLayout) this.#suspects.clear();
    else this.clear();
    this.#plan = plan;
  }

  /** The worker that said so is gone. */
  clear(): void {
    for (const series of this.#suspects) this.#scorer.setExcluded(seriesIndex(series), false);
    this.#suspects.clear();
  }

  /** The path whose score may be another now; null: nothing changed. */
  take(kind: number, series: number): PathIndex | null {
    if (kind !== VERDICT.targetSuspect && kind !== VERDICT.targetCleared) return null;
    const path = this.#plan?.series[series]?.path;
    const isSuspect = kind === VERDICT.targetSuspect;
    if (path === undefined || isSuspect === this.#suspects.has(series)) return null;
    if (isSuspect) this.#suspects.add(series);
    else this.#suspects.delete(series);
    this.#scorer.setExcluded(seriesIndex(series), isSuspect);
    return pathIndex(path);
  }
}

/** For the audit: one record for all paths that ask the same target. */
export class SuspicionNotes {
  readonly #series = new Map<string, number>();

  /** null: it is noted already, or not all of its paths are cleared yet. */
  note(host: string, isSuspect: boolean): AuditRecord | null {
    const before = this.#series.get(host) ?? 0;
    const count = Math.max(0, before + (isSuspect ? 1 : -1));
    this.#series.set(host, count);
    if ((before === 0) === (count === 0)) return null;
    return {
      action: isSuspect ? "target suspect" : "target cleared",
      author: "agent",
      reason: "",
      policy: null,
      path: null,
      outcome: "noted",
      detail: isSuspect
        ? `${host} is silent on all paths that ask it while other targets answer`
        : `${host} answers again`,
    };
  }

  /** Who said so is gone. */
  forget(): void {
    this.#series.clear();
  }
}
