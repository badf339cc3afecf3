/**
 * The health block: `health:` of the file and of a path, over a profile. Reading keeps what a block
 * says; checking looks at the merged result, because a path may complete what the file began.
 */

import type {
  HealthConfig,
  LivenessConfig,
  Threshold,
  Thresholds,
  Weights,
} from "../domain/config.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Section } from "./section.ts";
import { has, itemAt, readFlag, readInteger, readNumber, subsection } from "./section.ts";

export type HealthSection = Section<KeyOf<"health">>;

/** The 8 bits of the probe table. */
const COUNT_MAX = 255;
/** A minute without an answer is loss on any medium. */
const TIMEOUT_MAX_MS = 60_000;
/** One outcome lost in 4,096 is 0.02 %; the window of a path lies in memory. */
export const WINDOW_MAX = 4_096;
/** Below 5 a single lost probe is more than 20 % loss. */
export const WINDOW_MIN = 5;
/** A score divides by `max`; a thousandth is as good as none. */
const LIMIT_MIN = 0.001;
const SECONDS_PER_DAY = 86_400;

/** Reads a health block over `base`. */
export function readHealth(section: HealthSection, base: HealthConfig): HealthConfig {
  const counts = { min: 1, max: 10_000 };
  const window = { min: WINDOW_MIN, max: WINDOW_MAX, unit: "probes" };
  const timeout = { min: 10, max: TIMEOUT_MAX_MS, unit: "ms" };
  const interval = { min: 1, max: SECONDS_PER_DAY, unit: "s" };
  return {
    check_interval_secs: readInteger(
      section,
      "check_interval_secs",
      interval,
      base.check_interval_secs,
    ),
    probes_per_check: readInteger(section, "probes_per_check", counts, base.probes_per_check),
    probe_timeout_ms: readInteger(section, "probe_timeout_ms", timeout, base.probe_timeout_ms),
    window_probes: readInteger(section, "window_probes", window, base.window_probes),
    min_samples: readInteger(
      section,
      "min_samples",
      { min: 1, max: WINDOW_MAX, unit: "probes" },
      base.min_samples,
    ),
    persist_to_db: readFlag(section, "persist_to_db", base.persist_to_db),
    db_persist_interval: readInteger(
      section,
      "db_persist_interval",
      { ...counts, unit: "checks" },
      base.db_persist_interval,
    ),
    liveness: readLiveness(subsection(section, "liveness", KEYS.liveness), base.liveness),
    thresholds: readThresholds(subsection(section, "thresholds", KEYS.thresholds), base.thresholds),
    weights: readWeights(subsection(section, "weights", KEYS.weights), base.weights),
  };
}

function readLiveness(section: Section<KeyOf<"liveness">>, base: LivenessConfig): LivenessConfig {
  const count = { min: 1, max: COUNT_MAX, unit: "probes" };
  const silence = { min: 50, max: TIMEOUT_MAX_MS, unit: "ms" };
  const confirm = { min: 10, max: 10_000, unit: "ms" };
  return {
    down_after: readInteger(section, "down_after", count, base.down_after),
    silence_ms: readInteger(section, "silence_ms", silence, base.silence_ms),
    up_after: readInteger(section, "up_after", count, base.up_after),
    confirm_interval_ms: readInteger(
      section,
      "confirm_interval_ms",
      confirm,
      base.confirm_interval_ms,
    ),
  };
}

function readThresholds(section: Section<KeyOf<"thresholds">>, base: Thresholds): Thresholds {
  const read = (name: KeyOf<"thresholds">, most: number, unit: string) =>
    readThreshold(subsection(section, name, KEYS.threshold), base[name], { most, unit });
  return {
    latency_ms: read("latency_ms", TIMEOUT_MAX_MS, "ms"),
    loss_pct: read("loss_pct", 100, "%"),
    jitter_ms: read("jitter_ms", TIMEOUT_MAX_MS, "ms"),
  };
}

function readThreshold(
  section: Section<KeyOf<"threshold">>,
  base: Threshold,
  { most, unit }: { readonly most: number; readonly unit: string },
): Threshold {
  const range = { min: LIMIT_MIN, max: most, unit };
  const max = readNumber(section, "max", range, base.max);
  const { raw } = itemAt(section, "critical");
  const isOff = section.map.entries.has("critical") && !has(section, "critical");
  if (isOff && raw.kind === "scalar") return { max, critical: null };
  if (!has(section, "critical")) return { max, critical: base.critical };
  return { max, critical: readNumber(section, "critical", range, base.critical ?? most) };
}

function readWeights(section: Section<KeyOf<"weights">>, base: Weights): Weights {
  const share = { min: 0, max: 1 };
  return {
    latency: readNumber(section, "latency", share, base.latency),
    loss: readNumber(section, "loss", share, base.loss),
    jitter: readNumber(section, "jitter", share, base.jitter),
  };
}

/** A fault of the merged block; `keys` are candidates for its place, below the block. */
export interface HealthFault {
  readonly keys: readonly (readonly string[])[];
  readonly message: string;
}

/** Rounding of decimal shares such as 0.33 + 0.33 + 0.34. */
const WEIGHT_SLACK = 1e-6;
/** Per target: the worker's grid; closer probes would only measure each other. */
export const PROBE_INTERVAL_MIN_MS = 10;

/** Contradictions between the values of a merged block. */
export function healthFaults(health: HealthConfig): readonly HealthFault[] {
  const faults: HealthFault[] = [];
  const { liveness, min_samples: samples, window_probes: window } = health;
  if (samples > window) {
    const message = `cannot use min_samples ${samples}: want at most window_probes (${window})`;
    faults.push({ keys: [["min_samples"], ["window_probes"]], message });
  }
  // The replies that end an outage seed the new window: it must be enough for a score.
  if (liveness.up_after < samples) {
    const message = `cannot use up_after ${liveness.up_after}: want at least min_samples (${samples})`;
    faults.push({ keys: [["liveness", "up_after"], ["min_samples"]], message });
  }
  const spacing = (health.check_interval_secs * 1_000) / health.probes_per_check;
  if (spacing < PROBE_INTERVAL_MIN_MS) {
    const message =
      `cannot send ${health.probes_per_check} probes in ${health.check_interval_secs} s: ` +
      `want at least ${PROBE_INTERVAL_MIN_MS} ms between two`;
    faults.push({ keys: [["probes_per_check"], ["check_interval_secs"]], message });
  }
  return [...faults, ...thresholdFaults(health.thresholds), ...weightFaults(health.weights)];
}

function thresholdFaults(thresholds: Thresholds): readonly HealthFault[] {
  return Object.entries(thresholds).flatMap(([name, { max, critical }]) => {
    if (critical === null || critical > max) return [];
    const message = `cannot use critical ${critical}: want more than max (${max}), or null (no cap)`;
    return [{ keys: [limitKey(name, "critical"), limitKey(name, "max")], message }];
  });
}

function limitKey(metric: string, key: string): readonly string[] {
  return ["thresholds", metric, key];
}

function weightFaults({ latency, loss, jitter }: Weights): readonly HealthFault[] {
  const sum = latency + loss + jitter;
  if (Math.abs(sum - 1) <= WEIGHT_SLACK) return [];
  const rounded = Number(sum.toFixed(6));
  const message = `cannot use weights that sum to ${rounded}: want latency + loss + jitter = 1`;
  return [{ keys: [["weights"]], message }];
}

/** What is allowed and probably not meant. */
export function healthWarnings(health: HealthConfig): readonly HealthFault[] {
  const step = 100 / health.window_probes;
  const { max } = health.thresholds.loss_pct;
  if (max >= step) return [];
  const message =
    `one lost probe of ${health.window_probes} is ${Number(step.toFixed(2))} % loss, ` +
    `above loss_pct.max ${max}: want window_probes of ${Math.ceil(100 / max)} or more`;
  return [{ keys: [["window_probes"], ["thresholds", "loss_pct", "max"]], message }];
}
