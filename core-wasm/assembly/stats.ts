// From a window to its row of results: the columns that the host reads. Latencies are kept in whole
// nanoseconds and published in milliseconds. NaN where a value does not exist.

import {
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
  S_PROFILE,
  S_REPLIED,
  S_RFC,
  S_SQUARES,
  S_SUM,
  S_TIMED,
  samplesAt,
  SCORE,
  seriesAt,
  seriesCapacity,
  seriesLimitingAt,
  seriesStatusAt,
  stateOf,
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
  scoreWith,
  statusOf,
  UNKNOWN,
} from "./score";
import { sortedOf } from "./window";

const NS_PER_MS: f64 = 1e6;

/** Nearest rank: the smallest value with at least `percent` % of all values at or below it. */
// @ts-ignore: decorator
@inline
function nearestRank(sorted: usize, count: i32, percent: i32): i64 {
  const rank = <u32>(percent * count + 99) / 100;
  return load<i64>(sorted + ((rank - 1) << 3));
}

/** Sums of squares of deviations below this are exact in i64. */
const SQUARES_MAX: f64 = 9e18;

/**
 * Sum of (x - pivot)^2 over the window, from the running sums: sum x^2 - 2 pivot sum x + n pivot^2.
 * The terms may exceed 64 bits; modulo 2^64 the result is exact all the same, as long as it fits
 * itself, so there is no cancellation and no drift.
 */
// @ts-ignore: decorator
@inline
function squaresAround(state: usize, count: i32, pivot: i64): i64 {
  const sum = load<i64>(state + S_SUM);
  return load<i64>(state + S_SQUARES) - 2 * pivot * sum + <i64>count * pivot * pivot;
}

/** Latencies so far apart that their squares do not fit: seconds beside microseconds. */
function squaresOneByOne(sorted: usize, count: i32, mean: f64): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    const difference = <f64>load<i64>(sorted + (i << 3)) - mean;
    sum += difference * difference;
  }
  return sum;
}

/** Sample standard deviation (n - 1), NaN below two values. */
function deviation(state: usize, count: i32, mean: f64): f64 {
  if (count < 2) return NaN;
  const sorted = sortedOf(state);
  const spread = <f64>(load<i64>(sorted + ((count - 1) << 3)) - load<i64>(sorted));
  let squares: f64 = 0;
  if (spread * spread * <f64>count < SQUARES_MAX) {
    const pivot = <i64>mean;
    const rest = <f64>(load<i64>(state + S_SUM) - <i64>count * pivot);
    squares = <f64>squaresAround(state, count, pivot) - (rest * rest) / <f64>count;
  } else {
    squares = squaresOneByOne(sorted, count, mean);
  }
  return Math.sqrt(squares / <f64>(count - 1));
}

// @ts-ignore: decorator
@inline
function milliseconds(ns: i64): f64 {
  return <f64>ns / NS_PER_MS;
}

/** A series' place in the first column; the next column is a stride of 8 octets x series on. */
// @ts-ignore: decorator
@inline
function put(row: usize, name: i32, value: f64): void {
  store<f64>(row + ((name * seriesCapacity) << 3), value);
}

/** Nothing in the window has a latency. */
function putNoLatencies(row: usize): void {
  for (let name = LATENCY; name <= P99; name++) put(row, name, NaN);
  put(row, JITTER, NaN);
  put(row, JITTER_RFC3550, NaN);
  put(row, PDV, NaN);
  put(row, MOS, NaN);
}

/** Jitter needs two pairs; with fewer it does not exist, and counts as 0 in the score. */
const PAIRS_MIN: i32 = 2;

// @ts-ignore: decorator
@inline
function jitterOf(state: usize): f64 {
  const pairs = load<i32>(state + S_PAIRS);
  return pairs < PAIRS_MIN ? NaN : <f64>load<i64>(state + S_PAIR_SUM) / <f64>pairs / NS_PER_MS;
}

// @ts-ignore: decorator
@inline
function putLatencies(row: usize, state: usize, timed: i32, mean: f64): void {
  const sorted = sortedOf(state);
  const least = load<i64>(sorted);
  const p99 = nearestRank(sorted, timed, 99);
  put(row, LATENCY, mean / NS_PER_MS);
  put(row, MIN, milliseconds(least));
  put(row, MAX, milliseconds(load<i64>(sorted + ((timed - 1) << 3))));
  put(row, STDDEV, deviation(state, timed, mean) / NS_PER_MS);
  put(row, P50, milliseconds(nearestRank(sorted, timed, 50)));
  put(row, P95, milliseconds(nearestRank(sorted, timed, 95)));
  put(row, P99, milliseconds(p99));
  put(row, JITTER_RFC3550, load<f64>(state + S_RFC) / NS_PER_MS);
  put(row, PDV, milliseconds(p99 - least));
}

/** Recomputes the row of a series. */
export function publish(series: i32): void {
  const state = stateOf(series);
  const row: usize = seriesAt + (series << 3);
  const count = load<i32>(state + S_COUNT);
  const replied = load<i32>(state + S_REPLIED);
  const timed = load<i32>(state + S_TIMED);
  const loss = count == 0 ? NaN : (100 * <f64>(count - replied)) / <f64>count;
  // Replies whose latency was void (clock stepped): loss alone can be judged.
  let latency: f64 = 0;
  let jitter: f64 = 0;
  store<i32>(samplesAt + (series << 2), count);
  put(row, LOSS, loss);
  if (timed == 0) {
    putNoLatencies(row);
  } else {
    const mean = <f64>load<i64>(state + S_SUM) / <f64>timed;
    const exact = jitterOf(state);
    latency = mean / NS_PER_MS;
    jitter = exact == exact ? exact : 0;
    putLatencies(row, state, timed, mean);
    put(row, JITTER, exact);
    put(row, MOS, meanOpinionScore(latency / 2, loss));
  }
  const profile = load<u32>(state + S_PROFILE);
  if (count == 0 || <f64>count < load<f64>(profile, MIN_SAMPLES)) {
    putScore(series, NaN, NaN, UNKNOWN, BY_NONE);
  } else if (replied == 0) {
    putScore(series, 0, 0, DOWN, BY_LOSS);
  } else {
    scoreWith(profile, latency, loss, jitter);
    putScore(series, score, composite, statusOf(score), limiting);
  }
}

// @ts-ignore: decorator
@inline
function putScore(series: i32, value: f64, sum: f64, status: u8, by: u8): void {
  const row: usize = seriesAt + (series << 3);
  put(row, SCORE, value);
  put(row, COMPOSITE, sum);
  store<u8>(seriesStatusAt + series, status);
  store<u8>(seriesLimitingAt + series, by);
}
