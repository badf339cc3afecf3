// The exports of the core, nothing else. ABI in README.md.

import { prepareHistograms, resetTally, takeTally } from "./histogram";
import {
  ABI_VERSION,
  blobAt,
  blockListAt,
  blocksAt,
  blocksEnd,
  blockSize,
  column,
  INPUT_MAX,
  inputAt,
  KINDS,
  LAST_SENT,
  layOut,
  P_FIRST,
  P_PROFILE,
  P_SERIES,
  PATH_SIZE,
  pathCapacity,
  pathChosenAt,
  pathField,
  pathHardDownAt,
  pathLimitingAt,
  pathsAt,
  pathScoreAt,
  pathStatusAt,
  PROFILE_F64,
  PROFILE_NAMES,
  PROFILE_SIZE,
  profileCapacity,
  profilesAt,
  RECORD_SIZE,
  rejectedAt,
  S_PATH,
  S_PROFILE,
  S_WINDOW,
  samplesAt,
  scratchAt,
  SERIES_F64,
  SERIES_NAMES,
  seriesAt,
  seriesCapacity,
  seriesExcludedAt,
  seriesLimitingAt,
  seriesStatusAt,
  stateOf,
  totalsAt,
  touchedListAt,
  WINDOW,
} from "./layout";
import { ingest } from "./ingest";
import { BLOCKED, publishPath } from "./path";
import {
  capJitter,
  capLatency,
  capLoss,
  composite,
  limiting,
  penaltyJitter,
  penaltyLatency,
  penaltyLoss,
  score,
  scoreWith,
  statusOf,
} from "./score";
import { publish } from "./stats";
import { reset } from "./window";

export { ingest, layOut, takeTally };

export function abiVersion(): i32 {
  return ABI_VERSION;
}

/** What a host must agree on beside the ABI version: sizes that both sides index with. */
export function shape(what: i32): i32 {
  switch (what) {
    case 0:
      return RECORD_SIZE;
    case 1:
      return INPUT_MAX;
    case 2:
      return KINDS;
    case 3:
      return SERIES_F64;
    case 4:
      return PATH_SIZE;
    default:
      return PROFILE_F64;
  }
}

/** Address of the names, in order, of 0 the series columns, 1 the profile fields: UTF-16. */
export function names(what: i32): usize {
  return changetype<usize>(what == 0 ? SERIES_NAMES : PROFILE_NAMES);
}

/** Octets of these names. */
export function namesSize(what: i32): i32 {
  return (what == 0 ? SERIES_NAMES : PROFILE_NAMES).length << 1;
}

/** Offsets of the regions after layOut, in the order of README.md; -1 behind the last. */
export function offset(region: i32): i32 {
  switch (region) {
    case 0:
      return inputAt;
    case 1:
      return seriesAt;
    case 2:
      return totalsAt;
    case 3:
      return samplesAt;
    case 4:
      return seriesStatusAt;
    case 5:
      return seriesLimitingAt;
    case 6:
      return pathScoreAt;
    case 7:
      return pathChosenAt;
    case 8:
      return pathStatusAt;
    case 9:
      return pathLimitingAt;
    case 10:
      return touchedListAt;
    case 11:
      return pathsAt;
    case 12:
      return profilesAt;
    case 13:
      return scratchAt;
    case 14:
      return rejectedAt;
    case 15:
      return blobAt;
    default:
      return -1;
  }
}

/**
 * After the host has written paths and profiles: binds series, empties all results. False when the
 * rows do not fit what was laid out: a series of no path or of two, an unknown profile, larger
 * windows.
 */
export function start(): bool {
  prepareHistograms();
  let next = 0;
  let block: i64 = blocksAt;
  for (let path = 0; path < pathCapacity; path++) {
    const series = pathField(path, P_SERIES);
    const row = pathField(path, P_PROFILE);
    if (pathField(path, P_FIRST) != next || <u32>row >= <u32>profileCapacity) return false;
    if (series < 0 || series > seriesCapacity - next) return false;
    const profile = profilesAt + row * PROFILE_SIZE;
    const window = load<f64>(profile, WINDOW);
    if (!(window >= 1 && window <= 0xffffff)) return false;
    const size = blockSize(<i32>window);
    if (block + size * <i64>series > <i64>blocksEnd) return false;
    for (const end = next + series; next < end; next++, block += size) {
      bind(next, <u32>block, path, profile);
    }
    publishPath(path);
  }
  return next == seriesCapacity;
}

function bind(series: i32, state: usize, path: i32, profile: usize): void {
  store<u32>(blockListAt + (series << 2), <u32>state);
  store<u32>(state + S_PATH, path);
  store<u32>(state + S_PROFILE, <u32>profile);
  store<i32>(state + S_WINDOW, <i32>load<f64>(profile, WINDOW));
  store<f64>(column(LAST_SENT, series), NaN);
  reset(state);
  resetTally(state);
  publish(series);
}

/** Empties the windows of a path. */
export function resetPath(path: i32): void {
  const first = pathField(path, P_FIRST);
  const end = first + pathField(path, P_SERIES);
  for (let series = first; series < end; series++) {
    reset(stateOf(series));
    publish(series);
  }
  publishPath(path);
}

/** While true the series is none of its path's targets; its own values go on. */
export function setExcluded(series: i32, excluded: bool): void {
  store<u8>(seriesExcludedAt + series, excluded ? 1 : 0);
  publishPath(load<i32>(stateOf(series), S_PATH));
}

/** While true the score is 50 and the status degraded: silence that is not believed yet. */
export function setBlocked(path: i32, blocked: bool): void {
  store<u8>(pathHardDownAt + path, blocked ? BLOCKED : 0);
  publishPath(path);
}

export function setHardDown(path: i32, down: bool): void {
  store<u8>(pathHardDownAt + path, down ? 1 : 0);
  publishPath(path);
}

/**
 * The score of given values with a path's settings, into the scratch region (f64): score,
 * composite, penalties and caps of latency, loss, jitter, limiting metric, status. False: a value
 * is not finite or negative.
 */
export function scoreOf(path: i32, latency: f64, loss: f64, jitter: f64): bool {
  if (!(latency >= 0 && loss >= 0 && jitter >= 0)) return false;
  if (latency == Infinity || loss == Infinity || jitter == Infinity) return false;
  scoreWith(profilesAt + pathField(path, P_PROFILE) * PROFILE_SIZE, latency, loss, jitter);
  store<f64>(scratchAt, score);
  store<f64>(scratchAt + 8, composite);
  store<f64>(scratchAt + 16, penaltyLatency);
  store<f64>(scratchAt + 24, penaltyLoss);
  store<f64>(scratchAt + 32, penaltyJitter);
  store<f64>(scratchAt + 40, capLatency);
  store<f64>(scratchAt + 48, capLoss);
  store<f64>(scratchAt + 56, capJitter);
  store<f64>(scratchAt + 64, <f64>limiting);
  store<f64>(scratchAt + 72, <f64>statusOf(score));
  return true;
}
