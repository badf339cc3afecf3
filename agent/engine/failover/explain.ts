/**
 * Why traffic is where it is: the decision as it would be taken now, with everything that holds a
 * move back, and for each path what keeps it from being the better choice.
 */

import type { PathId } from "../../domain/ids.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import { between } from "../../domain/units.ts";
import type { Contender } from "./contender.ts";
import { hardDownOf, isUsable, scoreOf } from "./contender.ts";
import { holdsBack, lineOf } from "./decide.ts";
import type { Decision, Obstacle } from "./decision.ts";
import type { HardDownCause, RouteFamily } from "./input.ts";
import type { Override, Overrides } from "./override.ts";
import type { PathBook } from "./path-book.ts";
import type { Policy } from "./policy.ts";
import { describeDown, formatScore, formatSpan } from "./wording.ts";

export interface PathExplanation {
  readonly path: PathId;
  readonly isActive: boolean;
  readonly isUsable: boolean;
  readonly score: number | null;
  readonly hardDown: HardDownCause | null;
  readonly failures: number;
  /** What it still needs before traffic returns to it by itself; empty: nothing. */
  readonly holdsBack: readonly Obstacle[];
}

export interface Explanation extends Overrides {
  readonly policy: number;
  readonly family: RouteFamily;
  readonly enabled: boolean;
  readonly active: PathId | null;
  readonly pending: PathId | null;
  readonly isAllDown: boolean;
  readonly decision: Decision;
  /** One sentence per obstacle of the decision, with the time it still takes. */
  readonly sentences: readonly string[];
  readonly paths: readonly PathExplanation[];
}

export interface FamilySnapshot {
  readonly active: PathId | null;
  readonly pending: PathId | null;
  readonly usingPrimary: boolean;
  readonly isAllDown: boolean;
  /** The route is treated as `all_down` says. */
  readonly isBarred: boolean;
}

export interface PolicySnapshot extends Overrides {
  readonly policy: number;
  readonly enabled: boolean;
  readonly failovers: number;
  readonly failbacks: number;
  readonly ipv4: FamilySnapshot;
  readonly ipv6: FamilySnapshot;
  readonly maintenance: readonly (Override & { readonly path: PathId })[];
}

export function explainPolicy(
  policy: Policy,
  family: RouteFamily,
  book: PathBook,
  now: Instant,
): Explanation {
  const track = policy.track(family);
  const isEnabled = policy.isEnabled;
  const decision: Decision = isEnabled
    ? policy.decision(family, { book, now })
    : { kind: "stay", obstacles: [{ kind: "disabled" }], wakeAt: null };
  const describe = (one: Contender): PathExplanation => ({
    path: one.path,
    isActive: one.path === track.active,
    isUsable: isUsable(one, lineOf(policy.config)),
    score: scoreOf(one),
    hardDown: hardDownOf(one),
    failures: one.standing.failures(now),
    holdsBack: holdsBack(one, policy.config, now),
  });
  return {
    ...policy.overrides,
    policy: policy.config.id,
    family,
    enabled: isEnabled,
    active: track.active,
    pending: track.pending?.to ?? null,
    isAllDown: track.isAllDown,
    decision,
    sentences: sentencesOf(decision, now),
    paths: track.contenders(book).map(describe),
  };
}

export function snapshotPolicy(policy: Policy, book: PathBook): PolicySnapshot {
  const paths = policy.track(4).contenders(book);
  return {
    ...policy.overrides,
    ...policy.counts,
    policy: policy.config.id,
    enabled: policy.isEnabled,
    ipv4: familySnapshot(policy, 4),
    ipv6: familySnapshot(policy, 6),
    maintenance: paths.flatMap(({ path }) => {
      const order = book.maintenance().get(path);
      return order === undefined ? [] : [{ ...order, path }];
    }),
  };
}

function familySnapshot(policy: Policy, family: RouteFamily): FamilySnapshot {
  const { active, pending, isAllDown, isBarred } = policy.track(family);
  const usingPrimary = active !== null && active === policy.config.primary;
  return { active, pending: pending?.to ?? null, usingPrimary, isAllDown, isBarred };
}

function sentencesOf(decision: Decision, now: Instant): readonly string[] {
  switch (decision.kind) {
    case "stay":
      return decision.obstacles.map((obstacle) => describeObstacle(obstacle, now));
    case "move":
    case "nowhere":
      return [decision.reason];
  }
}

function remaining(until: Instant, now: Instant): string {
  return formatSpan(Math.max(0, between(now, until)) as Micros);
}

function describeObstacle(obstacle: Obstacle, now: Instant): string {
  switch (obstacle.kind) {
    case "disabled":
      return "the policy is disabled";
    case "not-adopted":
      return "what the kernel uses is not known yet";
    case "switching":
      return `the switch to ${obstacle.path} is under way`;
    case "pinned":
      return `pinned to ${obstacle.path} (${obstacle.mode})`;
    case "held":
      return describeHeld(obstacle, now);
    case "dwell":
      return `moved a moment ago: ${remaining(obstacle.until, now)} to go`;
    case "verifying":
      return `${obstacle.path} is being asked: ${remaining(obstacle.until, now)} at most`;
    case "nowhere":
      return `no usable path to take over from ${obstacle.path}`;
    case "following":
      return `follows IPv4, which goes by ${obstacle.path ?? "no path"}`;
    default:
      return describePathObstacle(obstacle, now);
  }
}

type Held = Extract<Obstacle, { kind: "held" }>;

function describeHeld({ strict, until }: Held, now: Instant): string {
  const what = strict ? "held: no moves" : "held: no voluntary moves";
  return until === null ? what : `${what} for ${remaining(until, now)}`;
}

type OfPath = "score" | "streak" | "penalty" | "unknown" | "suspect";
type PathObstacle = Extract<Obstacle, { kind: OfPath | "hard-down" | "refused" | "maintenance" }>;

function describePathObstacle(obstacle: PathObstacle, now: Instant): string {
  const { path } = obstacle;
  switch (obstacle.kind) {
    case "score":
      return `${path} scores ${formatScore(obstacle.have)}, needs ${formatScore(obstacle.want)}`;
    case "streak":
      return obstacle.until === null
        ? `${path} is not well enough for its time to count`
        : `${path} must stay well for ${remaining(obstacle.until, now)} more`;
    case "penalty":
      return obstacle.until === null
        ? `${path} has failed ${obstacle.failures} times and has not recovered`
        : `${path} waits ${remaining(obstacle.until, now)} after ${obstacle.failures} failures`;
    case "unknown":
      return `${path} is not measured yet`;
    case "suspect":
      return `${path} has not answered its last probes`;
    case "hard-down":
      return `${path} is down: ${describeDown(obstacle.cause)}`;
    case "refused":
      return `the kernel refuses ${path}: ${obstacle.words}`;
    case "maintenance":
      return `${path} is in maintenance`;
  }
}
