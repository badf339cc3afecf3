// The memory map. Everything is laid out once per `configure`, behind the program's static data:
// each region begins where the previous one ends, rounded up to a cache line. The host asks for the
// offsets (index.ts) instead of repeating the arithmetic.
//
// What one outcome touches lies together: state, sorted latencies and ring of a series form one
// block, and paths with equal settings share one profile. At 10,000 series the time of an outcome
// is the number of cache lines and pages it touches, not its arithmetic.

/** Raised with every change of what a host must know: columns, records, calls. */
export const ABI_VERSION: i32 = 4;

/** Octets of an outcome record; the fields are read in ingest.ts. */
export const RECORD_SIZE: i32 = 32;
/** Records of one `ingest` call at the most: a frame of 32 KiB without its header. */
export const INPUT_MAX: i32 = 1023;
/** Outcome kinds, the length of a row of totals. */
export const KINDS: i32 = 10;

/** f64 columns per series, in this order; the host compares the names with its own. */
export const SERIES_F64: i32 = 15;
export const SERIES_NAMES: string =
  "score composite latency min max stddev p50 p95 p99 loss jitter jitter-rfc3550 pdv mos last-sent";
export const SCORE: i32 = 0;
export const COMPOSITE: i32 = 1;
export const LATENCY: i32 = 2;
export const MIN: i32 = 3;
export const MAX: i32 = 4;
export const STDDEV: i32 = 5;
export const P50: i32 = 6;
export const P95: i32 = 7;
export const P99: i32 = 8;
export const LOSS: i32 = 9;
export const JITTER: i32 = 10;
export const JITTER_RFC3550: i32 = 11;
export const PDV: i32 = 12;
export const MOS: i32 = 13;
export const LAST_SENT: i32 = 14;

/** Octets of a path's row: u32 first series, u32 series, u32 k, u32 profile. */
export const PATH_SIZE: i32 = 16;
export const P_FIRST: i32 = 0;
export const P_SERIES: i32 = 4;
export const P_K: i32 = 8;
export const P_PROFILE: i32 = 12;

/** f64 fields of a profile, in this order; the host compares the names with its own. */
export const PROFILE_F64: i32 = 11;
export const PROFILE_NAMES: string =
  "window min-samples latency critical loss critical jitter critical by-latency by-loss by-jitter";
export const PROFILE_SIZE: i32 = PROFILE_F64 * 8;
export const WINDOW: i32 = 0;
export const MIN_SAMPLES: i32 = 8;
export const LATENCY_MAX: i32 = 16;
export const LATENCY_CRITICAL: i32 = 24;
export const LOSS_MAX: i32 = 32;
export const LOSS_CRITICAL: i32 = 40;
export const JITTER_MAX: i32 = 48;
export const JITTER_CRITICAL: i32 = 56;
export const WEIGHT_LATENCY: i32 = 64;
export const WEIGHT_LOSS: i32 = 72;
export const WEIGHT_JITTER: i32 = 80;

/**
 * State of a series, the head of its block: u32 path, u32 address of the profile, u32 window, u32
 * dirty, u32 head (slot of the oldest), u32 count, u32 replied, u32 timed (replies with a latency),
 * u32 pairs, u32 last replied seq, i64 last RTT (NO_LATENCY: none yet), i64 sum of latencies, i64
 * sum of pair differences, f64 RFC 3550 jitter, i64 sum of squares of latencies modulo 2^64. All
 * spans are whole nanoseconds: sums are exact and do not drift. From S_HEAD to here it is what a
 * reset empties. Behind it the tally since it was last taken: u32 outcomes, u32 not replied, i64
 * sum, i64 least, i64 largest RTT, u32 notes, the notes themselves (i16, see histogram.ts).
 */
export const STATE_SIZE: i32 = 160;
export const S_PATH: i32 = 0;
export const S_PROFILE: i32 = 4;
export const S_WINDOW: i32 = 8;
export const S_DIRTY: i32 = 12;
export const S_HEAD: i32 = 16;
export const S_COUNT: i32 = 20;
export const S_REPLIED: i32 = 24;
export const S_TIMED: i32 = 28;
export const S_PAIRS: i32 = 32;
export const S_LAST_SEQ: i32 = 36;
export const S_LAST_RTT: i32 = 40;
export const S_SUM: i32 = 48;
export const S_PAIR_SUM: i32 = 56;
export const S_RFC: i32 = 64;
export const S_SQUARES: i32 = 72;
export const S_TALLY_N: i32 = 80;
export const S_TALLY_LOST: i32 = 84;
export const S_TALLY_SUM: i32 = 88;
export const S_TALLY_MIN: i32 = 96;
export const S_TALLY_MAX: i32 = 104;
export const S_NOTED: i32 = 112;
export const S_NOTES: i32 = 116;
export const NOTES_MAX: u32 = 22;

/** Entry of the sorted list: i64 ns. */
export const SORTED_SIZE: i32 = 8;
/**
 * Entry of a window ring: i64 RTT ns (NO_LATENCY: none), i64 difference to the RTT of the sequence
 * number before (NO_LATENCY: no such pair), u32 seq, u32 replied.
 */
export const ENTRY_SIZE: i32 = 24;
export const E_RTT: i32 = 0;
export const E_DIFF: i32 = 8;
export const E_SEQ: i32 = 16;
export const E_REPLIED: i32 = 20;

export const NO_LATENCY: i64 = -1;

/**
 * RTT histogram of a path: u32 times the scale was lowered, u32 zeros, i32 lowest bucket, i32 span
 * (0: empty), u32 counts as a ring.
 */
export const BUCKETS: i32 = 160;
export const H_SHIFT: i32 = 0;
export const H_ZERO: i32 = 4;
export const H_LOW: i32 = 8;
export const H_SPAN: i32 = 12;
export const H_COUNTS: i32 = 16;
export const HISTOGRAM_SIZE: i32 = 704;
/** Octets of an exported histogram at the most: three numbers and the counts, 5 octets each. */
const BLOB_SIZE: i32 = 5 * (BUCKETS + 3);

const LINE: i64 = 64;
/** What `fetch` may read behind the head of the last block. */
const FETCH_SIZE: i64 = 576;
/** More is a mistake of the caller; it also keeps every offset within i32. */
const OCTETS_MAX: i64 = 1 << 30;

export let seriesCapacity: i32 = 0;
export let pathCapacity: i32 = 0;
export let profileCapacity: i32 = 0;

export let inputAt: i32 = 0;
export let seriesAt: i32 = 0;
export let totalsAt: i32 = 0;
export let samplesAt: i32 = 0;
export let seriesStatusAt: i32 = 0;
export let seriesLimitingAt: i32 = 0;
export let seriesExcludedAt: i32 = 0;
export let dirtyListAt: i32 = 0;
export let pathScoreAt: i32 = 0;
export let pathChosenAt: i32 = 0;
export let pathStatusAt: i32 = 0;
export let pathLimitingAt: i32 = 0;
export let pathHardDownAt: i32 = 0;
export let pathTouchedAt: i32 = 0;
export let touchedListAt: i32 = 0;
export let pathsAt: i32 = 0;
export let profilesAt: i32 = 0;
/** Addresses of the series' blocks, u32. */
export let blockListAt: i32 = 0;
export let blocksAt: i32 = 0;
export let blocksEnd: i32 = 0;
/** The score of one set of values asked for by hand, see `scoreOf`. */
export let scratchAt: i32 = 0;
/** u32: records refused by the last ingest. */
export let rejectedAt: i32 = 0;
/** u32 of no meaning, see `fetch` in ingest.ts. */
export let fetchedAt: i32 = 0;

/** Bounds of an octave at the finest scale and the slices that lead to them, see histogram.ts. */
export let stepsAt: i32 = 0;
export let slicesAt: i32 = 0;
/** Counts in linear order while the scale is lowered. */
export let spreadAt: i32 = 0;
export let blobAt: i32 = 0;
export let histogramsAt: i32 = 0;

let end: i64 = 0;

function align(octets: i64): i64 {
  return (octets + LINE - 1) & ~(LINE - 1);
}

/** Octets of the block of a series with this window. */
export function blockSize(window: i32): i64 {
  return align(<i64>STATE_SIZE + <i64>window * (SORTED_SIZE + ENTRY_SIZE));
}

function region(count: i32, size: i32): i32 {
  const at = end;
  end = align(at + <i64>count * <i64>size);
  return <i32>at;
}

/** Places the regions; only sums, nothing is written. */
function place(series: i32, paths: i32, profiles: i32, blockOctets: i64): void {
  seriesCapacity = series;
  pathCapacity = paths;
  profileCapacity = profiles;
  end = align(<i64>__heap_base);
  inputAt = region(INPUT_MAX, RECORD_SIZE);
  scratchAt = region(16, 8);
  rejectedAt = region(1, 4);
  fetchedAt = region(1, 4);
  stepsAt = region(33, 8);
  slicesAt = region(64, 1);
  spreadAt = region(BUCKETS, 4);
  blobAt = region(BLOB_SIZE, 1);
  seriesAt = region(series, SERIES_F64 * 8);
  totalsAt = region(series, KINDS * 8);
  samplesAt = region(series, 4);
  seriesStatusAt = region(series, 1);
  seriesLimitingAt = region(series, 1);
  seriesExcludedAt = region(series, 1);
  dirtyListAt = region(series, 4);
  pathScoreAt = region(paths, 8);
  pathChosenAt = region(paths, 4);
  pathStatusAt = region(paths, 1);
  pathLimitingAt = region(paths, 1);
  pathHardDownAt = region(paths, 1);
  pathTouchedAt = region(paths, 1);
  touchedListAt = region(paths, 4);
  pathsAt = region(paths, PATH_SIZE);
  profilesAt = region(profiles, PROFILE_SIZE);
  histogramsAt = region(paths, HISTOGRAM_SIZE);
  blockListAt = region(series, 4);
  blocksAt = <i32>end;
  end += blockOctets;
  blocksEnd = <i32>end;
  end += FETCH_SIZE;
}

/** Grows the memory to `end`; false when it cannot. */
function reserve(): bool {
  if (end > OCTETS_MAX) return false;
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/**
 * Lays out and zeroes the regions; `outcomes`: the windows of all series added up. False when the
 * memory cannot grow that far; then nothing is laid out.
 */
export function layOut(series: i32, paths: i32, profiles: i32, outcomes: f64): bool {
  let fits = (series | paths | profiles) >= 0 && outcomes >= 0 && outcomes <= <f64>OCTETS_MAX;
  if (fits) {
    // A block is its entries, its state and at most a line of padding.
    const entries = <i64>outcomes * (SORTED_SIZE + ENTRY_SIZE);
    place(series, paths, profiles, entries + <i64>series * (<i64>STATE_SIZE + LINE));
    fits = reserve();
  }
  if (!fits) place(0, 0, 0, 0);
  memory.fill(inputAt, 0, <i32>end - inputAt);
  return fits;
}

/** The head of a series' block. */
// @ts-ignore: decorator
@inline
export function stateOf(series: i32): usize {
  return load<u32>(blockListAt + (series << 2));
}

/** Address of a series' value in an f64 column. */
// @ts-ignore: decorator
@inline
export function column(name: i32, series: i32): usize {
  return seriesAt + ((name * seriesCapacity + series) << 3);
}

/** A field of a path's row. */
// @ts-ignore: decorator
@inline
export function pathField(path: i32, field: i32): i32 {
  return load<i32>(pathsAt + path * PATH_SIZE + field);
}
