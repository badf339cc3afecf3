/**
 * Between the probes and whoever hears of them: every outcome passes through on its way out, feeds
 * the liveness of its path, and verdicts leave behind the outcomes that led to them. A path that
 * comes back brings the replies that proved it, so that its emptied window begins with them.
 */

import { OUTCOME, OUTCOME_FLAG } from "../domain/outcome.ts";
import type { Burst } from "../wire/burst.ts";
import { VERDICT } from "../wire/verdict.ts";
import { Bursts } from "./bursts.ts";
import type { LivenessSink } from "./liveness.ts";
import { Liveness } from "./liveness.ts";
import type { LivenessPlan } from "./liveness-plan.ts";
import type { Outcome, OutcomeSink, ProbeWatch } from "./tracker.ts";

export interface PathWatchSink extends OutcomeSink, LivenessSink {}

export class PathWatch implements OutcomeSink, ProbeWatch {
  readonly #plan: LivenessPlan;
  readonly #sink: PathWatchSink;
  readonly #liveness: Liveness;
  /** The newest replies of a series while its path is down; absent otherwise. */
  readonly #proofs = new Map<number, Outcome[]>();
  readonly #bursts = new Bursts();
  /** Asked in this pass, beside the schedule; and those of them that only tell of life. */
  readonly #asked = new Set<number>();
  readonly #uncounted = new Set<number>();
  /** By path: when a verdict was lifted last, us. */
  readonly #windowFromUs = new Map<number, number>();
  /** Monotonic us, set by the loop at every wake-up. */
  nowUs = 0;

  constructor(plan: LivenessPlan, sink: PathWatchSink, heldDown: readonly number[] = []) {
    this.#plan = plan;
    this.#sink = sink;
    const verdict = (kind: number, index: number, sinceUs: number, nowUs: number) => {
      sink.verdict(kind, index, sinceUs, nowUs);
      if (kind !== VERDICT.up) return;
      this.#seed(index);
      this.#windowFromUs.set(index, nowUs);
    };
    this.#liveness = new Liveness(plan, { verdict }, heldDown);
  }

  record(outcome: Readonly<Outcome>): void {
    this.#sink.record(this.#isStale(outcome) ? staled(outcome) : outcome);
    switch (outcome.kind) {
      case OUTCOME.replied:
        this.#replied(outcome);
        return;
      case OUTCOME.late:
        this.#liveness.replied(outcome.series, measuredUs(outcome), this.nowUs);
        return;
      case OUTCOME.expired:
      case OUTCOME.unreachable:
      case OUTCOME.corrupt:
        if (!outcome.wasOverdue) this.overdue(outcome.series, outcome.sentUs);
        return;
      default:
    }
  }

  overdueAfterUs(series: number): number {
    return this.#liveness.overdueAfterUs(series);
  }

  isConfirming(series: number): boolean {
    return this.#liveness.isConfirming(series) || this.#uncounted.has(series);
  }

  /** Its probe of the schedule is left out in this pass. */
  isAsked(series: number): boolean {
    return this.#liveness.isConfirming(series) || this.#asked.has(series);
  }

  isDown(series: number): boolean {
    return this.#liveness.isDown(series);
  }

  overdue(series: number, sentUs: number): void {
    this.#liveness.missed(series, sentUs, this.nowUs);
  }

  nextDueUs(): number {
    return Math.min(this.#liveness.nextDueUs(), this.#bursts.nextDueUs());
  }

  advance(nowUs: number, ask: (series: number) => void): void {
    this.nowUs = nowUs;
    this.#asked.clear();
    this.#uncounted.clear();
    this.#liveness.advance(nowUs, ask);
    this.#bursts.advance(nowUs, (series, isCounted) => {
      if (this.isAsked(series)) return;
      this.#asked.add(series);
      if (!isCounted) this.#uncounted.add(series);
      ask(series);
    });
  }

  /** Probes beside the schedule to all targets of a path. */
  burst(burst: Burst, nowUs: number): void {
    const path = this.#plan.paths.find((one) => one.path === burst.path);
    if (path !== undefined) this.#bursts.begin(burst, path.series, nowUs);
  }

  void(): void {
    this.#liveness.void();
    this.#proofs.clear();
    this.#bursts.clear();
  }

  /** It speaks of the time before the window that it would enter. */
  #isStale({ series, sentUs }: Readonly<Outcome>): boolean {
    if (this.#windowFromUs.size === 0) return false;
    const path = this.#plan.paths[this.#plan.pathOf[series] ?? 0];
    const fromUs = path === undefined ? undefined : this.#windowFromUs.get(path.path);
    return fromUs !== undefined && sentUs < fromUs;
  }

  #replied(outcome: Readonly<Outcome>): void {
    if (this.#liveness.isDown(outcome.series)) this.#keep(outcome);
    this.#liveness.replied(outcome.series, measuredUs(outcome), this.nowUs);
  }

  /** As many as it takes to come back, the oldest forgotten first. */
  #keep(outcome: Readonly<Outcome>): void {
    const kept = this.#proofs.get(outcome.series) ?? [];
    kept.push({ ...outcome });
    const path = this.#plan.paths[this.#plan.pathOf[outcome.series] ?? 0];
    if (kept.length > (path?.upAfter ?? 0)) kept.shift();
    this.#proofs.set(outcome.series, kept);
  }

  #seed(path: number): void {
    const plan = this.#plan.paths.find((one) => one.path === path);
    for (const series of plan?.series ?? []) {
      for (const outcome of this.#proofs.get(series) ?? []) {
        const flags = (outcome.flags & ~OUTCOME_FLAG.confirmation) | OUTCOME_FLAG.seed;
        this.#sink.record({ ...outcome, flags });
      }
      this.#proofs.delete(series);
    }
  }
}

function staled(outcome: Readonly<Outcome>): Outcome {
  return { ...outcome, flags: outcome.flags | OUTCOME_FLAG.stale };
}

/** us; NaN: the clocks disagree about it. */
function measuredUs({ flags, rttUs }: Readonly<Outcome>): number {
  return (flags & OUTCOME_FLAG.rttVoid) === 0 ? rttUs : Number.NaN;
}
