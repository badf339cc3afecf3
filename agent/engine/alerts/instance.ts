/**
 * A rule that found a condition: waiting, told, or over. It knows its own times; whether something
 * else hides it is not its matter.
 */

import type { Alert, AlertRule } from "../../domain/alerts.ts";
import { pathId } from "../../domain/ids.ts";
import type { Instant, UnixMillis } from "../../domain/units.ts";
import { after, between, micros, US_PER_MS, US_PER_S, unixMillis } from "../../domain/units.ts";
import type { Condition } from "./conditions.ts";
import type { Now } from "./input.ts";
import type { SavedAlert } from "./persisted.ts";

/** The alert as it was told, and to which channels. */
export interface Told {
  readonly alert: Alert;
  readonly channels: readonly string[];
}

export interface Over {
  readonly at: Instant;
  readonly wall: UnixMillis;
}

export interface Instance {
  readonly rule: AlertRule;
  /** When the rule met the condition: later than its start if the rule is newer. */
  readonly metAt: Instant;
  /** As it was seen last. */
  condition: Condition;
  told: Told | null;
  /** The condition has ended; null: it has not. */
  over: Over | null;
  /** It is a part of something that was told, and never told by itself. */
  absorbed: boolean;
}

export function instanceKey(rule: Pick<AlertRule, "name">, conditionKey: string): string {
  return `${rule.name} ${conditionKey}`;
}

export function newInstance(rule: AlertRule, condition: Condition, metAt: Instant): Instance {
  return { rule, metAt, condition, told: null, over: null, absorbed: false };
}

/** When it has lasted long enough to be told. */
export function dueAt({ rule, condition }: Instance): Instant {
  return after(condition.since, micros(rule.for_secs * US_PER_S));
}

/** When its end may be told; null: it goes on. */
export function endAt({ rule, over }: Instance): Instant | null {
  return over === null ? null : after(over.at, micros(rule.keep_secs * US_PER_S));
}

/**
 * What a message about it names. Of one that was told that stays as it was told, while the
 * condition may have gone on to another path of the policy.
 */
export function subjectOf({ condition, told }: Instance): Pick<Condition, "path" | "policy"> {
  if (told === null) return condition;
  const { path_id, policy_id: policy } = told.alert;
  return { path: path_id === null ? null : pathId(path_id), policy };
}

export function watches(rule: AlertRule, { type, path, policy }: Condition): boolean {
  if (rule.on !== type) return false;
  if (rule.paths.length > 0 && (path === null || !rule.paths.includes(path))) return false;
  return rule.policies.length === 0 || (policy !== null && rule.policies.includes(policy));
}

export function alertOf(
  { rule, metAt, condition }: Instance,
  consequences: readonly string[],
  { at, wall }: Now,
): Alert {
  const wallAt = (then: Instant) => unixMillis(Math.floor(wall - between(then, at) / US_PER_MS));
  const started = wallAt(condition.since);
  return {
    // A rule that was taken away and came back tells what still goes on as another alert.
    id: `${rule.name}/${condition.key}/${wallAt(metAt)}`,
    rule: rule.name,
    type: condition.type,
    severity: rule.severity,
    status: "firing",
    summary: condition.summary,
    path_id: condition.path,
    policy_id: condition.policy,
    cause: condition.cause,
    consequences,
    started_at_ms: started,
    resolved_at_ms: null,
  };
}

export function saved({ condition, told, over }: Instance): SavedAlert[] {
  if (told === null) return [];
  const { alert, channels } = told;
  return [{ key: condition.key, alert, told: channels, over: over?.wall ?? null }];
}

/** `rule` may be one that is not configured any more. */
export function restoredInstance(one: SavedAlert, rule: AlertRule, now: Now): Instance {
  const { key, alert, told: channels, over } = one;
  const age = Math.max(0, now.wall - alert.started_at_ms) * US_PER_MS;
  const condition: Condition = {
    key,
    type: alert.type,
    path: alert.path_id === null ? null : pathId(alert.path_id),
    policy: alert.policy_id,
    summary: alert.summary,
    cause: alert.cause,
    since: after(now.at, micros(-age)),
    endsAt: null,
  };
  const told = { alert, channels };
  const ended = over === null ? null : { at: now.at, wall: over };
  return { rule, metAt: condition.since, condition, told, over: ended, absorbed: false };
}

/** What is left of a rule that is gone: enough to tell the end of its alerts. */
export function orphanRule({ rule, type, severity }: Alert): AlertRule {
  const nobody = { paths: [], policies: [], channels: [] };
  return { name: rule, on: type, severity, for_secs: 0, keep_secs: 0, ...nobody };
}
