// The score of three metrics against a path's thresholds: a weighted composite of penalties,
// bounded by a cap per metric. Continuous and monotone. f64 only; exp is called only past a
// threshold.

import {
  JITTER_CRITICAL,
  JITTER_MAX,
  LATENCY_CRITICAL,
  LATENCY_MAX,
  LOSS_CRITICAL,
  LOSS_MAX,
  WEIGHT_JITTER,
  WEIGHT_LATENCY,
  WEIGHT_LOSS,
} from "./layout";

const K_LATENCY: f64 = 1;
const K_LOSS: f64 = 2;
const K_JITTER: f64 = 1;
const LN2: f64 = 0.6931471805599453;

export const UNKNOWN: u8 = 0;
export const UP: u8 = 1;
export const DEGRADED: u8 = 2;
export const DOWN: u8 = 3;

export const BY_NONE: u8 = 0;
export const BY_LATENCY: u8 = 1;
export const BY_LOSS: u8 = 2;
export const BY_JITTER: u8 = 3;
export const BY_REACHABILITY: u8 = 4;

const UP_FROM: f64 = 80;
const DEGRADED_FROM: f64 = 50;

// Results of the last call of scoreWith: the core is single-threaded and never re-entered.
export let score: f64 = 0;
export let composite: f64 = 0;
export let limiting: u8 = 0;
export let penaltyLatency: f64 = 0;
export let penaltyLoss: f64 = 0;
export let penaltyJitter: f64 = 0;
export let capLatency: f64 = 0;
export let capLoss: f64 = 0;
export let capJitter: f64 = 0;

// @ts-ignore: decorator
@inline
function penalty(x: f64, max: f64, k: f64): f64 {
  return x <= max ? 100 : 100 * Math.exp(-k * (x / max - 1));
}

/** `critical` NaN: the cap is switched off. */
// @ts-ignore: decorator
@inline
function cap(x: f64, max: f64, critical: f64): f64 {
  if (x <= max || critical != critical) return 100;
  return 100 * Math.exp((-LN2 * (x - max)) / (critical - max));
}

/** Scores latency (ms), loss (%) and jitter (ms) with the settings at `profile`. */
export function scoreWith(profile: usize, latency: f64, loss: f64, jitter: f64): void {
  const latencyMax = load<f64>(profile, LATENCY_MAX);
  const lossMax = load<f64>(profile, LOSS_MAX);
  const jitterMax = load<f64>(profile, JITTER_MAX);
  penaltyLatency = penalty(latency, latencyMax, K_LATENCY);
  penaltyLoss = penalty(loss, lossMax, K_LOSS);
  penaltyJitter = penalty(jitter, jitterMax, K_JITTER);
  capLatency = cap(latency, latencyMax, load<f64>(profile, LATENCY_CRITICAL));
  capLoss = cap(loss, lossMax, load<f64>(profile, LOSS_CRITICAL));
  capJitter = cap(jitter, jitterMax, load<f64>(profile, JITTER_CRITICAL));
  const byLatency = load<f64>(profile, WEIGHT_LATENCY);
  const byLoss = load<f64>(profile, WEIGHT_LOSS);
  const byJitter = load<f64>(profile, WEIGHT_JITTER);
  const sum = byLatency * penaltyLatency + byLoss * penaltyLoss + byJitter * penaltyJitter;
  // Weights that sum to 1 only within rounding must not give 100.00000000000001.
  composite = min(sum, 100.0);
  const lowest = min(capLatency, min(capLoss, capJitter));
  score = min(composite, lowest);
  if (score >= 100) limiting = BY_NONE;
  else limiting = lowest < composite ? limitingCap(lowest) : limitingShare(profile);
}

function limitingCap(lowest: f64): u8 {
  if (capLatency == lowest) return BY_LATENCY;
  return capLoss == lowest ? BY_LOSS : BY_JITTER;
}

/** The metric that takes most from the composite; of equal ones loss, then latency. */
function limitingShare(profile: usize): u8 {
  const latency = load<f64>(profile, WEIGHT_LATENCY) * (100 - penaltyLatency);
  const loss = load<f64>(profile, WEIGHT_LOSS) * (100 - penaltyLoss);
  const jitter = load<f64>(profile, WEIGHT_JITTER) * (100 - penaltyJitter);
  const largest = max(latency, max(loss, jitter));
  if (largest <= 0) return BY_NONE;
  if (loss == largest) return BY_LOSS;
  return latency == largest ? BY_LATENCY : BY_JITTER;
}

export function statusOf(value: f64): u8 {
  return value >= UP_FROM ? UP : value >= DEGRADED_FROM ? DEGRADED : DOWN;
}

const R_DEFAULT: f64 = 93.2;
/** G.711 with packet loss concealment (ITU-T G.113): Ie 0, Bpl 25.1; random loss: BurstR 1. */
const BPL: f64 = 25.1;
/** One-way delay above which talkers notice, ms (ITU-T G.107 reduction). */
const DELAY_KNEE: f64 = 177.3;

/** MOS by the E-model's common reduction; `delay` one-way ms, `loss` %. Within 1..4.5. */
export function meanOpinionScore(delay: f64, loss: f64): f64 {
  let impairment = 0.024 * delay;
  if (delay > DELAY_KNEE) impairment += 0.11 * (delay - DELAY_KNEE);
  const r = R_DEFAULT - impairment - (95 * loss) / (loss + BPL);
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return max(1.0, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}
