/** Policies, overrides and explanations as the HTTP surface shows them. */

import type { Instant, UnixSeconds } from "../../domain/units.ts";
import { between, US_PER_S, unixSeconds } from "../../domain/units.ts";
import type { Obstacle } from "../../engine/failover/decision.ts";
import type {
  Explanation,
  PathExplanation,
  PolicySnapshot,
} from "../../engine/failover/explain.ts";
import type { Hold, Override, Pin } from "../../engine/failover/override.ts";
import type {
  ExplanationBody,
  HoldBody,
  ObstacleBody,
  OverrideBody,
  PathExplanationBody,
  PinBody,
  PolicyBody,
} from "../../io/http/failover-view.ts";
import type { Clock } from "../ports.ts";
import type { EffectivePolicy } from "./ports.ts";

/** One moment on both clocks. */
export interface Now {
  readonly monotonic: Instant;
  /** Unix milliseconds. */
  readonly wall: number;
}

export function nowOf(clock: Clock): Now {
  return { monotonic: clock.monotonic(), wall: clock.wall() };
}

export function policyBody(
  { config, origin }: EffectivePolicy,
  snapshot: PolicySnapshot,
  now: Now,
): PolicyBody {
  const { ipv4, ipv6 } = snapshot;
  const shown = ipv4.active === null ? ipv6 : ipv4;
  return {
    policy_id: config.id,
    name: config.name,
    primary_path_id: config.primary,
    backup_path_ids: config.backups,
    failover_threshold: config.failover_threshold,
    failback_threshold: config.failback_threshold,
    failback_delay_secs: config.failback_delay_secs,
    enabled: snapshot.enabled,
    active_path_id: ipv4.active,
    active_path_id_v6: ipv6.active,
    using_primary: shown.usingPrimary,
    failover_count: snapshot.failovers,
    failback_count: snapshot.failbacks,
    pending_path_id: ipv4.pending,
    pending_path_id_v6: ipv6.pending,
    all_down_now: ipv4.isAllDown || ipv6.isAllDown,
    origin,
    backup_threshold: config.backup_threshold,
    min_improvement: config.min_improvement,
    dwell_secs: config.dwell_secs,
    route: config.route,
    all_down: config.all_down,
    flows: config.flows,
    pin: pinBody(snapshot.pin, now),
    hold: holdBody(snapshot.hold, now),
    maintenance: snapshot.maintenance.map((one) => ({
      ...overrideBody(one, now),
      path_id: one.path,
    })),
  };
}

export function explanationBody(explanation: Explanation, now: Now): ExplanationBody {
  const { decision } = explanation;
  return {
    policy_id: explanation.policy,
    family: explanation.family,
    enabled: explanation.enabled,
    active_path_id: explanation.active,
    pending_path_id: explanation.pending,
    all_down: explanation.isAllDown,
    decision: decision.kind,
    reason: decision.kind === "stay" ? null : decision.reason,
    to_path_id: decision.kind === "move" ? decision.to : null,
    obstacles:
      decision.kind === "stay" ? decision.obstacles.map((one) => obstacleBody(one, now)) : [],
    sentences: explanation.sentences,
    pin: pinBody(explanation.pin, now),
    hold: holdBody(explanation.hold, now),
    paths: explanation.paths.map((one) => pathBody(one, now)),
  };
}

function pathBody(one: PathExplanation, now: Now): PathExplanationBody {
  return {
    path_id: one.path,
    is_active: one.isActive,
    is_usable: one.isUsable,
    health_score: one.score,
    hard_down: one.hardDown,
    failures: one.failures,
    obstacles: one.holdsBack.map((obstacle) => obstacleBody(obstacle, now)),
  };
}

function obstacleBody(obstacle: Obstacle, now: Now): ObstacleBody {
  const until = "until" in obstacle ? obstacle.until : null;
  return {
    kind: obstacle.kind,
    path_id: "path" in obstacle ? obstacle.path : null,
    remaining_secs: until === null ? null : Math.max(0, between(now.monotonic, until) / US_PER_S),
  };
}

function overrideBody({ author, reason, since, expiresAt }: Override, now: Now): OverrideBody {
  const expires_at = expiresAt === null ? null : wallOf(expiresAt, now);
  return { author, reason, since: wallOf(since, now), expires_at };
}

function pinBody(pin: Pin | null, now: Now): PinBody | null {
  return pin === null ? null : { ...overrideBody(pin, now), path_id: pin.path, mode: pin.mode };
}

function holdBody(hold: Hold | null, now: Now): HoldBody | null {
  return hold === null ? null : { ...overrideBody(hold, now), strict: hold.strict };
}

function wallOf(at: Instant, { monotonic, wall }: Now): UnixSeconds {
  return unixSeconds(wall / 1_000 + between(monotonic, at) / US_PER_S);
}
