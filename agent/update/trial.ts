/**
 * Whether a new release stays: it must start, serve, probe and stay up for the length of its trial.
 * Three failed starts, or processes that do not get ready, end it early; at its end at least one
 * path must answer if one did before. A file that only starts is not yet a good one.
 */

import type { Instant, Micros } from "../domain/units.ts";
import { between, micros, US_PER_S } from "../domain/units.ts";

export const STARTS_MAX = 3;
/** From a start to serving and probing; ten times what the slowest box needs. */
export const READY_WITHIN = micros(20 * US_PER_S);
/** Reports come every two seconds; silence is no proof of health. */
const REPORT_FRESH = micros(15 * US_PER_S);
/**
 * Uplinks that fail during the trial are not the release's fault: it is watched this much longer.
 */
const PATIENCE = 3;

/** What the controller says of itself and its paths. */
export interface HealthReport {
  readonly ready: boolean;
  /** Paths that answer now. */
  readonly answering: number;
}

export type TrialVerdict =
  | { readonly kind: "watch" }
  | { readonly kind: "commit" }
  | { readonly kind: "roll-back"; readonly reason: string };

const WATCH: TrialVerdict = { kind: "watch" };

export class Trial {
  readonly #length: Micros;
  readonly #answeredBefore: number;
  readonly #startedAt: Instant;
  #failures: string[] = [];
  /** Since when not all processes are ready; null: they are. */
  #unreadySince: Instant | null;
  #report: { readonly at: Instant; readonly health: HealthReport } | null = null;

  /** `answeredBefore`: paths that answered while the release before was running. */
  constructor(startedAt: Instant, length: Micros, answeredBefore: number) {
    this.#startedAt = startedAt;
    this.#unreadySince = startedAt;
    this.#length = length;
    this.#answeredBefore = answeredBefore;
  }

  processDied(role: string, exit: string, now: Instant): void {
    this.#failures.push(`${role}: ${exit}`);
    this.#unreadySince ??= now;
  }

  /** Both processes run, and the controller serves. */
  becameReady(): void {
    this.#unreadySince = null;
  }

  reported(health: HealthReport, now: Instant): void {
    this.#report = { at: now, health };
  }

  judge(now: Instant): TrialVerdict {
    if (this.#failures.length >= STARTS_MAX) {
      return rollBack(`${STARTS_MAX} failed starts (${this.#failures.slice(-1).join()})`);
    }
    if (this.#unreadySince !== null) {
      if (between(this.#unreadySince, now) < READY_WITHIN) return WATCH;
      return rollBack(`not ready within ${READY_WITHIN / US_PER_S} s after a start`);
    }
    const ran = between(this.#startedAt, now);
    if (ran < this.#length) return WATCH;
    const problem = this.#problem(now);
    if (problem === null) return { kind: "commit" };
    return ran < this.#length * PATIENCE ? WATCH : rollBack(problem);
  }

  #problem(now: Instant): string | null {
    if (this.#report === null || between(this.#report.at, now) > REPORT_FRESH) {
      return "the controller does not report its health";
    }
    const { ready, answering } = this.#report.health;
    if (!ready) return "the agent does not serve results";
    if (this.#answeredBefore === 0 || answering > 0) return null;
    return `no path answers; ${this.#answeredBefore} did before`;
  }
}

function rollBack(reason: string): TrialVerdict {
  return { kind: "roll-back", reason };
}
