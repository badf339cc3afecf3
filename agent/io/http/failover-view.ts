/**
 * What the HTTP surface may ask of the failover and order it to do. The controller implements it.
 * Values carry the names of the JSON they become; times are Unix seconds, spans say their unit.
 */

import type {
  AuditQuery,
  EventQuery,
  PolicyOrigin,
  RecordedAudit,
  RecordedEvent,
  RecordPage,
} from "../../controller/failover/ports.ts";
import type { AllDown, Flows } from "../../domain/config.ts";
import type { RouteConfig } from "../../domain/selector.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import type { OperatorCommand, PinMode } from "../../engine/failover/command.ts";
import type { RouteFamily } from "../../engine/failover/input.ts";

export interface OverrideBody {
  readonly author: string;
  readonly reason: string;
  readonly since: UnixSeconds;
  /** null: until it is taken back. */
  readonly expires_at: UnixSeconds | null;
}

export interface PinBody extends OverrideBody {
  readonly path_id: string;
  readonly mode: PinMode;
}

export interface HoldBody extends OverrideBody {
  readonly strict: boolean;
}

export interface MaintenanceBody extends OverrideBody {
  readonly path_id: string;
}

/** A policy and where its traffic is. */
export interface PolicyBody {
  readonly policy_id: number;
  readonly name: string;
  readonly primary_path_id: string;
  readonly backup_path_ids: readonly string[];
  readonly failover_threshold: number;
  readonly failback_threshold: number;
  readonly failback_delay_secs: number;
  readonly enabled: boolean;
  /** null: not known yet, or no route of ours. */
  readonly active_path_id: string | null;
  readonly active_path_id_v6: string | null;
  /** Of IPv4; of IPv6 where IPv4 is not routed. */
  readonly using_primary: boolean;
  readonly failover_count: number;
  readonly failback_count: number;
  /** A switch is ordered and not answered yet. */
  readonly pending_path_id: string | null;
  readonly pending_path_id_v6: string | null;
  readonly all_down_now: boolean;
  readonly origin: PolicyOrigin;
  readonly backup_threshold: number;
  readonly min_improvement: number;
  readonly dwell_secs: number;
  readonly route: RouteConfig | null;
  readonly all_down: AllDown;
  readonly flows: Flows;
  readonly pin: PinBody | null;
  readonly hold: HoldBody | null;
  readonly maintenance: readonly MaintenanceBody[];
}

export interface FailoverSnapshot {
  readonly timestamp: UnixSeconds;
  readonly policies: readonly PolicyBody[];
}

/** Something that keeps traffic from moving: what, and how long it still takes. */
export interface ObstacleBody {
  readonly kind: string;
  readonly path_id: string | null;
  /** null: nobody knows, it is not running, or time does not end it. */
  readonly remaining_secs: number | null;
}

export interface PathExplanationBody {
  readonly path_id: string;
  readonly is_active: boolean;
  readonly is_usable: boolean;
  readonly health_score: number | null;
  readonly hard_down: string | null;
  readonly failures: number;
  /** What it still needs before traffic returns to it by itself. */
  readonly obstacles: readonly ObstacleBody[];
}

export interface ExplanationBody {
  readonly policy_id: number;
  readonly family: RouteFamily;
  readonly enabled: boolean;
  readonly active_path_id: string | null;
  readonly pending_path_id: string | null;
  readonly all_down: boolean;
  readonly decision: "stay" | "move" | "nowhere";
  /** Of a move or of having nowhere to go. */
  readonly reason: string | null;
  readonly to_path_id: string | null;
  readonly obstacles: readonly ObstacleBody[];
  /** The obstacles as sentences. */
  readonly sentences: readonly string[];
  readonly pin: PinBody | null;
  readonly hold: HoldBody | null;
  readonly paths: readonly PathExplanationBody[];
}

export interface UnknownPolicy {
  readonly kind: "unknown-policy";
}

export type CommandOutcome =
  | { readonly kind: "done" }
  /** Of the engine, in its words. */
  | { readonly kind: "refused"; readonly reason: string }
  | UnknownPolicy
  | { readonly kind: "unknown-path" };

export interface FieldProblem {
  /** Path of the key, such as `route.match[0].to`; empty: the body as a whole. */
  readonly field: string;
  readonly message: string;
}

export type PolicyOutcome =
  | { readonly kind: "done"; readonly policy: PolicyBody }
  | { readonly kind: "invalid"; readonly problems: readonly FieldProblem[] }
  /** It is of the configuration file, or the id is taken. */
  | { readonly kind: "conflict"; readonly reason: string }
  | UnknownPolicy;

export type DeleteOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "conflict"; readonly reason: string }
  | UnknownPolicy;

export interface Author {
  readonly author: string;
  readonly reason: string;
}

/** One policy as the metrics need it. */
export interface PolicyMetrics {
  readonly id: number;
  readonly name: string;
  /** Of IPv4, else of IPv6; null: not known yet. */
  readonly active: string | null;
  readonly usingPrimary: boolean;
  /** In order of priority, the primary first. */
  readonly paths: readonly string[];
  readonly failovers: number;
}

/** Cumulative, as Prometheus has it: `counts[i]` switches took at most `bounds[i]` seconds. */
export interface SwitchDurations {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** Cheap: read at every scrape, nothing but fields of memory. */
export interface FailoverMetrics {
  readonly policies: readonly PolicyMetrics[];
  /** Decision to verified route. */
  readonly switches: SwitchDurations;
  /** Events and audit records not yet on disk, and lost for want of memory. */
  readonly pendingRecords: number;
  readonly droppedRecords: number;
}

export interface FailoverView {
  snapshot(): FailoverSnapshot;
  /** null: no such policy. */
  policy(id: number): PolicyBody | null;
  events(query: EventQuery): RecordPage<RecordedEvent>;
  audits(query: AuditQuery): RecordPage<RecordedAudit>;
  /** `family` null: IPv4, or IPv6 where only that is routed. null: no such policy. */
  explain(id: number, family: RouteFamily | null): ExplanationBody | null;
  command(command: OperatorCommand): CommandOutcome;
  /**
   * `body`: JSON under the names of the configuration (`id`, `primary`, `backups`, ...), in which
   * problems are told too. Only policies that the API made can change.
   */
  createPolicy(body: unknown, by: Author): PolicyOutcome;
  updatePolicy(id: number, body: unknown, by: Author): PolicyOutcome;
  deletePolicy(id: number, by: Author): DeleteOutcome;
  /** The rules and routes as they should be, and as the kernel has them: plain JSON. */
  routes(): object;
  metrics(): FailoverMetrics;
}
