// From a window to its row of results: the columns that the host reads. Latencies are kept in whole
// nanoseconds and published in milliseconds. NaN where a value does not exist.

import {
  column,
  COMPOSITE,
  JITTER,
  JITTER_RFC3550,
  LATENCY,
  LOSS,
  MAX,
  MIN,
  MIN_SAMPLES,
  MOS,
  P50,
  P95,
  P99,
  PDV,
  S_COUNT,
  S_PAIR_SUM,
  S_PAIRS,
  S_PATH,
  S_REPLIED,
  S_RFC,
  S_SUM,
  S_TIMED,
  samplesAt,
  SCORE,
  seriesLimitingAt,
  seriesStatusAt,
  setting,
  STDDEV,
} from "./layout";
import {
  BY_LOSS,
  BY_NONE,
  composite,
  DOWN,
  limiting,
  meanOpinionScore,
  score,
  scorePath,
  statusOf,
  UNKNOWN,
} from "./score";
import { sortedOf, stateOf } from "./window";

const NS_PER_MS: f64 = 1e6;

/** Nearest rank: the smallest value with at least `percent` % of all values at or below it. */
// @ts-ignore: decorator
@inline
function nearestRank(sorted: usize, count: i32, percent: i32): f64 {
  const rank = (percent * count + 99) / 100;
  return load<f64>(sorted + ((rank - 1) << 3));
}

/** Sample standard deviation (n - 1), two values at a time; NaN below two values. */
function deviation(sorted: usize, count: i32, mean: f64): f64 {
  if (count < 2) return NaN;
  const means = f64x2.splat(mean);
  let sums = f64x2.splat(0);
  const pairs = count & ~1;
  for (let i = 0; i < pairs; i += 2) {
    const difference = f64x2.sub(v128.load(sorted + (i << 3)), means);
    sums = f64x2.add(sums, f64x2.mul(difference, difference));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  if (pairs < count) {
    const difference = load<f64>(sorted + (pairs << 3)) - mean;
    sum += difference * difference;
  }
  return Math.sqrt(sum / <f64>(count - 1));
}

// @ts-ignore: decorator
@inline
function put(name: i32, series: i32, value: f64): void {
  store<f64>(column(name, series), value);
}

function putLatencies(series: i32, state: usize, timed: i32): void {
  if (timed == 0) {
    for (let name = LATENCY; name <= P99; name++) put(name, series, NaN);
    put(JITTER, series, NaN);
    put(JITTER_RFC3550, series, NaN);
    put(PDV, series, NaN);
    return;
  }
  const sorted = sortedOf(series);
  const mean = load<f64>(state + S_SUM) / <f64>timed;
  const least = load<f64>(sorted);
  const p99 = nearestRank(sorted, timed, 99);
  const pairs = load<u32>(state + S_PAIRS);
  put(LATENCY, series, mean / NS_PER_MS);
  put(MIN, series, least / NS_PER_MS);
  put(MAX, series, load<f64>(sorted + ((timed - 1) << 3)) / NS_PER_MS);
  put(STDDEV, series, deviation(sorted, timed, mean) / NS_PER_MS);
  put(P50, series, nearestRank(sorted, timed, 50) / NS_PER_MS);
  put(P95, series, nearestRank(sorted, timed, 95) / NS_PER_MS);
  put(P99, series, p99 / NS_PER_MS);
  const jitter = pairs == 0 ? NaN : load<f64>(state + S_PAIR_SUM) / <f64>pairs / NS_PER_MS;
  put(JITTER, series, jitter);
  put(JITTER_RFC3550, series, load<f64>(state + S_RFC) / NS_PER_MS);
  put(PDV, series, (p99 - least) / NS_PER_MS);
}

/** Jitter for the score needs two pairs; with fewer it counts as 0. */
const SCORED_PAIRS_MIN: u32 = 2;

/** Recomputes the row of a series. */
export function publish(series: i32): void {
  const state = stateOf(series);
  const path = <i32>load<u32>(state + S_PATH);
  const count = <i32>load<u32>(state + S_COUNT);
  const replied = <i32>load<u32>(state + S_REPLIED);
  const timed = <i32>load<u32>(state + S_TIMED);
  const loss = count == 0 ? NaN : (100 * <f64>(count - replied)) / <f64>count;
  store<u32>(samplesAt + (series << 2), count);
  put(LOSS, series, loss);
  putLatencies(series, state, timed);
  const latency = load<f64>(column(LATENCY, series));
  put(MOS, series, timed == 0 ? NaN : meanOpinionScore(latency / 2, loss));
  if (count < <i32>setting(path, MIN_SAMPLES) || count == 0) {
    putScore(series, NaN, NaN, UNKNOWN, BY_NONE);
  } else if (replied == 0) {
    putScore(series, 0, 0, DOWN, BY_LOSS);
  } else if (timed == 0) {
    // Replies whose latency was void (clock stepped): loss alone can be judged.
    scorePath(path, 0, loss, 0);
    putScore(series, score, composite, statusOf(score), limiting);
  } else {
    const scored = load<u32>(state + S_PAIRS) >= SCORED_PAIRS_MIN;
    scorePath(path, latency, loss, scored ? load<f64>(column(JITTER, series)) : 0);
    putScore(series, score, composite, statusOf(score), limiting);
  }
}

function putScore(series: i32, value: f64, sum: f64, status: u8, by: u8): void {
  put(SCORE, series, value);
  put(COMPOSITE, series, sum);
  store<u8>(seriesStatusAt + series, status);
  store<u8>(seriesLimitingAt + series, by);
}
