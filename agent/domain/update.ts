/** Updates of the program as nouns: how they are configured, their steps, and what is told. */

export interface UpdateWindow {
  /** Minutes of the local day. */
  readonly from: number;
  /** Before or at `from`: of the next day. */
  readonly to: number;
  /** Of the day on which it begins, 0 is Sunday; empty: every day. */
  readonly days: readonly number[];
  /** Name in the time zone database. */
  readonly time_zone: string;
}

export interface UpdateConfig {
  /** Folder of a static server, ends with a slash; null: nothing is looked for. */
  readonly url: string | null;
  readonly channel: string;
  /** Root keys besides those compiled in; null: none. */
  readonly keys_file: string | null;
  /** Take releases without being told to. */
  readonly automatic: boolean;
  /** When it may; empty: at any time. */
  readonly windows: readonly UpdateWindow[];
  readonly check_interval_secs: number;
  /** Up to this much later than the release could be taken, by the node's id. */
  readonly jitter_secs: number;
  /** How long a new release must be well. */
  readonly trial_secs: number;
  /** What is kept of the release before: the file, a delta back to it, or whatever fits. */
  readonly keep: UpdateKeep;
}

export const UPDATE_KEEPS = ["auto", "file", "delta"] as const;
export type UpdateKeep = (typeof UPDATE_KEEPS)[number];

/** What is being done about a release now. */
export const UPDATE_ACTIVITIES = [
  "idle",
  "checking",
  "downloading",
  "staging",
  "trial",
  "rolling-back",
] as const;
export type UpdateActivity = (typeof UPDATE_ACTIVITIES)[number];

/** What happened to a release on this box, oldest first in the life of one. */
export const UPDATE_STEPS = [
  "staged",
  "refused",
  "installed",
  "committed",
  "rolled-back",
  "restored",
  "interrupted",
] as const;
export type UpdateStepName = (typeof UPDATE_STEPS)[number];

export interface UpdateStep {
  /** Grows by one. */
  readonly number: number;
  /** Unix seconds. */
  readonly at: number;
  readonly step: UpdateStepName;
  readonly release: number;
  readonly version: string;
  /** Why, or by whom; empty: nothing to add. */
  readonly detail: string;
}

/** Steps after which an operator should look. */
export function isTrouble(step: UpdateStepName): boolean {
  return step === "refused" || step === "rolled-back" || step === "interrupted";
}
