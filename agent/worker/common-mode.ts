/**
 * A target that several paths ask and that none of them hears any more, while one of them hears
 * another target, has died itself: it is suspect and leaves the targets of its paths until it
 * answers. A path that is left without any asks targets of the others by its own uplink (its
 * spares). Whoever doubts such a target has the other paths ask it too, so that the answer is there
 * before silence condemns the path. Pure, a part of `Liveness`.
 */

import type { LivenessPlan, PathPlan } from "./liveness-plan.ts";

/** What `Liveness` counts per series. */
export interface Silence {
  /** Consecutive misses. */
  readonly misses: Uint16Array;
  /** Send time of the first of them, us. */
  readonly silentFromUs: Float64Array;
}

export interface CommonModeSink {
  /** The target of this series left the targets of its path, or came back to them. */
  targetSuspect(series: number, isSuspect: boolean, nowUs: number): void;
}

interface CrossCheck {
  readonly series: number;
  readonly paceUs: number;
  left: number;
  atUs: number;
}

export class CommonMode {
  readonly #plan: LivenessPlan;
  readonly #silence: Silence;
  readonly #sink: CommonModeSink;
  readonly #isSuspect: Uint8Array;
  readonly #repliedAtUs: Float64Array;
  /** Per path: what speaks for it now. */
  readonly #members: (readonly number[])[];
  #checks: CrossCheck[] = [];
  /** Silent on all their paths; the next reply may be of a witness. */
  readonly #unwitnessed = new Set<number>();
  /** Paths that live on spares, and when those are asked next. */
  readonly #borrowAtUs = new Map<PathPlan, number>();

  constructor(plan: LivenessPlan, silence: Silence, sink: CommonModeSink) {
    this.#plan = plan;
    this.#silence = silence;
    this.#sink = sink;
    this.#isSuspect = new Uint8Array(plan.count);
    this.#repliedAtUs = new Float64Array(plan.count).fill(Number.NEGATIVE_INFINITY);
    this.#members = plan.paths.map(({ series }) => series);
  }

  /** The series that speak for a path; empty: nothing is left to judge it by. */
  members(path: PathPlan): readonly number[] {
    return this.#members[path.index] ?? path.series;
  }

  isBorrowing(path: PathPlan): boolean {
    return this.#borrowAtUs.has(path);
  }

  /** Paths whose targets changed. */
  replied(series: number, nowUs: number): readonly PathPlan[] {
    this.#repliedAtUs[series] = nowUs;
    if (this.#checks.length > 0) this.#checks = this.#checks.filter((one) => one.series !== series);
    if (this.#isSuspect[series] === 1) return this.#mark(this.#groupOf(series), false, nowUs);
    if (this.#unwitnessed.size === 0) return [];
    return [...this.#unwitnessed].flatMap((one) => this.condemned(one, nowUs));
  }

  /** Paths whose targets changed; behind each miss of a target that counts as dead. */
  condemned(series: number, nowUs: number): readonly PathPlan[] {
    this.#unwitnessed.delete(series);
    const group = this.#groupOf(series);
    if (group.length === 0 || this.#isSuspect[series] === 1) return [];
    if (!group.every((one) => this.#isSilent(one, series))) return [];
    if (group.some((one) => this.#hasWitness(one))) return this.#mark(group, true, nowUs);
    this.#unwitnessed.add(series);
    return [];
  }

  /** A path doubts a target: its other paths ask it as often as it takes to condemn it. */
  crossCheck(path: PathPlan, series: number, nowUs: number): void {
    for (const one of this.#groupOf(series)) {
      const other = this.#pathOf(one);
      if (other === undefined || other === path || other.isMetered) continue;
      if (this.#checks.some((check) => check.series === one)) continue;
      // Faster than the path is condemned itself, or the answer comes too late for it.
      const paceUs = path.confirmUs / 2;
      this.#checks.push({ series: one, paceUs, left: other.downAfter, atUs: nowUs });
    }
  }

  /** Its probes are to be noticed at once when they are not answered. */
  isChecked(series: number): boolean {
    return this.#checks.some((check) => check.series === series);
  }

  nextDueUs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { atUs } of this.#checks) due = Math.min(due, atUs);
    for (const atUs of this.#borrowAtUs.values()) due = Math.min(due, atUs);
    return due;
  }

  advance(nowUs: number, ask: (series: number) => void): void {
    for (const check of this.#checks) {
      if (check.atUs > nowUs) continue;
      check.left--;
      check.atUs = nowUs + check.paceUs;
      ask(check.series);
    }
    this.#checks = this.#checks.filter(({ left }) => left > 0);
    for (const [path, atUs] of this.#borrowAtUs) {
      if (atUs > nowUs) continue;
      this.#borrowAtUs.set(path, nowUs + path.intervalUs);
      for (const spare of path.spares) ask(spare);
    }
  }

  /** We did not run: what was asked meanwhile proves nothing. */
  void(): void {
    this.#checks = [];
    this.#unwitnessed.clear();
  }

  /** A metered path is not made to ask: that it heard nothing since is enough. */
  #isSilent(series: number, doubted: number): boolean {
    const path = this.#pathOf(series);
    if (path === undefined || path.downAfter === 0) return false;
    if ((this.#silence.misses[series] ?? 0) >= path.downAfter) return true;
    const sinceUs = this.#silence.silentFromUs[doubted] ?? 0;
    return path.isMetered && (this.#repliedAtUs[series] ?? 0) < sinceUs;
  }

  /** Another target of its path answered since this one is silent. */
  #hasWitness(series: number): boolean {
    const path = this.#pathOf(series);
    if (path === undefined || (this.#silence.misses[series] ?? 0) === 0) return false;
    const sinceUs = this.#silence.silentFromUs[series] ?? 0;
    const group = this.#plan.groupOf[series];
    return this.members(path).some(
      (one) => this.#plan.groupOf[one] !== group && (this.#repliedAtUs[one] ?? 0) > sinceUs,
    );
  }

  #mark(group: readonly number[], isSuspect: boolean, nowUs: number): readonly PathPlan[] {
    const paths: PathPlan[] = [];
    for (const series of group) {
      this.#isSuspect[series] = isSuspect ? 1 : 0;
      this.#sink.targetSuspect(series, isSuspect, nowUs);
      const path = this.#pathOf(series);
      if (path !== undefined && !paths.includes(path)) paths.push(path);
    }
    for (const path of paths) this.#choose(path, nowUs);
    return paths;
  }

  #choose(path: PathPlan, nowUs: number): void {
    const own = path.series.filter((one) => this.#isSuspect[one] !== 1);
    this.#members[path.index] = own.length > 0 ? own : path.spares;
    if (own.length > 0 || path.spares.length === 0) this.#borrowAtUs.delete(path);
    else if (!this.#borrowAtUs.has(path)) this.#borrowAtUs.set(path, nowUs);
  }

  #groupOf(series: number): readonly number[] {
    return this.#plan.groups[this.#plan.groupOf[series] ?? -1] ?? [];
  }

  #pathOf(series: number): PathPlan | undefined {
    return this.#plan.paths[this.#plan.pathOf[series] ?? -1];
  }
}
