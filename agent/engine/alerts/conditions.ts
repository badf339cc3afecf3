/**
 * What is wrong at the moment, by key: made from inputs, before any rule is asked. A condition that
 * was restored is believed until something speaks of it, or until nothing has for an hour.
 */

import type { AlertType } from "../../domain/alerts.ts";
import type { PathId } from "../../domain/ids.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Instant } from "../../domain/units.ts";
import { after, earliest, micros, US_PER_S } from "../../domain/units.ts";
import type { MoveCause } from "../failover/decision.ts";
import type { FailoverEvent } from "../failover/effect.ts";
import type { RouteFamily } from "../failover/input.ts";
import type { AlertInput, AlertSettings } from "./input.ts";
import { conditionKey, describe } from "./wording.ts";

export interface Condition {
  readonly key: string;
  readonly type: AlertType;
  /** Of paths, the path itself; of a move, the path that was left. */
  readonly path: PathId | null;
  readonly policy: number | null;
  readonly summary: string;
  readonly cause: string;
  readonly since: Instant;
  /** When it ends by itself; null: something has to say so. */
  readonly endsAt: Instant | null;
}

export type Facts = Omit<Condition, "key" | "summary" | "since" | "endsAt"> & {
  /** Tells apart what has the same type. */
  readonly subject: string;
};

/** Nobody says that a restart, a failed move or an update is over: time does. */
const EVENT_LASTS = micros(600 * US_PER_S);
const RESTORED_LASTS = micros(3_600 * US_PER_S);
/** Moves that nobody asked for. */
const FORCED: readonly (MoveCause | "all-down")[] = ["hard-down", "score"];
/** Moves that somebody asked for: where traffic goes is wanted. */
const DECIDED: readonly (MoveCause | "all-down")[] = ["operator", "pin", "maintenance"];

export class Conditions {
  #settings: AlertSettings;
  readonly #all = new Map<string, Condition>();
  /** Families of a policy whose traffic was forced off the primary path. */
  readonly #away = new Map<number, Set<RouteFamily>>();

  constructor(settings: AlertSettings) {
    this.#settings = settings;
  }

  get(key: string): Condition | null {
    return this.#all.get(key) ?? null;
  }

  values(): IterableIterator<Condition> {
    return this.#all.values();
  }

  /** What is of a path or policy that is not configured any more ends. */
  configure(settings: AlertSettings): void {
    this.#settings = settings;
    for (const [key, { path, policy }] of this.#all) {
      const isGone =
        (path !== null && !settings.paths.some(({ id }) => id === path)) ||
        (policy !== null && !settings.policies.some(({ id }) => id === policy));
      if (isGone) this.#all.delete(key);
    }
  }

  restore(condition: Condition, now: Instant): void {
    this.#all.set(condition.key, { ...condition, endsAt: after(now, RESTORED_LASTS) });
  }

  take(input: AlertInput, now: Instant): void {
    switch (input.kind) {
      case "path":
        this.#takePath(input, now);
        return;
      case "failover":
        this.#takeEvent(input.event, now);
        return;
      case "all-down": {
        const { policy, family } = input;
        const facts = { policy, path: null, cause: "", subject: `${policy}/ipv${family}` };
        this.#set({ ...facts, type: "all-down" }, input.phase === "begun", now);
        return;
      }
      case "active":
        this.#takeActive(input);
        return;
      case "budget": {
        const { path, policy, objective: subject, burning } = input;
        const facts = { path, policy, subject, cause: burning ?? "" };
        this.#set({ ...facts, type: "budget-burn" }, burning !== null, now);
        return;
      }
      case "restarted": {
        const facts = { path: null, policy: null, subject: input.process, cause: input.reason };
        this.#event({ ...facts, type: "worker-restart" }, now);
        return;
      }
      case "store": {
        const facts = { path: null, policy: null, subject: input.store, cause: input.fault ?? "" };
        this.#set({ ...facts, type: "store-trouble" }, input.fault !== null, now);
        return;
      }
      case "update": {
        const facts = { path: null, policy: null, subject: "update", cause: input.fault ?? "" };
        this.#set({ ...facts, type: "update-trouble" }, input.fault !== null, now);
        return;
      }
      case "maintenance":
        return;
      default:
        unreachable(input);
    }
  }

  /** Ends what ends by itself. */
  expire(now: Instant): void {
    for (const [key, { endsAt }] of this.#all) {
      if (endsAt !== null && now >= endsAt) this.#all.delete(key);
    }
  }

  nextWakeup(): Instant | null {
    let next: Instant | null = null;
    for (const { endsAt } of this.#all.values()) next = earliest(next, endsAt);
    return next;
  }

  #takePath({ path, status, score, link }: Extract<AlertInput, { kind: "path" }>, now: Instant) {
    // Unknown says nothing: neither that it is well nor that it is not.
    if (status === "unknown") return;
    const points = score === null ? "" : `score ${score.toFixed(0)}`;
    const facts = { path, policy: null, subject: path };
    const isDown = status === "down";
    this.#set({ ...facts, type: "link-down", cause: link ?? "" }, isDown && link !== null, now);
    this.#set({ ...facts, type: "path-down", cause: link ?? "no answer" }, isDown, now);
    // Down is degraded too, so that a path that goes on being bad does not begin anew.
    this.#set({ ...facts, type: "path-degraded", cause: points }, status !== "up", now);
    if (isDown) return;
    for (const { id, paths } of this.#settings.policies) {
      if (paths.includes(path)) this.#endRestoredAllDown(id);
    }
  }

  /** One that was restored has nobody who says that it ended. */
  #endRestoredAllDown(policy: number): void {
    for (const [key, one] of this.#all) {
      if (one.type === "all-down" && one.policy === policy && one.endsAt !== null) {
        this.#all.delete(key);
      }
    }
  }

  #takeEvent({ type, policy, family, from, to, cause, reason }: FailoverEvent, now: Instant): void {
    const facts = { policy, path: from, cause: reason };
    const failed = {
      ...facts,
      type: "failover-failed",
      subject: `${policy}/ipv${family}`,
    } as const;
    if (type === "failed" && cause !== "all-down") this.#event(failed, now);
    if (type !== "completed" || family === null || cause === null) return;
    this.#set(failed, false, now);
    const primary = this.#settings.policies.find(({ id }) => id === policy)?.primary ?? null;
    const away = this.#away.get(policy) ?? new Set();
    const isMoved = this.#all.has(conditionKey("failover", `${policy}`));
    if (to === primary || DECIDED.includes(cause)) away.delete(family);
    else if (FORCED.includes(cause) || isMoved) away.add(family);
    this.#away.set(policy, away);
    const moved = { ...facts, type: "failover", subject: `${policy}` } as const;
    this.#set(moved, away.size > 0, now, to);
  }

  #takeActive({ policy, paths }: Extract<AlertInput, { kind: "active" }>): void {
    const known = this.#settings.policies.find(({ id }) => id === policy);
    const key = conditionKey("failover", `${policy}`);
    const moved = this.#all.get(key);
    if (known === undefined || moved === undefined || paths.length === 0) return;
    if (paths.some((path) => path !== known.primary)) {
      this.#all.set(key, { ...moved, endsAt: null });
      return;
    }
    this.#all.delete(key);
    this.#away.delete(policy);
  }

  #event(facts: Facts, now: Instant): void {
    this.#set(facts, true, now);
    const key = conditionKey(facts.type, facts.subject);
    const known = this.#all.get(key);
    if (known !== undefined) this.#all.set(key, { ...known, endsAt: after(now, EVENT_LASTS) });
  }

  #set(facts: Facts, isWrong: boolean, now: Instant, to: PathId | null = null): void {
    const { subject, ...rest } = facts;
    const key = conditionKey(facts.type, subject);
    const known = this.#all.get(key);
    if (!isWrong) {
      this.#all.delete(key);
      return;
    }
    // The path that was left first stays the reason, also when a backup fails later.
    if (known !== undefined && facts.type === "failover") {
      this.#all.set(key, { ...known, endsAt: null });
      return;
    }
    const since = known?.since ?? now;
    const summary = describe(facts, to, this.#settings);
    this.#all.set(key, { ...rest, key, summary, since, endsAt: null });
  }
}
