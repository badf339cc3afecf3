/** The record of a decision, with what was known of the paths at that moment. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { pathId } from "../../domain/ids.ts";
import type { Evidence, FailoverEvent } from "./effect.ts";
import type { RouteFamily } from "./input.ts";
import type { PathBook } from "./path-book.ts";

export type EventFacts = Pick<
  FailoverEvent,
  "type" | "order" | "from" | "to" | "cause" | "reason" | "duration"
>;

export interface Subject {
  readonly policy: PolicyConfig;
  readonly family: RouteFamily;
}

export function eventOf(facts: EventFacts, subject: Subject, book: PathBook): FailoverEvent {
  const { policy, family } = subject;
  const primary = pathId(policy.primary);
  const concerned = [facts.from, facts.to].filter((path) => path !== null);
  const backup = concerned.findLast((path) => path !== primary) ?? firstBackup(policy);
  const evidence = (path: PathId) => evidenceOf(path, family, book);
  return {
    ...facts,
    policy: policy.id,
    family,
    primaryScore: evidence(primary).score,
    backupScore: backup === null ? null : evidence(backup).score,
    evidence: concerned.map(evidence),
  };
}

function firstBackup({ backups: [first] }: PolicyConfig): PathId | null {
  return first === undefined ? null : pathId(first);
}

/** A path under a verdict scores 0, whatever its window still says. */
function evidenceOf(path: PathId, family: RouteFamily, book: PathBook): Evidence {
  const condition = book.condition(path, family);
  if (condition === null) return { path, score: null, window: null };
  const { hardDown, status, window } = condition;
  const known = status === "unknown" ? null : condition.score;
  return { path, score: hardDown === null ? known : 0, window };
}

/** A policy as a whole was switched on or off. */
export function policyEvent(policy: PolicyConfig, enabled: boolean, reason: string): FailoverEvent {
  return {
    type: enabled ? "policy_enabled" : "policy_disabled",
    policy: policy.id,
    family: null,
    order: null,
    from: null,
    to: null,
    cause: null,
    reason,
    primaryScore: null,
    backupScore: null,
    evidence: [],
    duration: null,
  };
}
