/**
 * What the failover engine asks for. Performed in order by the driver: an intent is always written
 * before its switch is ordered. A fault while writing must not stop or repeat a switch.
 */

import type { AllDown } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Micros } from "../../domain/units.ts";
import type { MoveCause } from "./decision.ts";
import type { RouteFamily, WindowStatistics } from "./input.ts";
import type { PersistedState } from "./persisted.ts";

export type FailoverEventType =
  | "triggered"
  | "completed"
  | "failed"
  | "policy_enabled"
  | "policy_disabled";

/** What was known of a path when the decision was taken. */
export interface Evidence {
  readonly path: PathId;
  readonly score: number | null;
  readonly window: WindowStatistics | null;
}

/** What is stored; the time is the driver's. */
export interface FailoverEvent {
  readonly type: FailoverEventType;
  readonly policy: number;
  /** null: of the policy as a whole. */
  readonly family: RouteFamily | null;
  /** Ties a completed or failed to its triggered; null: no switch was ordered. */
  readonly order: number | null;
  readonly from: PathId | null;
  readonly to: PathId | null;
  /** null: nothing to move, the policy was enabled or disabled. */
  readonly cause: MoveCause | "all-down" | null;
  readonly reason: string;
  readonly primaryScore: number | null;
  /** Of the backup that is concerned: `to`, else `from`, else the first one. */
  readonly backupScore: number | null;
  readonly evidence: readonly Evidence[];
  /** From the order to the verified route; null: not measured. */
  readonly duration: Micros | null;
}

/** What an operator did, or what ended it. */
export interface AuditRecord {
  readonly action: string;
  readonly author: string;
  readonly reason: string;
  readonly policy: number | null;
  readonly path: PathId | null;
  readonly outcome: "done" | "refused" | "expired" | "noted";
  readonly detail: string;
}

export interface SwitchOrder {
  readonly order: number;
  readonly policy: number;
  readonly family: RouteFamily;
  readonly from: PathId | null;
  readonly to: PathId;
  readonly cause: MoveCause;
  readonly reason: string;
  /** What becomes of the connections of `from`, after the route was verified. */
  readonly flows: "reset" | "keep";
}

export type FailoverEffect =
  | { readonly kind: "record"; readonly event: FailoverEvent }
  /** Answered by `switched` or `rejected`, always. */
  | ({ readonly kind: "switch" } & SwitchOrder)
  /** Traffic is taken to go by this path, but our own table does not say so: write it, no event. */
  | {
      readonly kind: "lay-route";
      readonly policy: number;
      readonly family: RouteFamily;
      readonly path: PathId;
    }
  /** So many probes at confirm pace, now: does it answer at all? */
  | {
      readonly kind: "verify";
      readonly path: PathId;
      readonly family: RouteFamily;
      readonly probes: number;
    }
  /** `min_samples` probes 200 ms apart, metered or not. */
  | { readonly kind: "warm-up"; readonly path: PathId; readonly family: RouteFamily }
  /** Nothing passes anywhere: treat the route as `handling` says; ended: as if it never was. */
  | {
      readonly kind: "all-down";
      readonly policy: number;
      readonly family: RouteFamily;
      readonly phase: "begun" | "ended";
      readonly handling: AllDown;
      readonly path: PathId | null;
    }
  | { readonly kind: "audit"; readonly record: AuditRecord }
  /** Replaces what was persisted before. */
  | { readonly kind: "persist"; readonly state: PersistedState };
