/** The standing of every path of one policy in one family. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import type { PathCondition } from "./input.ts";
import type { PersistedStanding, Sample } from "./standing.ts";
import { PathStanding } from "./standing.ts";

export type PersistedStandings = readonly (PersistedStanding & { readonly path: PathId })[];

export class Standings {
  #policy: PolicyConfig;
  readonly #ofPath = new Map<PathId, PathStanding>();

  constructor(policy: PolicyConfig) {
    this.#policy = policy;
  }

  of(path: PathId): PathStanding {
    const known = this.#ofPath.get(path);
    if (known !== undefined) return known;
    const standing = new PathStanding(this.#policy);
    this.#ofPath.set(path, standing);
    return standing;
  }

  /** Takes over new thresholds; paths that are no longer there are forgotten. */
  adjust(policy: PolicyConfig, paths: readonly PathId[], now: Instant): void {
    this.#policy = policy;
    for (const [path, standing] of this.#ofPath) {
      if (paths.includes(path)) standing.adjust(policy, now);
      else this.#ofPath.delete(path);
    }
  }

  voidStreaks(now: Instant): void {
    for (const standing of this.#ofPath.values()) standing.voidStreak(now);
  }

  persisted(now: Instant): PersistedStandings {
    return [...this.#ofPath].map(([path, standing]) => ({ path, ...standing.persisted(now) }));
  }

  restore(states: PersistedStandings, elapsed: Micros, now: Instant): void {
    for (const state of states) this.of(state.path).restore(state, elapsed, now);
  }
}

export function sampleOf(condition: PathCondition, maintenance: boolean): Sample {
  const { score, status, hardDown } = condition;
  const known = status === "unknown" ? null : score;
  return { score: known, hardDown: hardDown !== null, maintenance };
}
