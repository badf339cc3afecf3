/**
 * The decision for one policy in one family, from everything that is known at one moment: a pure
 * function, without memory. Emergencies first, then orders of operators, then what is voluntary.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import { earliest, micros, US_PER_S } from "../../domain/units.ts";
import { chooseEmergency, chooseSoft, isSettled } from "./candidates.ts";
import type { Contender } from "./contender.ts";
import { hardDownOf, isLinkFact, isUsable, scoreOf } from "./contender.ts";
import type { Decision, Move, Obstacle } from "./decision.ts";
import { stay } from "./decision.ts";
import type { HardDownCause } from "./input.ts";
import type { Hold, Pin } from "./override.ts";
import { describeDown, formatScore, formatSpan } from "./wording.ts";

export interface Situation {
  readonly policy: PolicyConfig;
  /** Every path of the policy in order of priority. */
  readonly contenders: readonly Contender[];
  readonly active: Contender;
  readonly pin: Pin | null;
  /** Traffic has been on the pinned path since the pin: away from it means it died. */
  readonly pinReached: boolean;
  readonly hold: Hold | null;
  readonly dwellUntil: Instant | null;
  /** Since when the active path is suspect or dead; null: it is neither. */
  readonly doubtSince: Instant | null;
}

/** The score below which no path is chosen freely. */
export function lineOf({ backup_threshold, failover_threshold }: PolicyConfig): number {
  return Math.max(backup_threshold, failover_threshold);
}

export function decide(situation: Situation, now: Instant): Decision {
  const { active, hold, pin } = situation;
  if (hold?.strict === true) {
    return stay([{ kind: "held", strict: true, until: hold.expiresAt }], hold.expiresAt);
  }
  const pinned = decidePinned(situation);
  if (pinned !== null) return pinned;
  const down = hardDownOf(active);
  if (down !== null) return leaveDead(situation, down, now);
  // A safe pin leaves what is dead, not what is bad.
  if (pin !== null && pin.path === active.path) return stay([pinObstacle(pin)]);
  if (active.maintenance) return leaveForMaintenance(situation);
  const score = scoreOf(active);
  if (score !== null && score < situation.policy.failover_threshold) {
    return leaveBad(situation, score, now);
  }
  return failBack(situation, now);
}

/** Traffic goes by none of the policy's paths: by `leftover`, which it had once. */
export function enter(
  policy: PolicyConfig,
  contenders: readonly Contender[],
  leftover: PathId | null,
  now: Instant,
): Decision {
  const doubt = { since: now, certain: true };
  const choice = chooseEmergency(contenders, lineOf(policy), doubt, now);
  if (choice.kind !== "chosen") return stay([{ kind: "not-adopted" }]);
  const { path } = choice.contender;
  const reason = `${leftover ?? "no path"} is not one of the policy's paths`;
  return { kind: "move", to: path, cause: "reconfigured", reason, unproven: choice.unproven };
}

/** In order of priority; the pinned path is the first that a safe pin comes back to. */
function ranked({ contenders, pin }: Situation): readonly Contender[] {
  if (pin === null) return contenders;
  const pinned = contenders.filter(({ path }) => path === pin.path);
  return [...pinned, ...contenders.filter(({ path }) => path !== pin.path)];
}

function others(situation: Situation): readonly Contender[] {
  return ranked(situation).filter(({ path }) => path !== situation.active.path);
}

function pinObstacle({ path, mode }: Pin): Obstacle {
  return { kind: "pinned", path, mode };
}

/** null: the pin leaves the decision to the rules. */
function decidePinned({ pin, pinReached, contenders, active }: Situation): Decision | null {
  if (pin === null) return null;
  if (pin.path === active.path) return pin.mode === "strict" ? stay([pinObstacle(pin)]) : null;
  const target = contenders.find(({ path }) => path === pin.path);
  if (target === undefined) return null;
  const down = hardDownOf(target);
  const isBlocked = target.refusal !== null || (down !== null && isLinkFact(down));
  if (pin.mode === "strict") {
    return isBlocked ? stay([pinObstacle(pin), ...faults(target)]) : moveToPin(pin);
  }
  return pinReached || isBlocked || down !== null ? null : moveToPin(pin);
}

function moveToPin({ path, author, reason }: Pin): Move {
  const why = reason === "" ? "" : `: ${reason}`;
  const text = `pinned to ${path} by ${author}${why}`;
  return { kind: "move", to: path, cause: "pin", reason: text, unproven: false };
}

function leaveDead(situation: Situation, down: HardDownCause, now: Instant): Decision {
  const { policy, active, doubtSince } = situation;
  const doubt = { since: doubtSince ?? now, certain: isLinkFact(down) };
  const choice = chooseEmergency(others(situation), lineOf(policy), doubt, now);
  const reason = `${active.path} is down: ${describeDown(down)}`;
  switch (choice.kind) {
    case "nobody":
      return { kind: "nowhere", hard: true, reason: `${reason}; no other path can take over` };
    case "wait": {
      const { path } = choice.contender;
      return stay([{ kind: "verifying", path, until: choice.until }], choice.until);
    }
    case "chosen": {
      const { path } = choice.contender;
      const { unproven } = choice;
      const text = unproven ? `${reason}; ${path} is unproven` : reason;
      return { kind: "move", to: path, cause: "hard-down", reason: text, unproven };
    }
  }
}

function leaveForMaintenance(situation: Situation): Decision {
  const { policy, active, hold } = situation;
  const obstacle: Obstacle = { kind: "maintenance", path: active.path };
  if (hold !== null) return stay([obstacle, heldBy(hold)], hold.expiresAt);
  const line = lineOf(policy);
  const to = others(situation).find((one) => isSettled(one) && isUsable(one, line));
  if (to === undefined) return stay([obstacle, { kind: "nowhere", path: active.path }]);
  const reason = `${active.path} is in maintenance`;
  return { kind: "move", to: to.path, cause: "maintenance", reason, unproven: false };
}

function heldBy({ strict, expiresAt }: Hold): Obstacle {
  return { kind: "held", strict, until: expiresAt };
}

function leaveBad(situation: Situation, score: number, now: Instant): Decision {
  const { policy, active, dwellUntil } = situation;
  const margin = { line: lineOf(policy), minImprovement: policy.min_improvement };
  const choice = chooseSoft(others(situation), score, margin);
  const limit = `below ${policy.failover_threshold}`;
  const reason = `${active.path} scores ${formatScore(score)}, ${limit}`;
  if (choice.kind === "nobody") {
    return { kind: "nowhere", hard: false, reason: `${reason}; no other path is better by enough` };
  }
  const to = choice.contender;
  const have = scoreOf(to) ?? 0;
  if (choice.kind === "too-close") {
    const want = score + policy.min_improvement;
    return stay([{ kind: "score", path: to.path, have, want }]);
  }
  if (dwellUntil !== null && now < dwellUntil) {
    return stay([{ kind: "dwell", until: dwellUntil }], dwellUntil);
  }
  const text = `${reason}; ${to.path} scores ${formatScore(have)}`;
  return { kind: "move", to: to.path, cause: "score", reason: text, unproven: false };
}

/** Back to the best path that has proved itself; one step, whatever lies between. */
function failBack(situation: Situation, now: Instant): Decision {
  const { policy, active, hold, pin, dwellUntil } = situation;
  const contenders = ranked(situation);
  const rank = contenders.findIndex(({ path }) => path === active.path);
  const better = contenders.slice(0, rank).filter(({ path }) => pin === null || path === pin.path);
  const ready = better.find((one) => isReady(one, situation, now));
  if (ready === undefined) {
    const obstacles = better.flatMap((one) => holdsBack(one, policy, now));
    const wakeAt = better.reduce<Instant | null>((next, one) => {
      const full = one.standing.readyAt(now);
      return full === null || full <= now ? next : earliest(next, full);
    }, null);
    return stay(pin === null ? obstacles : [pinObstacle(pin), ...obstacles], wakeAt);
  }
  if (hold !== null) return stay([heldBy(hold)], hold.expiresAt);
  if (dwellUntil !== null && now < dwellUntil) {
    return stay([{ kind: "dwell", until: dwellUntil }], dwellUntil);
  }
  const span = formatSpan(micros(policy.failback_delay_secs * US_PER_S));
  const reason = `${ready.path} has scored ${policy.failback_threshold} or more for ${span}`;
  return { kind: "move", to: ready.path, cause: "failback", reason, unproven: false };
}

function isReady(one: Contender, { policy }: Situation, now: Instant): boolean {
  const full = one.standing.readyAt(now);
  const line = Math.max(lineOf(policy), policy.failback_threshold);
  return isSettled(one) && isUsable(one, line) && full !== null && now >= full;
}

/** What speaks against a path by itself. */
function faults(one: Contender): Obstacle[] {
  const { path, condition, refusal, maintenance } = one;
  const found: Obstacle[] = [];
  const down = hardDownOf(one);
  if (down !== null) found.push({ kind: "hard-down", path, cause: down });
  if (refusal !== null) found.push({ kind: "refused", path, words: refusal });
  if (maintenance) found.push({ kind: "maintenance", path });
  if (condition?.suspect === true && down === null) found.push({ kind: "suspect", path });
  if (scoreOf(one) === null && down === null) found.push({ kind: "unknown", path });
  return found;
}

/** Why traffic does not return to this path, with the time it still takes. */
export function holdsBack(one: Contender, policy: PolicyConfig, now: Instant): Obstacle[] {
  const { path, standing } = one;
  const found = faults(one);
  const have = scoreOf(one);
  const want = Math.max(lineOf(policy), policy.failback_threshold);
  if (have !== null && have < want) found.push({ kind: "score", path, have, want });
  const streak = standing.streakFullAt();
  if (streak === null || now < streak) found.push({ kind: "streak", path, until: streak });
  const penalty = standing.penaltyFullAt(now);
  if (penalty === null || now < penalty) {
    found.push({ kind: "penalty", path, until: penalty, failures: standing.failures(now) });
  }
  return found;
}
