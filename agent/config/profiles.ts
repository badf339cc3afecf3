/**
 * The built-in health block and the profiles, which are presets of it. Keys that the operator gives
 * win over the profile, wherever they stand.
 */

import type { HealthConfig, Profile } from "../domain/config.ts";

export const PROFILES = ["fast", "balanced", "metered", "satellite"] as const;

export const DEFAULT_HEALTH: HealthConfig = {
  check_interval_secs: 10,
  // One probe every 2 s to each target.
  probes_per_check: 5,
  probe_timeout_ms: 1_000,
  // 100 s of history at this pace; one lost probe is 2 %, just what loss_pct.max allows.
  window_probes: 50,
  min_samples: 5,
  persist_to_db: true,
  // A row a minute.
  db_persist_interval: 6,
  // A silent black hole is found in 1.7 s (median) to 2.9 s (worst case at 5 ms round trip).
  liveness: { down_after: 4, silence_ms: 800, up_after: 5, confirm_interval_ms: 100 },
  thresholds: {
    latency_ms: { max: 100, critical: 400 },
    loss_pct: { max: 2, critical: 20 },
    jitter_ms: { max: 10, critical: 80 },
  },
  weights: { latency: 0.4, loss: 0.4, jitter: 0.2 },
};

const PRESETS: Readonly<Record<Profile, HealthConfig>> = {
  balanced: DEFAULT_HEALTH,
  // One probe per 100 ms: a black hole is found in 0.4 s up to 200 ms round trip. For wired
  // uplinks: a burst of loss of 0.3 s counts as an outage.
  fast: {
    ...DEFAULT_HEALTH,
    probes_per_check: 100,
    liveness: { ...DEFAULT_HEALTH.liveness, silence_ms: 300, confirm_interval_ms: 40 },
  },
  // One small probe per 30 s; a row in the database stays one a minute.
  metered: {
    ...DEFAULT_HEALTH,
    check_interval_secs: 30,
    probes_per_check: 1,
    db_persist_interval: 2,
  },
  // Two hops of 36,000 km: 600 ms and more are normal.
  satellite: {
    ...DEFAULT_HEALTH,
    probe_timeout_ms: 2_500,
    liveness: { ...DEFAULT_HEALTH.liveness, silence_ms: 2_000 },
    thresholds: { ...DEFAULT_HEALTH.thresholds, latency_ms: { max: 700, critical: 1_500 } },
  },
};

export function presetOf(profile: Profile): HealthConfig {
  return PRESETS[profile];
}

/** A value in which a profile differs from the defaults; `steps` is its key below the block. */
export interface PresetKey {
  readonly steps: readonly string[];
  readonly value: number;
}

export function presetKeys(profile: Profile): readonly PresetKey[] {
  return PRESET_KEYS[profile];
}

function numbersOf(block: object, above: readonly string[] = []): readonly PresetKey[] {
  return Object.entries(block).flatMap(([name, value]: [string, unknown]) => {
    const steps = [...above, name];
    if (typeof value === "number") return [{ steps, value }];
    return typeof value === "object" && value !== null ? numbersOf(value, steps) : [];
  });
}

/** Payload octets unless given: the token alone where every octet costs. */
export function presetSize(profile: Profile): number {
  return profile === "metered" ? 8 : 16;
}

function keysBesideDefaults(preset: HealthConfig): readonly PresetKey[] {
  const standard = new Map(
    numbersOf(DEFAULT_HEALTH).map((one) => [one.steps.join("."), one.value]),
  );
  return numbersOf(preset).filter(({ steps, value }) => standard.get(steps.join(".")) !== value);
}

const PRESET_KEYS: Readonly<Record<Profile, readonly PresetKey[]>> = {
  balanced: [],
  fast: keysBesideDefaults(PRESETS.fast),
  metered: keysBesideDefaults(PRESETS.metered),
  satellite: keysBesideDefaults(PRESETS.satellite),
};
