/** What the supervisor tells the controller of updates. */

import type { KnownFile, UpdateMemory } from "../../update/memory.ts";
import type { ReleaseName, UpdateReport } from "../../wire/update-frames.ts";

/** Of the moment; the rest is remembered. */
export interface ReportNow {
  readonly activity: UpdateReport["activity"];
  readonly sha256: string | null;
  readonly rootKeys: readonly string[];
  readonly trial: UpdateReport["trial"];
  readonly problem: string | null;
}

export function reportOf(memory: UpdateMemory, now: ReportNow): UpdateReport {
  const { activity, sha256, rootKeys, trial, problem } = now;
  const { bad, previous, steps, noted } = memory;
  return {
    ...{ activity, sha256, trial, bad, steps, noted },
    root_keys: rootKeys,
    highest_release: memory.highestRelease,
    keys_version: memory.keysVersion,
    min_release: memory.minRelease,
    seen_at: memory.seenAt,
    previous: previous === null ? null : nameOf(previous),
    problem,
  };
}

export function nameOf({ release, version }: KnownFile): ReleaseName {
  return { release, version };
}
