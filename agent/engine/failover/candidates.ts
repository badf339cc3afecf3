/**
 * Who may take over. A dead path is left for the first one that works, without margin; a path that
 * is only bad is left for one that is better by a margin, or not at all.
 */

import type { Instant } from "../../domain/units.ts";
import { after, between, micros, US_PER_S } from "../../domain/units.ts";
import type { Contender } from "./contender.ts";
import { hardDownOf, isEligible, isLinkFact, isUsable, scoreOf } from "./contender.ts";

/** A reply that is older proves nothing to a decision that cannot wait for the next one. */
const FRESH = micros(3 * US_PER_S);
/** Three probes at confirm pace and the longest usual answer; then silence is an answer. */
export const VERIFY_SPAN = micros(US_PER_S);

export interface Chosen {
  readonly kind: "chosen";
  readonly contender: Contender;
  /** Taken although nothing is known of it: all others are worse. */
  readonly unproven: boolean;
}

export type EmergencyChoice =
  | Chosen
  /** The verify burst of a better choice is under way. */
  | { readonly kind: "wait"; readonly contender: Contender; readonly until: Instant }
  | { readonly kind: "nobody" };

/** What the emergency may rely on. */
export interface Doubt {
  /** When the active path became suspect (or dead, if it never was suspect). */
  readonly since: Instant;
  /** The active path is dead by the kernel's word: nothing is gained by waiting. */
  readonly certain: boolean;
}

/** Who takes over from a dead path; `others` are in order of priority. */
export function chooseEmergency(
  others: readonly Contender[],
  line: number,
  doubt: Doubt,
  now: Instant,
): EmergencyChoice {
  const eligible = others.filter(isEligible);
  const tiers = [
    eligible.filter((one) => isUsable(one, line)),
    // Score 0: the window holds no reply at all.
    byScore(eligible.filter((one) => !isUsable(one, line) && (scoreOf(one) ?? 0) > 0)),
    eligible.filter((one) => scoreOf(one) === null),
  ];
  for (const [tier, contenders] of tiers.entries()) {
    const proven = contenders.find((one) => doubt.certain || isVerified(one, doubt.since, now));
    if (proven !== undefined) {
      return { kind: "chosen", contender: proven, unproven: tier === tiers.length - 1 };
    }
    const until = after(doubt.since, VERIFY_SPAN);
    const [first] = contenders;
    if (first !== undefined && now < until) return { kind: "wait", contender: first, until };
  }
  return { kind: "nobody" };
}

/** Best first; of equal ones the first by priority. */
function byScore(contenders: readonly Contender[]): readonly Contender[] {
  return contenders.toSorted((a, b) => (scoreOf(b) ?? 0) - (scoreOf(a) ?? 0));
}

/** It answered lately, or since the doubt began, and nothing sent to it is overdue. */
function isVerified({ condition }: Contender, doubtSince: Instant, now: Instant): boolean {
  if (condition === null || condition.suspect || condition.newestReply === null) return false;
  const { newestReply } = condition;
  return newestReply >= doubtSince || between(newestReply, now) <= FRESH;
}

export interface Margin {
  readonly line: number;
  readonly minImprovement: number;
}

export type SoftChoice =
  | Chosen
  /** Usable, and not better by enough. */
  | { readonly kind: "too-close"; readonly contender: Contender }
  | { readonly kind: "nobody" };

/** Who takes over from a path that is alive with this score. */
export function chooseSoft(
  others: readonly Contender[],
  active: number,
  { line, minImprovement }: Margin,
): SoftChoice {
  const known = others.filter((one) => isSettled(one) && scoreOf(one) !== null);
  const better = known.filter((one) => (scoreOf(one) ?? 0) >= active + minImprovement);
  const found = better.find((one) => isUsable(one, line)) ?? byScore(better)[0];
  if (found !== undefined) return { kind: "chosen", contender: found, unproven: false };
  const [closest] = byScore(known.filter((one) => isUsable(one, line)));
  return closest === undefined ? { kind: "nobody" } : { kind: "too-close", contender: closest };
}

/** Eligible and not in doubt: for moves that can wait until the doubt is over. */
export function isSettled(contender: Contender): boolean {
  return isEligible(contender) && contender.condition?.suspect !== true;
}

/** Where traffic is taken to be when nothing tells; undefined: there is no link. */
export function firstWithCarrier(contenders: readonly Contender[]): Contender | undefined {
  const hasCarrier = (one: Contender) => {
    const down = hardDownOf(one);
    return one.condition !== null && (down === null || !isLinkFact(down));
  };
  return contenders.find(isEligible) ?? contenders.find(hasCarrier);
}
