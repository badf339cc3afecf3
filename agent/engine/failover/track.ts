/**
 * One policy in one family: where its traffic is, what was ordered, and the memory that decisions
 * need (timers, dwell, the open episode). It takes decisions by decide() and follow(), and turns
 * them into effects; one order at a time.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import { micros, US_PER_S } from "../../domain/units.ts";
import type { Kernel } from "./adoption.ts";
import { adoptedPath, surprise } from "./adoption.ts";
import type { Place } from "./barrier.ts";
import { Barrier } from "./barrier.ts";
import { firstWithCarrier } from "./candidates.ts";
import type { Contender } from "./contender.ts";
import { hardDownOf, isEligible, isUsable, pathsOf, scoreOf } from "./contender.ts";
import { decide, enter, lineOf } from "./decide.ts";
import type { Decision, Move, MoveCause, Nowhere } from "./decision.ts";
import { stay } from "./decision.ts";
import { Dwell } from "./dwell.ts";
import { Episode } from "./episode.ts";
import type { EventFacts } from "./event.ts";
import { eventOf } from "./event.ts";
import { flowsOf } from "./flows.ts";
import { follow } from "./follow.ts";
import type { PathCondition, RouteFamily } from "./input.ts";
import type { Overrides } from "./override.ts";
import type { PathBook } from "./path-book.ts";
import type { Elapsed, PersistedOrder, PersistedTrack } from "./persisted.ts";
import { spanOf } from "./persisted.ts";
import { Standings, sampleOf } from "./standings.ts";
import type { Turn } from "./turn.ts";

export class Track {
  readonly family: RouteFamily;
  #policy: PolicyConfig;
  #paths: readonly PathId[];
  readonly #standings: Standings;
  readonly #dwell: Dwell;
  readonly #episode = new Episode();
  readonly #barrier = new Barrier();
  #adopted = false;
  /** Our own table names the active path. */
  #isLaid = false;
  #active: PathId | null = null;
  /** Where traffic still is although the policy no longer has this path. */
  #leftover: PathId | null = null;
  #pending: PersistedOrder | null = null;
  #doubtSince: Instant | null = null;
  #pinReached = false;
  #lastCause: MoveCause | null = null;
  #wakeAt: Instant | null = null;

  constructor(policy: PolicyConfig, family: RouteFamily) {
    this.family = family;
    this.#policy = policy;
    this.#paths = pathsOf(policy);
    this.#dwell = new Dwell(micros(policy.dwell_secs * US_PER_S));
    this.#standings = new Standings(policy);
  }

  get active(): PathId | null {
    return this.#active;
  }

  get isAdopted(): boolean {
    return this.#adopted;
  }

  get pending(): PersistedOrder | null {
    return this.#pending;
  }

  get isAllDown(): boolean {
    return this.#episode.isOpen;
  }

  get isBarred(): boolean {
    return this.#barrier.isUp;
  }

  get lastCause(): MoveCause | null {
    return this.#lastCause;
  }

  /** When time alone may change the decision; null: never. */
  get wakeAt(): Instant | null {
    return this.#wakeAt;
  }

  /** The policy's paths in order of priority, as they are now. */
  contenders(book: PathBook): Contender[] {
    return this.#paths.map((path) => ({
      path,
      condition: book.condition(path, this.family),
      refusal: book.refusal(path, this.family),
      maintenance: book.inMaintenance(path),
      standing: this.#standings.of(path),
    }));
  }

  /** The policy was configured anew; what it still has keeps its state. */
  adjust(policy: PolicyConfig, turn: Turn): void {
    this.#policy = policy;
    this.#paths = pathsOf(policy);
    this.#dwell.adjust(micros(policy.dwell_secs * US_PER_S));
    this.#standings.adjust(policy, this.#paths, turn.now);
    const used = this.#active ?? this.#leftover;
    const isOurs = used !== null && this.#paths.includes(used);
    this.#active = isOurs ? used : null;
    this.#leftover = isOurs ? null : used;
    this.observeAll(turn);
  }

  observe(condition: PathCondition, turn: Turn): void {
    const { path } = condition;
    const standing = this.#standings.of(path);
    const sample = sampleOf(condition, turn.book.inMaintenance(path));
    const mustPersist = standing.observe(sample, turn.now);
    standing.carry(path === this.#active, turn.now);
    if (mustPersist) turn.persist();
  }

  /** Proof begins now, by what is known now. */
  observeAll(turn: Turn): void {
    for (const path of this.#paths) {
      const condition = turn.book.condition(path, this.family);
      if (condition !== null) this.observe(condition, turn);
    }
  }

  /** A span was not observed: suspicion and streaks are void, penalties stay. */
  void(turn: Turn): void {
    this.#standings.voidStreaks(turn.now);
    this.#doubtSince = null;
    this.observeAll(turn);
  }

  /** The worker ended: nothing is decided until the kernel's state is read again. */
  detach(): void {
    this.#adopted = false;
    this.#wakeAt = null;
  }

  newPin(): void {
    this.#pinReached = false;
  }

  /** Takes what the kernel has for the truth; answers an order whose answer was lost. */
  adopt(kernel: Kernel, turn: Turn): void {
    const { table } = kernel;
    const pending = this.#pending;
    if (pending !== null) {
      if (table === pending.to) this.complete(null, turn);
      else this.#fail("the agent or its worker ended before the kernel's answer", turn);
    }
    const { id, route, all_down } = this.#policy;
    if (table !== null && all_down === "unreachable") this.#barrier.set(false);
    const before = this.#active;
    const belief = { active: before, isOwnWord: route === null || this.#barrier.isUp };
    const found = adoptedPath(kernel, this.#paths, belief);
    this.#adopted = true;
    this.#leftover = table;
    if (found === null) return;
    this.#settleOn(found, turn);
    this.#isLaid = table === found;
    if (before !== null && before !== found) turn.audit(surprise(id, found, before));
  }

  /** Also later than adopted: only of a policy that is enabled. */
  #layRoute(turn: Turn): void {
    const path = this.#active;
    if (this.#isLaid || this.#barrier.isUp || path === null) return;
    this.#isLaid = true;
    turn.emit({ kind: "lay-route", policy: this.#policy.id, family: this.family, path });
  }

  #settleOn(path: PathId, turn: Turn): void {
    const before = this.#active;
    this.#active = path;
    this.#leftover = null;
    if (before === path) return;
    this.#isLaid = false;
    if (before !== null) this.#standings.of(before).leave(false, turn.now);
    this.#doubtSince = null;
    this.#standings.of(path).carry(true, turn.now);
    turn.persist();
  }

  /** The decision as it would be taken now; nothing changes by it. */
  decision(overrides: Overrides, lead: Track | null, turn: Pick<Turn, "book" | "now">): Decision {
    if (!this.#adopted) return stay([{ kind: "not-adopted" }]);
    if (this.#pending !== null) return stay([{ kind: "switching", path: this.#pending.to }]);
    return this.#next(overrides, lead, turn);
  }

  /** Without regard to what is under way. */
  #next(overrides: Overrides, lead: Track | null, turn: Pick<Turn, "book" | "now">): Decision {
    const contenders = this.contenders(turn.book);
    if (lead !== null) {
      const { active } = lead;
      const isInformed = lead.isInformed(turn.book);
      return follow(this.#active, { active, isInformed }, contenders, overrides);
    }
    const active = contenders.find(({ path }) => path === this.#active);
    if (active === undefined) return enter(this.#policy, contenders, this.#leftover, turn.now);
    const { pin, hold } = overrides;
    const situation = {
      policy: this.#policy,
      contenders,
      active,
      pin,
      pinReached: this.#pinReached,
      hold,
      dwellUntil: this.#dwell.until(),
      doubtSince: this.#doubtSince,
    };
    return decide(situation, turn.now);
  }

  evaluate(overrides: Overrides, lead: Track | null, turn: Turn): void {
    this.#wakeAt = null;
    if (!this.#adopted) return;
    if (this.#active !== null && overrides.pin?.path === this.#active) this.#pinReached = true;
    if (this.#active === null && this.#leftover === null) this.#startAnywhere(turn);
    this.#layRoute(turn);
    if (lead === null) this.#weighDoubt(turn);
    if (this.#pending !== null) return;
    const decision = this.decision(overrides, lead, turn);
    switch (decision.kind) {
      case "stay":
        this.#wakeAt = decision.wakeAt;
        this.#calmDown(turn);
        return;
      case "move":
        this.order(decision, turn, lead?.lastCause ?? null);
        return;
      case "nowhere":
        this.#announce(decision, turn);
        return;
    }
  }

  /** No table of ours and no default of main names one of our paths: the first with carrier. */
  #startAnywhere(turn: Turn): void {
    const first = firstWithCarrier(this.contenders(turn.book));
    if (first !== undefined) this.#settleOn(first.path, turn);
  }

  /** When the active path comes into doubt, all others are asked, so that the verdict can act. */
  #weighDoubt(turn: Turn): void {
    const active = this.#active === null ? null : turn.book.condition(this.#active, this.family);
    if (active === null || (!active.suspect && active.hardDown === null)) {
      this.#doubtSince = null;
      return;
    }
    if (this.#doubtSince !== null) return;
    this.#doubtSince = turn.now;
    for (const one of this.contenders(turn.book)) {
      if (one.path !== this.#active && isEligible(one)) turn.verify(one.path, this.family);
    }
  }

  #calmDown(turn: Turn): void {
    if (this.#episode.isOver && !this.#barrier.isUp) return;
    const contenders = this.contenders(turn.book);
    const line = lineOf(this.#policy);
    const delay = micros(this.#policy.failback_delay_secs * US_PER_S);
    const isAnyUsable = contenders.some((one) => isUsable(one, line));
    if (this.#episode.settle(isAnyUsable, delay, turn.now)) turn.persist();
    const active = contenders.find(({ path }) => path === this.#active);
    if (active?.condition != null && hardDownOf(active) === null) this.#lift(turn);
  }

  #announce({ hard, reason }: Nowhere, turn: Turn): void {
    if (this.#episode.begin(hard)) {
      this.#record({ type: "failed", cause: "all-down", reason }, turn);
    }
    if (!hard) this.#lift(turn);
    else this.#barrier.raise(this.#place(), turn);
  }

  #place(): Place {
    return { policy: this.#policy, family: this.family, path: this.#active };
  }

  #lift(turn: Turn): void {
    if (this.#barrier.isUp) this.#isLaid = true;
    this.#barrier.lift(this.#place(), turn);
  }

  #record(
    facts: Pick<EventFacts, "type" | "cause" | "reason"> & { readonly duration?: Micros | null },
    turn: Turn,
  ): void {
    const { order, from, to } = this.#pending ?? { order: null, from: this.#active, to: null };
    const subject = { policy: this.#policy, family: this.family };
    turn.record(eventOf({ duration: null, ...facts, order, from, to }, subject, turn.book));
  }

  /** Writes the intent, then orders the switch. */
  order({ to, cause, reason }: Move, turn: Turn, leadCause: MoveCause | null = null): void {
    const from = this.#active ?? this.#leftover;
    const order = turn.takeOrderNumber();
    const wasBad = cause === "hard-down" || cause === "score";
    const counts = wasBad && from !== null && !turn.book.inMaintenance(from);
    this.#pending = { order, from, to, cause, counts };
    this.#record({ type: "triggered", cause, reason }, turn);
    const { id: policy } = this.#policy;
    const flows = flowsOf(this.#policy, cause === "follow" ? leadCause : cause);
    turn.emit({
      kind: "switch",
      ...{ order, policy, family: this.family, from, to, cause, reason, flows },
    });
  }

  /** The route was replaced and read back; null: found so after a restart. Returns the cause. */
  complete(duration: Micros | null, turn: Turn): MoveCause | null {
    const pending = this.#pending;
    if (pending === null) return null;
    const { from, to, cause, counts } = pending;
    const how = duration === null ? "found in the kernel after a restart" : "read back";
    const reason = `${to} carries the traffic: ${how}`;
    this.#record({ type: "completed", cause, reason, duration }, turn);
    this.#pending = null;
    this.#lastCause = cause;
    if (from !== null) this.#standings.of(from).leave(counts, turn.now);
    if (cause === "score" || cause === "failback") this.#dwell.note(turn.now);
    this.#episode.end();
    this.#moveTo(to, turn);
    this.#lift(turn);
    return cause;
  }

  #moveTo(path: PathId, turn: Turn): void {
    const isOurs = this.#paths.includes(path);
    this.#isLaid = true;
    this.#active = isOurs ? path : null;
    this.#leftover = isOurs ? null : path;
    this.#doubtSince = null;
    if (isOurs) this.#standings.of(path).carry(true, turn.now);
  }

  /** The kernel refused: the old route stands, the next candidate is tried. */
  reject(words: string, overrides: Overrides, lead: Track | null, turn: Turn): void {
    const pending = this.#pending;
    if (pending === null) return;
    turn.book.refuse(pending.to, this.family, words);
    const next = this.#next(overrides, lead, turn);
    const isLast = next.kind === "nowhere";
    this.#fail(`${words}${isLast ? "; no other path is left" : ""}`, turn);
    // This failure has told it.
    if (isLast) this.#episode.begin(next.hard);
  }

  /** Nobody will know how what is under way ends. */
  abandon(words: string, turn: Turn): void {
    this.#fail(words, turn);
  }

  #fail(words: string, turn: Turn): void {
    const pending = this.#pending;
    if (pending === null) return;
    const reason = `cannot move to ${pending.to}: ${words}`;
    this.#record({ type: "failed", cause: pending.cause, reason }, turn);
    this.#pending = null;
  }

  isInformed(book: PathBook): boolean {
    return this.contenders(book).some((one) => scoreOf(one) !== null || hardDownOf(one) !== null);
  }

  persisted(now: Instant): PersistedTrack {
    return {
      family: this.family,
      active: this.#active ?? this.#leftover,
      pending: this.#pending,
      softMoves: this.#dwell.persisted(now),
      episode: { ...this.#episode.persisted(), barred: this.#barrier.isUp },
      pinReached: this.#pinReached,
      standings: this.#standings.persisted(now),
    };
  }

  restore(state: PersistedTrack, elapsed: Elapsed, now: Instant): void {
    const span = spanOf(elapsed);
    this.#pending = state.pending;
    if (state.active !== null && this.#paths.includes(state.active)) this.#active = state.active;
    else this.#leftover = state.active;
    this.#pinReached = state.pinReached;
    this.#dwell.restore(state.softMoves, span, now);
    this.#episode.restore(state.episode);
    // The kernel began anew: whatever was done to its tables is undone.
    this.#barrier.set(state.episode.barred && elapsed !== "reboot");
    this.#standings.restore(state.standings, span, now);
  }
}
