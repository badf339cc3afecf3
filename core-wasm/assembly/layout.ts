// The memory map. Everything is laid out once per `configure`, behind the program's static data:
// each region begins where the previous one ends, rounded up to 16 octets. The host asks for the
// offsets (index.ts) instead of repeating the arithmetic. A later region (the RTT histogram) is
// added behind the last one.

/** Raised with every change of what a host must know: columns, records, calls. */
export const ABI_VERSION: i32 = 1;

/** Octets of an outcome record; the fields are read in window.ts. */
export const RECORD_SIZE: i32 = 32;
/** Records of one `ingest` call at the most: a frame of 32 KiB without its header. */
export const INPUT_MAX: i32 = 1023;
/** Outcome kinds, the length of a row of totals. */
export const KINDS: i32 = 10;

/** f64 columns per series, in this order. */
export const SERIES_F64: i32 = 15;
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

/** f64 fields of a path's configuration, in this order. */
export const CONFIG_F64: i32 = 14;
export const FIRST_SERIES: i32 = 0;
export const SERIES_COUNT: i32 = 1;
export const RELIABILITY: i32 = 2;
export const WINDOW: i32 = 3;
export const MIN_SAMPLES: i32 = 4;
export const LATENCY_MAX: i32 = 5;
export const LATENCY_CRITICAL: i32 = 6;
export const LOSS_MAX: i32 = 7;
export const LOSS_CRITICAL: i32 = 8;
export const JITTER_MAX: i32 = 9;
export const JITTER_CRITICAL: i32 = 10;
export const WEIGHT_LATENCY: i32 = 11;
export const WEIGHT_LOSS: i32 = 12;
export const WEIGHT_JITTER: i32 = 13;

/**
 * State of a series, 64 octets: u32 path, u32 head (slot of the oldest), u32 count, u32 replied,
 * u32 timed (replies with a latency), u32 pairs, u32 last replied seq, u32 flags (1: a reply was
 * seen), f64 sum of latencies ns, f64 sum of pair differences ns, f64 RFC 3550 jitter ns, f64 last
 * RTT ns. Sums of whole nanoseconds are exact in f64, so they do not drift.
 */
export const STATE_SIZE: i32 = 64;
export const S_PATH: i32 = 0;
export const S_HEAD: i32 = 4;
export const S_COUNT: i32 = 8;
export const S_REPLIED: i32 = 12;
export const S_TIMED: i32 = 16;
export const S_PAIRS: i32 = 20;
export const S_LAST_SEQ: i32 = 24;
export const S_FLAGS: i32 = 28;
export const S_SUM: i32 = 32;
export const S_PAIR_SUM: i32 = 40;
export const S_RFC: i32 = 48;
export const S_LAST_RTT: i32 = 56;

/**
 * Entry of a window ring, 24 octets: f64 RTT ns (NaN: no latency), f64 difference to the RTT of the
 * sequence number before (NaN: no such pair), u32 seq, u8 replied.
 */
export const ENTRY_SIZE: i32 = 24;
export const E_RTT: i32 = 0;
export const E_DIFF: i32 = 8;
export const E_SEQ: i32 = 16;
export const E_REPLIED: i32 = 20;

export let seriesCapacity: i32 = 0;
export let pathCapacity: i32 = 0;
export let windowCapacity: i32 = 0;

export let inputAt: i32 = 0;
export let seriesAt: i32 = 0;
export let totalsAt: i32 = 0;
export let samplesAt: i32 = 0;
export let seriesStatusAt: i32 = 0;
export let seriesLimitingAt: i32 = 0;
export let seriesDirtyAt: i32 = 0;
export let dirtyListAt: i32 = 0;
export let pathScoreAt: i32 = 0;
export let pathChosenAt: i32 = 0;
export let pathStatusAt: i32 = 0;
export let pathLimitingAt: i32 = 0;
export let pathHardDownAt: i32 = 0;
export let pathTouchedAt: i32 = 0;
export let touchedListAt: i32 = 0;
export let configAt: i32 = 0;
export let stateAt: i32 = 0;
export let ringAt: i32 = 0;
export let sortedAt: i32 = 0;
/** The score of one set of values asked for by hand, see `scoreOf`. */
export let scratchAt: i32 = 0;
let end: i32 = 0;

function region(octets: i32): i32 {
  const at = end;
  end = (at + octets + 15) & ~15;
  return at;
}

/** Lays out the regions; false when the memory cannot grow that far. Everything is zeroed. */
export function layOut(series: i32, paths: i32, window: i32): bool {
  seriesCapacity = series;
  pathCapacity = paths;
  windowCapacity = window;
  end = ((<i32>__heap_base) + 15) & ~15;
  inputAt = region(INPUT_MAX * RECORD_SIZE);
  scratchAt = region(16 * 8);
  seriesAt = region(series * SERIES_F64 * 8);
  totalsAt = region(series * KINDS * 8);
  samplesAt = region(series * 4);
  seriesStatusAt = region(series);
  seriesLimitingAt = region(series);
  seriesDirtyAt = region(series);
  dirtyListAt = region(series * 4);
  pathScoreAt = region(paths * 8);
  pathChosenAt = region(paths * 4);
  pathStatusAt = region(paths);
  pathLimitingAt = region(paths);
  pathHardDownAt = region(paths);
  pathTouchedAt = region(paths);
  touchedListAt = region(paths * 4);
  configAt = region(paths * CONFIG_F64 * 8);
  stateAt = region(series * STATE_SIZE);
  ringAt = region(series * window * ENTRY_SIZE);
  sortedAt = region(series * window * 8);
  const pages = (end + 0xffff) >>> 16;
  const missing = pages - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) return false;
  memory.fill(inputAt, 0, end - inputAt);
  return true;
}

/** Address of a series' value in an f64 column. */
// @ts-ignore: decorator
@inline
export function column(name: i32, series: i32): usize {
  return seriesAt + ((name * seriesCapacity + series) << 3);
}

/** A path's configuration value. */
// @ts-ignore: decorator
@inline
export function setting(path: i32, name: i32): f64 {
  return load<f64>(configAt + ((path * CONFIG_F64 + name) << 3));
}
