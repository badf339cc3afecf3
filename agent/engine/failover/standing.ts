/**
 * How well a path has proved itself, as seen by one policy in one family. Two timers must be full
 * before traffic returns to it: the streak (no sample below failback_threshold for
 * failback_delay) restarts on every dip; the penalty (a delay that doubles with each failure, up to
 * an hour) restarts only when the path was truly bad, else a little random loss would keep traffic
 * away for weeks. An hour of being active and well forgives the failures.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import { after, between, instant, micros, US_PER_S } from "../../domain/units.ts";

const HOUR = micros(3_600 * US_PER_S);
/** Beyond this many doublings every delay is at its cap; keeps the power finite. */
const DOUBLINGS_MAX = 20;

export interface Sample {
  readonly score: number | null;
  readonly hardDown: boolean;
  readonly maintenance: boolean;
}

export type Lines = Pick<
  PolicyConfig,
  "failover_threshold" | "failback_threshold" | "failback_delay_secs"
>;

/** The part that outlives the process; ages instead of moments, because a reboot stops no clock. */
export interface PersistedStanding {
  readonly failures: number;
  /** How long the penalty has been running; null: it is not. */
  readonly penaltyAge: number | null;
  /** Time spent active and well since the last failure. */
  readonly quiet: number;
}

export class PathStanding {
  #lines: Lines;
  #failures = 0;
  #streakSince: Instant | null = null;
  #penaltySince: Instant | null = null;
  #quiet = micros(0);
  #quietSince: Instant | null = null;

  constructor(lines: Lines) {
    this.#lines = lines;
  }

  /** Takes a sample; true when something changed that must outlive the process. */
  observe(sample: Sample, now: Instant): boolean {
    const { failover_threshold, failback_threshold } = this.#lines;
    const before = this.#penaltySince;
    const { score } = sample;
    const isBad = score !== null && score < failover_threshold;
    if (sample.hardDown || sample.maintenance || isBad) {
      this.#streakSince = null;
      this.#penaltySince = null;
    } else if (score === null || score < failback_threshold) {
      this.#streakSince = null;
    } else {
      this.#streakSince ??= now;
      this.#penaltySince ??= now;
    }
    return before !== this.#penaltySince;
  }

  /** Tells whether the path carries the traffic; only then, and well, do failures age. */
  carry(isActive: boolean, now: Instant): void {
    const isQuiet = isActive && this.#streakSince !== null;
    if (isQuiet) this.#quietSince ??= now;
    else this.#stopQuiet(now);
  }

  #stopQuiet(now: Instant): void {
    if (this.#quietSince === null) return;
    this.#quiet = micros(this.#quiet + between(this.#quietSince, now));
    this.#quietSince = null;
  }

  /** Traffic was taken away: what was proved before counts no more. `failed`: for being bad. */
  leave(failed: boolean, now: Instant): void {
    const failures = this.failures(now);
    this.#stopQuiet(now);
    if (this.#streakSince !== null) this.#streakSince = now;
    if (this.#penaltySince !== null) this.#penaltySince = now;
    if (!failed) return;
    this.#failures = failures + 1;
    this.#quiet = micros(0);
  }

  /** A span was not observed: proof begins anew, penalties stay. */
  voidStreak(now: Instant): void {
    this.#stopQuiet(now);
    this.#streakSince = null;
  }

  /** New thresholds: judged by them from the next sample on. */
  adjust(lines: Lines, now: Instant): void {
    this.#lines = lines;
    this.voidStreak(now);
  }

  failures(now: Instant): number {
    const running = this.#quietSince === null ? 0 : between(this.#quietSince, now);
    return this.#quiet + running >= HOUR ? 0 : this.#failures;
  }

  /** The delay after so many failures. */
  penalty(now: Instant): Micros {
    const base = this.#lines.failback_delay_secs * US_PER_S;
    const doublings = Math.min(Math.max(this.failures(now) - 1, 0), DOUBLINGS_MAX);
    return micros(Math.max(base, Math.min(base * 2 ** doublings, HOUR)));
  }

  /** When the streak is full if nothing happens; null: it is not running. */
  streakFullAt(): Instant | null {
    const span = micros(this.#lines.failback_delay_secs * US_PER_S);
    return this.#streakSince === null ? null : after(this.#streakSince, span);
  }

  penaltyFullAt(now: Instant): Instant | null {
    return this.#penaltySince === null ? null : after(this.#penaltySince, this.penalty(now));
  }

  /** When both are full; null: one of them is not running. */
  readyAt(now: Instant): Instant | null {
    const streak = this.streakFullAt();
    const penalty = this.penaltyFullAt(now);
    if (streak === null || penalty === null) return null;
    return instant(Math.max(streak, penalty));
  }

  persisted(now: Instant): PersistedStanding {
    const age = this.#penaltySince === null ? null : between(this.#penaltySince, now);
    const running = this.#quietSince === null ? 0 : between(this.#quietSince, now);
    return { failures: this.failures(now), penaltyAge: age, quiet: this.#quiet + running };
  }

  /** `elapsed`: what the penalty ran on for meanwhile; nobody saw whether it was quiet. */
  restore(state: PersistedStanding, elapsed: Micros, now: Instant): void {
    this.#failures = state.failures;
    this.#quiet = micros(state.quiet);
    this.#penaltySince =
      state.penaltyAge === null ? null : after(now, micros(-state.penaltyAge - elapsed));
  }
}
