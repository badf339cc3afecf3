/**
 * Base-2 exponential histogram of RTTs in seconds, the data model of OpenTelemetry: bucket i holds
 * values v with 2^(i / 2^scale) < v <= 2^((i + 1) / 2^scale). The core fills it and exports it as a
 * compact blob; here blobs are read, merged, written and asked for quantiles. Merging is exact: the
 * result is what one histogram of the coarsest scale would have counted.
 */

import { invariant } from "../domain/invariant.ts";

/** What is stored. At this scale a quantile is at most 1.1 % from the exact value. */
export const SCALE_MAX = 5;
/** Of one histogram. More values apart than fit lower the scale. */
export const BUCKETS_MAX = 160;
/** 2^(i / 2^-11) spans all of f64. */
const SCALE_MIN = -11;
/** Buckets of f64's range at SCALE_MAX lie within. */
const BUCKET_BOUND = 1_100 << SCALE_MAX;

export interface Histogram {
  readonly scale: number;
  /** Values of 0. */
  readonly zeros: number;
  /** Bucket of the first count. */
  readonly offset: number;
  /** Neither first nor last is 0; empty when every value is 0. */
  readonly counts: readonly number[];
}

export const EMPTY_HISTOGRAM: Histogram = { scale: SCALE_MAX, zeros: 0, offset: 0, counts: [] };

/** Number of values. */
export function totalOf({ zeros, counts }: Histogram): number {
  return counts.reduce((sum, count) => sum + count, zeros);
}

/** null: not a histogram of ours. */
export function decodeHistogram(blob: Uint8Array): Histogram | null {
  const reader = new VarintReader(blob);
  const scale = unzigzag(reader.next());
  const zeros = reader.next();
  const offset = unzigzag(reader.next());
  const counts = countsOf(reader);
  const known = scale <= SCALE_MAX && scale >= SCALE_MIN && Math.abs(offset) <= BUCKET_BOUND;
  return counts === null || !known ? null : { scale, zeros, offset, counts };
}

export function encodeHistogram({ scale, zeros, offset, counts }: Histogram): Uint8Array {
  const bytes: number[] = [];
  for (const value of [zigzag(scale), zeros, zigzag(offset)]) put(bytes, value);
  let run = 0;
  for (const count of counts) {
    if (count === 0) {
      run++;
      continue;
    }
    if (run > 0) bytes.push(0);
    if (run > 0) put(bytes, run);
    run = 0;
    put(bytes, count);
  }
  return Uint8Array.from(bytes);
}

/**
 * One histogram of all values, at the coarsest scale of its parts, and coarser when the buckets
 * would be more than `bucketsMax`.
 */
export function mergeHistograms(parts: Iterable<Histogram>, bucketsMax = BUCKETS_MAX): Histogram {
  const all = [...parts];
  const filled = all.filter(({ counts }) => counts.length > 0);
  const zeros = all.reduce((sum, part) => sum + part.zeros, 0);
  let scale = filled.reduce((least, part) => Math.min(least, part.scale), SCALE_MAX);
  let { low, high } = spanOf(filled, scale);
  while (high - low >= bucketsMax) {
    scale--;
    low >>= 1;
    high >>= 1;
  }
  const counts = new Array<number>(filled.length === 0 ? 0 : high - low + 1).fill(0);
  for (const { offset, scale: finer, counts: own } of filled) {
    // Not `entries()`: this is where a month's time goes.
    for (let i = 0; i < own.length; i++) {
      const at = ((offset + i) >> (finer - scale)) - low;
      counts[at] = (counts[at] ?? 0) + (own[i] ?? 0);
    }
  }
  return { scale, zeros, offset: low, counts };
}

/**
 * The value with `share` (0 to 1) of all values at or below it, seconds; NaN without values. A
 * bucket answers with its geometric middle, which is off by at most half a bucket: 1.1 % at scale
 * 5. `min` and `max`, where known, are exact bounds.
 */
export function quantile(
  histogram: Histogram,
  share: number,
  bounds: { readonly min: number; readonly max: number } = { min: 0, max: Infinity },
): number {
  const total = totalOf(histogram);
  if (total === 0) return Number.NaN;
  const rank = Math.min(total, Math.max(1, Math.ceil(share * total)));
  if (rank === 1) return bounds.min > 0 ? bounds.min : valueAt(histogram, rank);
  if (rank === total) return Number.isFinite(bounds.max) ? bounds.max : valueAt(histogram, rank);
  return Math.min(bounds.max, Math.max(bounds.min, valueAt(histogram, rank)));
}

/** By how many percent a quantile may differ from the exact value at most. */
export function quantileErrorPct({ scale }: Histogram): number {
  return 100 * (2 ** (0.5 / 2 ** scale) - 1);
}

/** Rank of a value, 1 the smallest. */
function valueAt({ scale, zeros, offset, counts }: Histogram, rank: number): number {
  let below = zeros;
  if (rank <= below) return 0;
  for (const [i, count] of counts.entries()) {
    below += count;
    if (rank <= below) return 2 ** ((offset + i + 0.5) / 2 ** scale);
  }
  invariant(false, "a rank lies behind all values");
}

function spanOf(parts: readonly Histogram[], scale: number): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const part of parts) {
    low = Math.min(low, part.offset >> (part.scale - scale));
    high = Math.max(high, (part.offset + part.counts.length - 1) >> (part.scale - scale));
  }
  return parts.length === 0 ? { low: 0, high: 0 } : { low, high };
}

/** A 0 is followed by the length of its run. null: damaged, or more than a histogram can have. */
function countsOf(reader: VarintReader): number[] | null {
  const counts: number[] = [];
  while (!reader.isAtEnd) {
    const value = reader.next();
    if (value > 0) {
      counts.push(value);
      continue;
    }
    const run = reader.next();
    // A run lies between counts, and has a length.
    if (run === 0 || reader.isAtEnd || counts.length + run >= BUCKETS_MAX) return null;
    for (let i = 0; i < run; i++) counts.push(0);
  }
  return reader.isDamaged || counts.length > BUCKETS_MAX ? null : counts;
}

/** LEB128. Behind the end, and beyond what counts exactly, it is damaged. */
class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  isDamaged = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || unit > 2 ** 49) break;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80 && Number.isSafeInteger(value)) return value;
    }
    this.isDamaged = true;
    this.#at = this.#bytes.length;
    return 0;
  }
}

function put(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
