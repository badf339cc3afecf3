/** Programs that run when something happens, and the file that tells keepalived how we are. */

export const HOOK_EVENTS = [
  "triggered",
  "completed",
  "failed",
  "policy_enabled",
  "policy_disabled",
  "all_down",
  "path_status",
] as const;

export type HookEventName = (typeof HOOK_EVENTS)[number];

export interface HookConfig {
  /** At least one. */
  readonly on: readonly HookEventName[];
  /** The program and its arguments; no shell between. */
  readonly exec: readonly string[];
  /** Only events of this policy; null: of all, and of paths. */
  readonly policy: number | null;
  /** Then the program and its process group are killed. */
  readonly timeout_secs: number;
}

/** What keepalived reads for each state; whole numbers. */
export interface TrackValues {
  readonly primary: number;
  readonly backup: number;
  readonly down: number;
}

export interface TrackFileConfig {
  readonly path: string;
  readonly of:
    | { readonly kind: "policy"; readonly policy: number }
    | { readonly kind: "path"; readonly path: string };
  readonly values: TrackValues;
  /** Least time between two values, unless the later one is that of `down`. */
  readonly dwell_secs: number;
}

export interface CoordinationConfig {
  /** null: none is written. */
  readonly track_file: TrackFileConfig | null;
}

export const NO_COORDINATION: CoordinationConfig = { track_file: null };
