/**
 * Paths as the core reads them: a row per path, and one profile per distinct set of settings. With
 * thousands of paths the settings are few, and stay in the processor's nearest cache.
 */

import type { PathLayout } from "./scorer.ts";

export interface Profiles {
  /** PATH_FIELDS per path. */
  readonly rows: Uint32Array;
  /** PROFILE_FIELDS per profile. */
  readonly profiles: readonly number[];
  readonly profileCount: number;
}

export function profilesOf(paths: readonly PathLayout[]): Profiles {
  const numbers = new Map<string, number>();
  const profiles: number[] = [];
  const rows = paths.map((path) => {
    const settings = settingsOf(path);
    const key = settings.join();
    const number = numbers.get(key) ?? numbers.size;
    if (!numbers.has(key)) {
      numbers.set(key, number);
      profiles.push(...settings);
    }
    return [path.firstSeries, path.seriesCount, path.reliability, number];
  });
  return { rows: new Uint32Array(rows.flat()), profiles, profileCount: numbers.size };
}

/** In the order of PROFILE_NAMES; a cap that is off is NaN. */
function settingsOf({ windowProbes, minSamples, thresholds, weights }: PathLayout): number[] {
  const { latency_ms: latency, loss_pct: loss, jitter_ms: jitter } = thresholds;
  return [
    ...[windowProbes, minSamples],
    ...[latency.max, latency.critical ?? Number.NaN],
    ...[loss.max, loss.critical ?? Number.NaN],
    ...[jitter.max, jitter.critical ?? Number.NaN],
    ...[weights.latency, weights.loss, weights.jitter],
  ];
}
