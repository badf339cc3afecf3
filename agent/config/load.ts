/**
 * Whether one worker and one controller can carry all paths together: sums that no single path
 * shows.
 */

import type { PathConfig } from "../domain/config.ts";
import type { KeyOf } from "./keys.ts";
import type { Section } from "./section.ts";
import { rejectKey } from "./section.ts";

/** What the probe table and the worker are built for. */
const TARGETS_MAX = 10_000;
/** The bar of one worker. */
const PROBES_PER_SECOND_MAX = 50_000;
/** Outcomes held in memory, some 30 octets each. */
const OUTCOMES_MAX = 1_000_000;

export function rejectOverload(root: Section<KeyOf<"root">>, paths: readonly PathConfig[]): void {
  let targets = 0;
  let rate = 0;
  let outcomes = 0;
  for (const { targets: own, health } of paths) {
    targets += own.length;
    rate += (own.length * health.probes_per_check) / health.check_interval_secs;
    outcomes += own.length * health.window_probes;
  }
  if (targets > TARGETS_MAX) {
    rejectKey(root, "paths", `cannot probe ${targets} targets: want at most ${TARGETS_MAX}`);
  }
  if (rate > PROBES_PER_SECOND_MAX) {
    const message =
      `cannot send ${Math.round(rate)} probes per second: ` +
      `want at most ${PROBES_PER_SECOND_MAX} over all targets`;
    rejectKey(root, "paths", message);
  }
  if (outcomes > OUTCOMES_MAX) {
    const message =
      `cannot hold ${outcomes} outcomes (window_probes of all targets): ` +
      `want at most ${OUTCOMES_MAX}`;
    rejectKey(root, "paths", message);
  }
}
