/**
 * Is a path alive? Fed with every reply and every miss of its targets; decides when to ask more
 * closely and when silence is death. Pure: time comes in, verdicts and confirmation probes go out.
 *
 * calm --a probe overdue--> suspect --k targets reply--> calm
 *                           suspect --verdict--> down --a reply--> climbing --up_after--> calm
 *                                                climbing --too few reply--> down
 *
 * A target is condemned with `down_after` misses in a row, the first of them sent `silence` ago: a
 * burst or a rise of the RTT below that is no death. The path is down when fewer than k targets are
 * not condemned. Confirmation probes go to all targets of a suspect or climbing path, at a pace of
 * their own; its scheduled probes pause meanwhile.
 */

import { US_PER_S } from "../domain/units.ts";
import { VERDICT } from "../wire/verdict.ts";
import { CommonMode } from "./common-mode.ts";
import type { LivenessPlan, PathPlan } from "./liveness-plan.ts";
import { RttEstimate } from "./rtt-estimate.ts";

export interface LivenessSink {
  /**
   * `kind` of VERDICT about a path (a series for those of targets); `sinceUs`: send time of the
   * first probe that was not answered (up, cleared, targetLive: the moment itself).
   */
  verdict(kind: number, index: number, sinceUs: number, nowUs: number): void;
}

const STATE = { calm: 0, suspect: 1, down: 2, climbing: 3 } as const;
/** A suspicion that gets neither reply nor miss (we cannot send) ends after so many silences. */
const SUSPICION_SILENCES = 4;
/** All confirmations together stay below this, or below twice the scheduled rate. */
const CONFIRMATIONS_MIN_PER_S = 2_000;
/** A lazy loop notices the first miss at most so many confirmations late. */
const CATCH_UP_MAX = 20;
const STREAK_MAX = 65_535;

export class Liveness {
  readonly #plan: LivenessPlan;
  readonly #sink: LivenessSink;
  readonly #rtt: RttEstimate;
  /** Consecutive misses and replies per series. */
  readonly #misses: Uint16Array;
  readonly #replies: Uint16Array;
  /** Send time of the first miss in a row. */
  readonly #silentFromUs: Float64Array;
  /** Replied since the suspicion began. */
  readonly #hasAnswered: Uint8Array;
  readonly #state: Uint8Array;
  readonly #confirmAtUs: Float64Array;
  readonly #suspectFromUs: Float64Array;
  /** Confirmations at twice the pace that are still to come. */
  readonly #catchUp: Uint8Array;
  /** Paths that are suspect or climbing. */
  readonly #active: number[] = [];
  /** Where in `#active`; -1: not there. */
  readonly #activeAt: Int32Array;
  readonly #rateMax: number;
  readonly #common: CommonMode;
  #judgedAtUs = 0;
  #budget = 0;
  #budgetAtUs = 0;

  /** `heldDown`: paths that begin as down, by a verdict of before. */
  constructor(plan: LivenessPlan, sink: LivenessSink, heldDown: readonly number[] = []) {
    const { count } = plan;
    this.#plan = plan;
    this.#sink = sink;
    this.#rtt = new RttEstimate(plan.timeoutUs);
    this.#misses = new Uint16Array(count);
    this.#replies = new Uint16Array(count);
    this.#silentFromUs = new Float64Array(count);
    this.#hasAnswered = new Uint8Array(count);
    this.#state = new Uint8Array(plan.paths.length);
    this.#confirmAtUs = new Float64Array(plan.paths.length);
    this.#suspectFromUs = new Float64Array(plan.paths.length);
    this.#catchUp = new Uint8Array(plan.paths.length);
    this.#activeAt = new Int32Array(plan.paths.length).fill(-1);
    this.#rateMax = Math.max(CONFIRMATIONS_MIN_PER_S, 2 * plan.rate) / US_PER_S;
    const silence = { misses: this.#misses, silentFromUs: this.#silentFromUs };
    this.#common = new CommonMode(plan, silence, {
      targetSuspect(series, isSuspect, nowUs) {
        const kind = isSuspect ? VERDICT.targetSuspect : VERDICT.targetCleared;
        sink.verdict(kind, series, nowUs, nowUs);
      },
    });
    for (const path of heldDown) if (path < this.#state.length) this.#state[path] = STATE.down;
  }

  /** How long after its send an unanswered probe is overdue, us; Infinity: not watched. */
  overdueAfterUs(series: number): number {
    const path = this.#planOf(series);
    if (path === null) return Number.POSITIVE_INFINITY;
    const rtoUs = this.#rtt.rtoUs(series);
    if (this.#state[path.index] !== STATE.calm || this.#common.isChecked(series)) return rtoUs;
    return rtoUs + this.#plan.slackUs(path, rtoUs);
  }

  /** The series is asked at confirmation pace: its probes are confirmations, none is scheduled. */
  isConfirming(series: number): boolean {
    const state = this.#state[this.#plan.pathOf[series] ?? 0];
    return state === STATE.suspect || state === STATE.climbing;
  }

  isDown(series: number): boolean {
    const state = this.#state[this.#plan.pathOf[series] ?? 0];
    return state === STATE.down || state === STATE.climbing;
  }

  /** A verified reply, late ones too; `rttUs` NaN: not measurable. */
  replied(series: number, rttUs: number, nowUs: number): void {
    const path = this.#planOf(series);
    if (path === null) return;
    if (!Number.isNaN(rttUs)) this.#rtt.sample(series, rttUs);
    const wasDead = (this.#misses[series] ?? 0) >= path.downAfter;
    this.#misses[series] = 0;
    this.#replies[series] = Math.min(STREAK_MAX, (this.#replies[series] ?? 0) + 1);
    this.#hasAnswered[series] = 1;
    if (wasDead) this.#tellTarget(VERDICT.targetLive, series, nowUs, nowUs);
    for (const changed of this.#common.replied(series, nowUs)) this.#reconsider(changed, nowUs);
    if (this.#state[path.index] !== STATE.calm) this.#hearReply(path, nowUs);
  }

  /** A probe that is overdue, or ended without a reply; unsent ones are none. */
  missed(series: number, sentUs: number, nowUs: number): void {
    const path = this.#planOf(series);
    if (path === null) return;
    const misses = (this.#misses[series] ?? 0) + 1;
    this.#misses[series] = Math.min(STREAK_MAX, misses);
    this.#replies[series] = 0;
    if (misses === 1) this.#silentFromUs[series] = sentUs;
    if (misses === path.downAfter) {
      const sinceUs = this.#silentFromUs[series] ?? sentUs;
      this.#tellTarget(VERDICT.targetDead, series, sinceUs, nowUs);
    }
    if (misses >= path.downAfter) {
      for (const changed of this.#common.condemned(series, nowUs)) this.#reconsider(changed, nowUs);
    }
    this.#hearMiss(path, series, nowUs);
  }

  /** The next moment at which `advance` has something to do; Infinity: none. */
  nextDueUs(): number {
    let due = this.#common.nextDueUs();
    for (const index of this.#active) {
      const path = this.#plan.paths[index];
      if (path === undefined) continue;
      due = Math.min(due, this.#confirmAtUs[index] ?? due, this.#condemnedAtUs(path));
    }
    return due;
  }

  /**
   * Judges suspect paths and calls `ask` for each series that is due for a confirmation probe.
   * Call after sockets were read: a reply that waits there must count first.
   */
  advance(nowUs: number, ask: (series: number) => void): void {
    this.#judgedAtUs = nowUs;
    for (let i = this.#active.length - 1; i >= 0; i--) {
      const path = this.#plan.paths[this.#active[i] ?? 0];
      if (path === undefined || !this.#staysActive(path, nowUs)) continue;
      if ((this.#confirmAtUs[path.index] ?? 0) > nowUs) continue;
      this.#confirmAtUs[path.index] = nowUs + this.#paceUs(path);
      if (!this.#spend(path.series.length, nowUs)) continue;
      for (const series of this.#common.members(path)) ask(series);
    }
  }

  /** Calls `ask` for each series that other paths want to hear of, and for borrowed ones. */
  advanceShared(nowUs: number, ask: (series: number) => void): void {
    this.#common.advance(nowUs, ask);
  }

  /** We did not run: suspicions, confirmations and streaks prove nothing. Verdicts stay. */
  void(): void {
    this.#common.void();
    this.#misses.fill(0);
    this.#replies.fill(0);
    for (const index of [...this.#active]) {
      this.#leave(index, this.#state[index] === STATE.climbing ? STATE.down : STATE.calm);
    }
  }

  #planOf(series: number): PathPlan | null {
    const path = this.#plan.paths[this.#plan.pathOf[series] ?? 0];
    return path === undefined || path.downAfter === 0 ? null : path;
  }

  #hearReply(path: PathPlan, nowUs: number): void {
    switch (this.#state[path.index]) {
      case STATE.suspect:
        if (this.#count(path, (series) => this.#hasAnswered[series] === 1) < this.#k(path)) return;
        this.#leave(path.index, STATE.calm);
        this.#sink.verdict(VERDICT.cleared, path.path, nowUs, nowUs);
        return;
      case STATE.down:
        this.#enter(path, STATE.climbing, nowUs + path.confirmUs);
        this.#riseIfProved(path, nowUs);
        return;
      case STATE.climbing:
        this.#riseIfProved(path, nowUs);
        return;
      default:
    }
  }

  /** Targets that must live; 0: none is left to judge the path by. */
  #k(path: PathPlan): number {
    return Math.min(path.k, this.#common.members(path).length);
  }

  /** Spares are nobody's targets. */
  #tellTarget(kind: number, series: number, sinceUs: number, nowUs: number): void {
    if (this.#plan.isSpare[series] !== 1) this.#sink.verdict(kind, series, sinceUs, nowUs);
  }

  /** Other targets speak for the path: they have to be heard anew. */
  #reconsider(path: PathPlan, nowUs: number): void {
    if (this.#common.isBorrowing(path)) {
      for (const spare of path.spares) {
        this.#misses[spare] = 0;
        this.#replies[spare] = 0;
        this.#hasAnswered[spare] = 0;
      }
    }
    if (this.#state[path.index] !== STATE.suspect) return;
    this.#suspectFromUs[path.index] = nowUs;
    this.#confirmAtUs[path.index] = nowUs;
    this.#hearReply(path, nowUs);
  }

  #riseIfProved(path: PathPlan, nowUs: number): void {
    const proved = this.#count(path, (series) => (this.#replies[series] ?? 0) >= path.upAfter);
    if (proved < this.#k(path)) return;
    this.#leave(path.index, STATE.calm);
    this.#sink.verdict(VERDICT.up, path.path, nowUs, nowUs);
  }

  #hearMiss(path: PathPlan, series: number, nowUs: number): void {
    if (!this.#common.members(path).includes(series)) return;
    const isNew = this.#misses[series] === 1;
    const well = this.#count(path, (series) => this.#misses[series] === 0);
    switch (this.#state[path.index]) {
      case STATE.calm:
        if (isNew || well < this.#k(path)) this.#suspect(path, series, nowUs);
        return;
      case STATE.suspect:
        this.#staysActive(path, nowUs);
        return;
      case STATE.climbing:
        if (well < this.#k(path)) this.#leave(path.index, STATE.down);
        return;
      default:
    }
  }

  /** Twice the pace until what a late notice left out is made up for. */
  #paceUs(path: PathPlan): number {
    const steps = this.#catchUp[path.index] ?? 0;
    if (steps === 0) return path.confirmUs;
    this.#catchUp[path.index] = steps - 1;
    return path.confirmUs / 2;
  }

  #suspect(path: PathPlan, series: number, nowUs: number): void {
    for (const one of this.#common.members(path)) {
      this.#hasAnswered[one] = 0;
      this.#common.crossCheck(path, one, nowUs);
    }
    const noticedUs = (this.#silentFromUs[series] ?? nowUs) + this.#rtt.rtoUs(series);
    const missing = Math.ceil((nowUs - noticedUs) / path.confirmUs);
    this.#catchUp[path.index] = Math.min(CATCH_UP_MAX, Math.max(0, 2 * missing));
    this.#suspectFromUs[path.index] = nowUs;
    this.#enter(path, STATE.suspect, nowUs);
    this.#sink.verdict(VERDICT.suspect, path.path, this.#silenceOf(path, nowUs), nowUs);
  }

  /** False when the path left: condemned, or a suspicion without evidence. */
  #staysActive(path: PathPlan, nowUs: number): boolean {
    if (this.#state[path.index] !== STATE.suspect) return true;
    const condemned = this.#count(path, (series) => nowUs >= this.#condemnedAt(path, series));
    if (this.#common.members(path).length - condemned < this.#k(path)) {
      this.#leave(path.index, STATE.down);
      this.#sink.verdict(VERDICT.down, path.path, this.#silenceOf(path, nowUs), nowUs);
      return false;
    }
    const patienceUs = SUSPICION_SILENCES * (path.silenceUs + path.timeoutUs);
    if (nowUs - (this.#suspectFromUs[path.index] ?? 0) < patienceUs) return true;
    this.#leave(path.index, STATE.calm);
    return false;
  }

  /** When the target counts as dead, us; Infinity: too few misses so far. */
  #condemnedAt(path: PathPlan, series: number): number {
    if ((this.#misses[series] ?? 0) < path.downAfter) return Number.POSITIVE_INFINITY;
    // Without any reply so far we do not know how slow it is.
    const silenceUs = this.#rtt.hasReplied(series)
      ? path.silenceUs
      : Math.max(path.silenceUs, path.timeoutUs);
    return (this.#silentFromUs[series] ?? 0) + silenceUs;
  }

  /** The next moment at which silence alone condemns one more target. */
  #condemnedAtUs(path: PathPlan): number {
    if (this.#state[path.index] !== STATE.suspect) return Number.POSITIVE_INFINITY;
    let due = Number.POSITIVE_INFINITY;
    for (const series of this.#common.members(path)) {
      const at = this.#condemnedAt(path, series);
      if (at > this.#judgedAtUs && at < due) due = at;
    }
    return due;
  }

  /** Send time of the oldest probe without an answer behind it. */
  #silenceOf(path: PathPlan, nowUs: number): number {
    let from = nowUs;
    for (const series of this.#common.members(path)) {
      if ((this.#misses[series] ?? 0) > 0) {
        from = Math.min(from, this.#silentFromUs[series] ?? nowUs);
      }
    }
    return from;
  }

  #count(path: PathPlan, holds: (series: number) => boolean): number {
    let count = 0;
    for (const series of this.#common.members(path)) if (holds(series)) count++;
    return count;
  }

  #enter(path: PathPlan, state: number, confirmAtUs: number): void {
    if (this.#activeAt[path.index] === -1) {
      this.#activeAt[path.index] = this.#active.push(path.index) - 1;
    }
    this.#state[path.index] = state;
    this.#confirmAtUs[path.index] = confirmAtUs;
  }

  #leave(index: number, state: number): void {
    this.#state[index] = state;
    const at = this.#activeAt[index] ?? -1;
    if (at === -1) return;
    const last = this.#active.pop() ?? index;
    this.#activeAt[last] = at;
    if (last !== index) this.#active[at] = last;
    this.#activeAt[index] = -1;
  }

  /** When a whole uplink dies, thousands of targets are doubted at once. */
  #spend(probes: number, nowUs: number): boolean {
    const earned = (nowUs - this.#budgetAtUs) * this.#rateMax;
    // A tenth of a second's worth may be spent at once.
    this.#budget = Math.min(this.#rateMax * (US_PER_S / 10), this.#budget + earned);
    this.#budgetAtUs = nowUs;
    if (this.#budget < probes) return false;
    this.#budget -= probes;
    return true;
  }
}
