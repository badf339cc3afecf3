/**
 * What the alert engine may learn. Time is the argument of `handle`. Conditions are told when they
 * change and may be told again: what is known already changes nothing.
 */

import type { AlertRule, Notification, QuietHours, Severity } from "../../domain/alerts.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Status } from "../../domain/status.ts";
import type { Instant, UnixMillis } from "../../domain/units.ts";
import type { FailoverEvent } from "../failover/effect.ts";
import type { RouteFamily } from "../failover/input.ts";
import type { SavedAlerts } from "./persisted.ts";

/** Both clocks, read once. */
export interface Now {
  readonly at: Instant;
  readonly wall: UnixMillis;
}

export type AlertInput =
  /** `link`: what the kernel says against the device; null: nothing. */
  | {
      readonly kind: "path";
      readonly path: PathId;
      readonly status: Status;
      readonly score: number | null;
      readonly link: string | null;
    }
  | { readonly kind: "failover"; readonly event: FailoverEvent }
  | {
      readonly kind: "all-down";
      readonly policy: number;
      readonly family: RouteFamily;
      readonly phase: "begun" | "ended";
    }
  /** Where traffic of a policy goes, as far as it is known. */
  | { readonly kind: "active"; readonly policy: number; readonly paths: readonly PathId[] }
  /** All that are in maintenance. */
  | { readonly kind: "maintenance"; readonly paths: readonly PathId[] }
  /** An objective of the service level, of a path or a policy. */
  | {
      readonly kind: "budget";
      readonly objective: string;
      readonly path: PathId | null;
      readonly policy: number | null;
      /** null: the budget does not burn too fast. */
      readonly burning: string | null;
    }
  /** The supervisor started a process again. */
  | { readonly kind: "restarted"; readonly process: string; readonly reason: string }
  /** null: the store is well. */
  | { readonly kind: "store"; readonly store: string; readonly fault: string | null }
  /** null: the update went well, or there is none. */
  | { readonly kind: "update"; readonly fault: string | null };

export interface AlertPath {
  readonly id: PathId;
  readonly name: string;
}

export interface AlertPolicy {
  readonly id: number;
  readonly name: string;
  readonly primary: PathId;
  readonly paths: readonly PathId[];
}

export interface AlertChannel {
  readonly name: string;
  readonly minSeverity: Severity;
  readonly sendResolved: boolean;
}

export interface AlertSettings {
  readonly rules: readonly AlertRule[];
  readonly channels: readonly AlertChannel[];
  readonly paths: readonly AlertPath[];
  readonly policies: readonly AlertPolicy[];
  readonly groupSecs: number;
  readonly quietHours: readonly QuietHours[];
}

export type AlertEffect =
  | { readonly kind: "notify"; readonly channel: string; readonly notification: Notification }
  /** For the history: as it was told, or would have been if there were a channel for it. */
  | { readonly kind: "record"; readonly notification: Notification }
  /** Replaces what was persisted before. */
  | { readonly kind: "persist"; readonly state: SavedAlerts };
