/**
 * What the failover engine may learn. Time is the argument of `handle`, never in here. The order
 * at start: policies, then restored, then conditions and what the kernel has (adopted).
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Limiting, Status } from "../../domain/status.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import type { OperatorCommand } from "./command.ts";
import type { Elapsed, PersistedState } from "./persisted.ts";

export type RouteFamily = 4 | 6;
export const ROUTE_FAMILIES = [4, 6] as const satisfies readonly RouteFamily[];

/** Why nothing can pass: `probes` is a verdict of liveness, the others are the kernel's word. */
export type HardDownCause = "probes" | "carrier" | "admin-down" | "no-gateway" | "unroutable";

/** Statistics of the window behind a score, for the record of a decision. */
export interface WindowStatistics {
  readonly samples: number;
  readonly latency_ms: number | null;
  readonly packet_loss_pct: number | null;
  readonly jitter_ms: number | null;
  readonly limiting: Limiting;
}

/**
 * All that is known of a path in one family; told whole on every change, also of the newest reply:
 * an emergency takes only who has answered lately.
 */
export interface PathCondition {
  readonly path: PathId;
  readonly family: RouteFamily;
  /** 0 to 100; null: unknown. */
  readonly score: number | null;
  /** `unknown` wins over a score that is still there but stale. */
  readonly status: Status;
  /** null: not hard-down. */
  readonly hardDown: HardDownCause | null;
  /** Probes are overdue; a verdict or an all-clear follows within a second or so. */
  readonly suspect: boolean;
  /** Arrival of the newest reply to any probe, of any target; null: none yet. */
  readonly newestReply: Instant | null;
  readonly window: WindowStatistics | null;
}

/** What the engine needs to know of a configured path. */
export interface FailoverPath {
  readonly id: PathId;
  /** Families in which it has targets. */
  readonly measured: readonly RouteFamily[];
}

export type FailoverInput =
  /** At start and at every reload; policies that did not change keep all their state. */
  | {
      readonly kind: "policies";
      readonly policies: readonly PolicyConfig[];
      readonly paths: readonly FailoverPath[];
    }
  /**
   * What `persisted` returned in an earlier life. `elapsed` since then, or `reboot`: nobody knows,
   * so for every timer no time has passed.
   */
  | {
      readonly kind: "restored";
      readonly state: PersistedState;
      readonly elapsed: Elapsed;
    }
  /**
   * What the kernel has, read at start, for a policy that was added, and after the worker was
   * restarted: the path of metric 1 in the policy's own table, and the one that main's default
   * uses. null: none of ours. Until it comes nothing is decided for that policy and family.
   */
  | {
      readonly kind: "adopted";
      readonly policy: number;
      readonly family: RouteFamily;
      readonly table: PathId | null;
      readonly main: PathId | null;
    }
  | ({ readonly kind: "condition" } & PathCondition)
  /** A link, address or route event of the path's device: a refused route may be taken now. */
  | { readonly kind: "device-changed"; readonly path: PathId; readonly family: RouteFamily }
  /** The route was replaced and read back. */
  | { readonly kind: "switched"; readonly order: number; readonly duration: Micros }
  /** The route was refused, in the kernel's words; the old one stands. */
  | { readonly kind: "rejected"; readonly order: number; readonly words: string }
  /** We (or the worker) did not run between these moments: nothing may be concluded from them. */
  | { readonly kind: "stalled"; readonly from: Instant; readonly to: Instant }
  /** The worker ended: nothing is known of any path until it runs again. */
  | { readonly kind: "worker-lost" }
  | { readonly kind: "command"; readonly command: OperatorCommand };
