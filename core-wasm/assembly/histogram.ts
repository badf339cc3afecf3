// RTTs of a path since they were last taken, for the history: counts, sum, extremes, and a base-2
// exponential histogram in seconds (the data model of OpenTelemetry: bucket i holds values v with
// 2^(i / 2^scale) < v <= 2^((i + 1) / 2^scale)). The scale begins at SCALE_MAX and is lowered when
// the values span more than BUCKETS buckets.
//
// An outcome only notes its bucket in the state of its series, which is near in the processor's
// caches already; the path's histogram is touched once per NOTES_MAX replies.

import {
  blobAt,
  BUCKETS,
  H_COUNTS,
  H_LOW,
  H_SHIFT,
  H_SPAN,
  H_ZERO,
  HISTOGRAM_SIZE,
  histogramsAt,
  NOTES_MAX,
  P_FIRST,
  P_SERIES,
  pathField,
  S_NOTES,
  S_NOTED,
  S_PATH,
  S_TALLY_LOST,
  S_TALLY_MAX,
  S_TALLY_MIN,
  S_TALLY_N,
  S_TALLY_SUM,
  scratchAt,
  slicesAt,
  spreadAt,
  stateOf,
  stepsAt,
} from "./layout";

/** Bucket bounds are 2.2 % apart; the history stores no finer ones. */
export const SCALE_MAX: i32 = 5;
const STEPS: i32 = 1 << SCALE_MAX;
/** Slices of an octave, so thin that at most one bound lies within one. */
const SLICE_BITS: i32 = 6;
const MANTISSA_BITS: i32 = 52;
const MANTISSA: u64 = 0xfffffffffffff;
const EXPONENT_BIAS: i32 = 1023;
const NS: f64 = 1e-9;
/** Note of a reply within the clock's resolution: no bucket has it. */
const ZERO: i16 = i16.MIN_VALUE;

/** Fills the tables that find a bucket: bounds of an octave as mantissas, bucket of each slice. */
export function prepareHistograms(): void {
  for (let step = 0; step < STEPS; step++) {
    store<u64>(stepsAt + (step << 3), reinterpret<u64>(powerOfTwo(step)) & MANTISSA);
  }
  store<u64>(stepsAt + (STEPS << 3), MANTISSA + 1);
  for (let slice = 0; slice < 1 << SLICE_BITS; slice++) {
    const from = <u64>slice << (MANTISSA_BITS - SLICE_BITS);
    let step = 0;
    while (load<u64>(stepsAt + (step << 3)) < from) step++;
    store<u8>(slicesAt + slice, <u8>step);
  }
}

/** 2^(step / STEPS) by square roots alone: every machine gets the same bits. */
function powerOfTwo(step: i32): f64 {
  let value: f64 = 1;
  let root: f64 = 2;
  for (let bit = STEPS >> 1; bit > 0; bit >>= 1) {
    root = Math.sqrt(root);
    if ((step & bit) != 0) value *= root;
  }
  return value;
}

/** The bucket of a value above 0 at SCALE_MAX. */
// @ts-ignore: decorator
@inline
function bucketOf(ns: i64): i32 {
  const bits = reinterpret<u64>(<f64>ns * NS);
  const mantissa = bits & MANTISSA;
  const step = <i32>load<u8>(slicesAt + <usize>(mantissa >>> (MANTISSA_BITS - SLICE_BITS)));
  const above = <i32>(mantissa > load<u64>(stepsAt + (step << 3)));
  return ((<i32>(bits >>> MANTISSA_BITS) - EXPONENT_BIAS) << SCALE_MAX) + step - 1 + above;
}

/** Takes a resolved scheduled outcome. `rtt`: whole ns, negative: none. */
// @ts-ignore: decorator
@inline
export function tally(state: usize, replied: bool, rtt: i64): void {
  store<u32>(state + S_TALLY_N, load<u32>(state + S_TALLY_N) + 1);
  if (!replied) store<u32>(state + S_TALLY_LOST, load<u32>(state + S_TALLY_LOST) + 1);
  if (rtt >= 0) note(state, rtt);
}

// @ts-ignore: decorator
@inline
function note(state: usize, rtt: i64): void {
  const noted = load<u32>(state + S_NOTED);
  store<i64>(state + S_TALLY_SUM, load<i64>(state + S_TALLY_SUM) + rtt);
  if (rtt < load<i64>(state + S_TALLY_MIN)) store<i64>(state + S_TALLY_MIN, rtt);
  if (rtt > load<i64>(state + S_TALLY_MAX)) store<i64>(state + S_TALLY_MAX, rtt);
  store<i16>(state + S_NOTES + (noted << 1), rtt == 0 ? ZERO : <i16>bucketOf(rtt));
  store<u32>(state + S_NOTED, noted + 1);
  if (noted + 1 == NOTES_MAX) countNotes(state);
}

/** Empties the tally of a series; its notes must have been counted. */
export function resetTally(state: usize): void {
  store<u32>(state + S_TALLY_N, 0);
  store<u32>(state + S_TALLY_LOST, 0);
  store<i64>(state + S_TALLY_SUM, 0);
  store<i64>(state + S_TALLY_MIN, i64.MAX_VALUE);
  store<i64>(state + S_TALLY_MAX, -1);
  store<u32>(state + S_NOTED, 0);
}

function countNotes(state: usize): void {
  const histogram = histogramsAt + load<i32>(state + S_PATH) * HISTOGRAM_SIZE;
  const noted = load<u32>(state + S_NOTED);
  store<u32>(state + S_NOTED, 0);
  for (let i: u32 = 0; i < noted; i++) count(histogram, load<i16>(state + S_NOTES + (i << 1)));
}

function count(histogram: usize, finest: i16): void {
  if (finest == ZERO) {
    store<u32>(histogram + H_ZERO, load<u32>(histogram + H_ZERO) + 1);
    return;
  }
  while (!widen(histogram, <i32>finest >> load<i32>(histogram + H_SHIFT))) coarsen(histogram);
  const at = slot(histogram, <i32>finest >> load<i32>(histogram + H_SHIFT));
  store<u32>(at, load<u32>(at) + 1);
}

/** Below the lowest bucket of any f64, and a whole number of rounds. */
const ROUNDS: i32 = BUCKETS << 8;

/** The counts are a ring: widening to either side moves nothing. */
// @ts-ignore: decorator
@inline
function slot(histogram: usize, bucket: i32): usize {
  return histogram + H_COUNTS + ((<u32>(bucket + ROUNDS) % BUCKETS) << 2);
}

/** Makes a bucket part of the span; false: it would be wider than there are slots. */
function widen(histogram: usize, bucket: i32): bool {
  const span = load<i32>(histogram + H_SPAN);
  const low = span == 0 ? bucket : min(load<i32>(histogram + H_LOW), bucket);
  const high = span == 0 ? bucket : max(load<i32>(histogram + H_LOW) + span - 1, bucket);
  if (high - low >= BUCKETS) return false;
  store<i32>(histogram + H_LOW, low);
  store<i32>(histogram + H_SPAN, high - low + 1);
  return true;
}

/** Lowers the scale by one: two neighbours become one bucket. */
function coarsen(histogram: usize): void {
  const low = load<i32>(histogram + H_LOW);
  const span = load<i32>(histogram + H_SPAN);
  for (let i = 0; i < span; i++) {
    store<u32>(spreadAt + (i << 2), load<u32>(slot(histogram, low + i)));
  }
  memory.fill(histogram + H_COUNTS, 0, BUCKETS << 2);
  store<i32>(histogram + H_SHIFT, load<i32>(histogram + H_SHIFT) + 1);
  store<i32>(histogram + H_SPAN, 0);
  for (let i = 0; i < span; i++) {
    widen(histogram, (low + i) >> 1);
    const at = slot(histogram, (low + i) >> 1);
    store<u32>(at, load<u32>(at) + load<u32>(spreadAt + (i << 2)));
  }
}

/**
 * What a path's series saw since the last call, which it empties: into the scratch region (f64)
 * outcomes, not replied, sum, least and largest RTT in ns (-1: no reply has one), into the blob
 * region the histogram. Answers the octets of the blob; 0: no reply.
 */
export function takeTally(path: i32): i32 {
  let outcomes: f64 = 0;
  let lost: f64 = 0;
  let sum: i64 = 0;
  let least = i64.MAX_VALUE;
  let largest: i64 = -1;
  const first = pathField(path, P_FIRST);
  const end = first + pathField(path, P_SERIES);
  for (let series = first; series < end; series++) {
    const state = stateOf(series);
    outcomes += <f64>load<u32>(state + S_TALLY_N);
    lost += <f64>load<u32>(state + S_TALLY_LOST);
    sum += load<i64>(state + S_TALLY_SUM);
    least = min(least, load<i64>(state + S_TALLY_MIN));
    largest = max(largest, load<i64>(state + S_TALLY_MAX));
    countNotes(state);
    resetTally(state);
  }
  store<f64>(scratchAt, outcomes);
  store<f64>(scratchAt + 8, lost);
  store<f64>(scratchAt + 16, <f64>sum);
  store<f64>(scratchAt + 24, largest < 0 ? -1 : <f64>least);
  store<f64>(scratchAt + 32, <f64>largest);
  return largest < 0 ? 0 : exportHistogram(histogramsAt + path * HISTOGRAM_SIZE);
}

/**
 * zigzag(scale), zero count, zigzag(first bucket), counts, all as LEB128; a count of 0 is followed
 * by the length of its run.
 */
function exportHistogram(histogram: usize): i32 {
  const low = load<i32>(histogram + H_LOW);
  const span = load<i32>(histogram + H_SPAN);
  let at: usize = put(blobAt, zigzag(SCALE_MAX - load<i32>(histogram + H_SHIFT)));
  at = put(at, load<u32>(histogram + H_ZERO));
  at = put(at, zigzag(low));
  let zeros: u32 = 0;
  for (let i = 0; i < span; i++) {
    const value = load<u32>(slot(histogram, low + i));
    if (value == 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) at = put(put(at, 0), zeros);
    zeros = 0;
    at = put(at, value);
  }
  memory.fill(histogram, 0, HISTOGRAM_SIZE);
  return <i32>(at - blobAt);
}

function zigzag(value: i32): u32 {
  return <u32>((value << 1) ^ (value >> 31));
}

function put(at: usize, value: u32): usize {
  for (; value > 0x7f; value >>>= 7) store<u8>(at++, <u8>(value & 0x7f) | 0x80);
  store<u8>(at, <u8>value);
  return at + 1;
}
