/**
 * The failover decision: (inputs, now) -> effects. It knows no clock, route or disk; it decides on
 * every change, and `nextWakeup` says when time alone may change a decision. All inputs of a call
 * are taken in before anything is decided.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { invariant, unreachable } from "../../domain/invariant.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import { between, earliest, micros, US_PER_S } from "../../domain/units.ts";
import type { FailoverEffect } from "./effect.ts";
import { policyEvent } from "./event.ts";
import type { Explanation, PolicySnapshot } from "./explain.ts";
import { explainPolicy, snapshotPolicy } from "./explain.ts";
import type { FailoverInput, FailoverPath, PathCondition, RouteFamily } from "./input.ts";
import { obey } from "./operator.ts";
import { persistOverride, restoreOverride } from "./override.ts";
import { PathBook } from "./path-book.ts";
import type { PersistedState } from "./persisted.ts";
import { STATE_VERSION, spanOf } from "./persisted.ts";
import { Policy } from "./policy.ts";
import { Turn } from "./turn.ts";

/** A shorter stall leaves windows and sockets as they are; after a longer one all is asked anew. */
const RESUME_MIN = micros(10 * US_PER_S);

type InputOf<K extends FailoverInput["kind"]> = Extract<FailoverInput, { kind: K }>;

export class FailoverEngine {
  readonly #book = new PathBook();
  #policies = new Map<number, Policy>();
  /** Policies by path, so that a condition reaches those that it concerns only. */
  #concerned = new Map<PathId, readonly Policy[]>();
  #paths: readonly FailoverPath[] = [];
  #isConfigured = false;
  #isCold = false;
  #nextOrder = 1;
  readonly #touched = new Set<Policy>();
  #dueAt: Instant | null = null;

  handle(inputs: readonly FailoverInput[], now: Instant): readonly FailoverEffect[] {
    const turn = new Turn(now, this.#book, this.#nextOrder);
    for (const input of inputs) this.#take(input, turn);
    this.#passTime(turn);
    for (const policy of this.#touched) policy.evaluate(turn);
    this.#touched.clear();
    this.#nextOrder = turn.nextOrder;
    this.#dueAt = this.#earliestDue();
    if (turn.mustPersist) turn.emit({ kind: "persist", state: this.persisted(now) });
    return turn.effects;
  }

  /** The moment `handle` should be called with no input at the latest; null: never. */
  nextWakeup(): Instant | null {
    return this.#dueAt;
  }

  /** null: there is no such policy. */
  snapshot(policyId: number): PolicySnapshot | null {
    const policy = this.#policies.get(policyId);
    return policy === undefined ? null : snapshotPolicy(policy, this.#book);
  }

  /** What holds a move back, and for how long; null: there is no such policy. */
  explain(policyId: number, family: RouteFamily, now: Instant): Explanation | null {
    const policy = this.#policies.get(policyId);
    return policy === undefined ? null : explainPolicy(policy, family, this.#book, now);
  }

  /** Paths in maintenance, with who ordered it. */
  get maintenance(): ReturnType<PathBook["maintenance"]> {
    return this.#book.maintenance();
  }

  /** What must outlive the process, as plain JSON. */
  persisted(now: Instant): PersistedState {
    const maintenance = [...this.#book.maintenance()].map(([path, order]) => ({
      ...persistOverride(order, now),
      path,
    }));
    const policies = [...this.#policies.values()].map((policy) => policy.persisted(now));
    return { version: STATE_VERSION, nextOrder: this.#nextOrder, maintenance, policies };
  }

  #take(input: FailoverInput, turn: Turn): void {
    switch (input.kind) {
      case "policies":
        this.#configure(input, turn);
        return;
      case "restored":
        this.#restore(input, turn);
        return;
      case "adopted":
        this.#adopt(input, turn);
        return;
      case "condition":
        this.#learn(input, turn);
        return;
      case "device-changed":
        this.#book.admit(input.path, input.family);
        this.#touchAll(this.#concerned.get(input.path) ?? []);
        return;
      case "switched":
      case "rejected":
        this.#answer(input, turn);
        return;
      case "stalled":
        this.#excuse(between(input.from, input.to), turn);
        return;
      case "worker-lost":
        this.#forget(turn);
        return;
      case "command":
        obey(input.command, this.#realm, turn);
        this.#reobserve(turn);
        return;
      default:
        unreachable(input);
    }
  }

  readonly #realm = {
    policy: (id: number) => this.#policies.get(id) ?? null,
    hasPath: (path: PathId) => this.#paths.some(({ id }) => id === path),
  };

  #touchAll(policies: Iterable<Policy>): void {
    for (const policy of policies) this.#touched.add(policy);
  }

  #configure({ policies, paths }: InputOf<"policies">, turn: Turn): void {
    const known = new Set(this.#paths.map(({ id }) => id));
    this.#paths = paths;
    this.#book.keepOnly(new Set(paths.map(({ id }) => id)));
    const before = this.#policies;
    this.#policies = new Map(
      policies.map((config) => [config.id, this.#place(config, before.get(config.id), turn)]),
    );
    for (const [id, policy] of before) {
      if (this.#policies.has(id)) continue;
      policy.end(turn);
      this.#touched.delete(policy);
    }
    this.#isConfigured = true;
    this.#concerned = new Map(paths.map(({ id }) => [id, this.#policiesWith(id)]));
    for (const { id, measured } of paths) {
      if (known.has(id) || this.#policiesWith(id).length === 0) continue;
      for (const family of measured) turn.warmUp(id, family);
    }
  }

  #policiesWith(path: PathId): readonly Policy[] {
    return [...this.#policies.values()].filter((policy) => policy.has(path));
  }

  /** A policy that did not change is the same object as before. */
  #place(config: PolicyConfig, before: Policy | undefined, turn: Turn): Policy {
    if (before === undefined) return this.#add(config, turn);
    before.rewire(this.#paths);
    if (isSame(before.config, config)) return before;
    const wasEnabled = before.isEnabled;
    before.adjust(config, turn);
    if (before.isEnabled !== wasEnabled) {
      turn.record(policyEvent(config, before.isEnabled, "by the configuration"));
    }
    this.#touched.add(before);
    return before;
  }

  #add(config: PolicyConfig, turn: Turn): Policy {
    const policy = new Policy(config, this.#paths);
    // At start nothing has changed; later somebody wants to know.
    if (this.#isConfigured) {
      policy.observeAll(turn);
      turn.persist();
      if (policy.isEnabled) {
        turn.record(policyEvent(config, true, "added to the configuration"));
      }
    }
    return policy;
  }

  #restore({ state, elapsed }: InputOf<"restored">, turn: Turn): void {
    invariant(this.#isConfigured, "state is restored before the policies are known");
    this.#nextOrder = Math.max(this.#nextOrder, state.nextOrder);
    turn.startAt(this.#nextOrder);
    // From now on ages count in this boot.
    turn.persist();
    // What has run out meanwhile ends now.
    this.#dueAt = turn.now;
    for (const order of state.maintenance) {
      if (!this.#realm.hasPath(order.path)) continue;
      this.#book.maintain(order.path, restoreOverride(order, spanOf(elapsed), turn.now));
    }
    for (const policy of state.policies) {
      this.#policies.get(policy.id)?.restore(policy, elapsed, turn.now);
    }
  }

  #adopt({ policy: id, family, table, main }: InputOf<"adopted">, turn: Turn): void {
    const policy = this.#policies.get(id);
    if (policy === undefined) return;
    policy.adopt(family, { table, main }, turn);
    this.#touched.add(policy);
    if (!this.#isCold) return;
    this.#isCold = false;
    this.#warmUpAll(turn);
  }

  #warmUpAll(turn: Turn): void {
    for (const { id, measured } of this.#paths) {
      if (this.#concerned.get(id)?.length === 0) continue;
      for (const family of measured) turn.warmUp(id, family);
    }
  }

  #learn(condition: PathCondition, turn: Turn): void {
    const { path, family } = condition;
    if (this.#book.take(condition)) turn.warmUp(path, family);
    const concerned = this.#concerned.get(path) ?? [];
    for (const policy of concerned) policy.observe(condition, turn);
    this.#touchAll(concerned);
  }

  #answer(input: InputOf<"switched" | "rejected">, turn: Turn): void {
    for (const policy of this.#policies.values()) {
      const track = policy.waitingFor(input.order);
      if (track === null) continue;
      if (input.kind === "switched") policy.complete(track, input.duration, turn);
      else policy.reject(track, input.words, turn);
      // A refusal concerns all that would go by the path.
      this.#touchAll(this.#policies.values());
      return;
    }
  }

  #excuse(span: Micros, turn: Turn): void {
    for (const policy of this.#policies.values()) policy.void(turn);
    if (span >= RESUME_MIN) this.#warmUpAll(turn);
    this.#touchAll(this.#policies.values());
  }

  #forget(turn: Turn): void {
    this.#isCold = true;
    this.#book.forget();
    for (const policy of this.#policies.values()) {
      policy.void(turn);
      policy.detach();
    }
  }

  /** Maintenance may have begun or ended: what is known counts from now. */
  #reobserve(turn: Turn): void {
    for (const policy of this.#policies.values()) policy.observeAll(turn);
    this.#touchAll(this.#policies.values());
  }

  #passTime(turn: Turn): void {
    if (this.#dueAt === null || turn.now < this.#dueAt) return;
    for (const [path, { author, reason }] of this.#book.expire(turn.now)) {
      const detail = "its time is over";
      const record = { action: "maintenance", author, reason, policy: null, path };
      turn.audit({ ...record, outcome: "expired", detail });
      this.#reobserve(turn);
    }
    for (const policy of this.#policies.values()) {
      const due = policy.nextWakeup();
      if (policy.expire(turn) || (due !== null && turn.now >= due)) this.#touched.add(policy);
    }
  }

  #earliestDue(): Instant | null {
    let next = this.#book.nextExpiry();
    for (const policy of this.#policies.values()) next = earliest(next, policy.nextWakeup());
    return next;
  }
}

/** Configurations are plain JSON, read by one parser: the same text is the same policy. */
function isSame(a: PolicyConfig, b: PolicyConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
