// The exports of the core, nothing else. ABI in README.md.

import {
  ABI_VERSION,
  column,
  CONFIG_F64,
  configAt,
  dirtyListAt,
  FIRST_SERIES,
  INPUT_MAX,
  inputAt,
  KINDS,
  LAST_SENT,
  layOut,
  pathCapacity,
  pathChosenAt,
  pathHardDownAt,
  pathLimitingAt,
  pathScoreAt,
  pathStatusAt,
  pathTouchedAt,
  RECORD_SIZE,
  S_PATH,
  samplesAt,
  scratchAt,
  SERIES_COUNT,
  SERIES_F64,
  seriesAt,
  seriesCapacity,
  seriesDirtyAt,
  seriesLimitingAt,
  seriesStatusAt,
  setting,
  totalsAt,
  touchedListAt,
  WINDOW,
} from "./layout";
import { publishPath } from "./path";
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
  scorePath,
  statusOf,
} from "./score";
import { publish } from "./stats";
import { push, reset, stateOf } from "./window";

export { layOut };

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
    default:
      return CONFIG_F64;
  }
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
      return configAt;
    case 12:
      return scratchAt;
    default:
      return -1;
  }
}

/**
 * After the host has written the configuration of every path: binds series, empties all results.
 */
export function start(): void {
  for (let path = 0; path < pathCapacity; path++) {
    const first = <i32>setting(path, FIRST_SERIES);
    const end = first + <i32>setting(path, SERIES_COUNT);
    for (let series = first; series < end; series++) {
      store<u32>(stateOf(series) + S_PATH, path);
      store<f64>(column(LAST_SENT, series), NaN);
      publish(series);
    }
    publishPath(path);
  }
}

const REPLIED: u8 = 0;
const EXPIRED: u8 = 1;
const UNREACHABLE: u8 = 4;
const CORRUPT: u8 = 5;
const FLAG_CONFIRMATION: u8 = 1;
const FLAG_RTT_VOID: u8 = 8;
const NS_PER_US: f64 = 1000;
/** An RTT beyond an hour is a mistake, and would make the sums inexact. */
const RTT_MAX_US: f64 = 3.6e9;

/** Records of the last ingest that were not applied. */
export let rejected: i32 = 0;

let dirty: i32 = 0;
let touched: i32 = 0;

/** Applies `count` records at the input region. Answers the number of touched paths. */
export function ingest(count: i32): i32 {
  rejected = 0;
  dirty = 0;
  touched = 0;
  for (let i = 0; i < count; i++) {
    if (!apply(inputAt + i * RECORD_SIZE)) rejected++;
  }
  for (let i = 0; i < dirty; i++) {
    const series = load<u32>(dirtyListAt + (i << 2));
    store<u8>(seriesDirtyAt + series, 0);
    publish(series);
  }
  for (let i = 0; i < touched; i++) {
    const path = load<u32>(touchedListAt + (i << 2));
    store<u8>(pathTouchedAt + path, 0);
    publishPath(path);
  }
  return touched;
}

function apply(record: usize): bool {
  const series = <i32>load<u32>(record);
  const kind = load<u8>(record + 4);
  const flags = load<u8>(record + 5);
  if (<u32>series >= <u32>seriesCapacity || <i32>kind >= KINDS) return false;
  const rtt = load<f64>(record + 16);
  if (kind == REPLIED && !(rtt >= 0 && rtt <= RTT_MAX_US)) return false;
  const total = totalsAt + ((series * KINDS + <i32>kind) << 3);
  store<f64>(total, load<f64>(total) + 1);
  const resolved = kind == REPLIED || kind == EXPIRED || kind == UNREACHABLE || kind == CORRUPT;
  if (resolved) take(series, record, kind, flags, rtt);
  return true;
}

function take(series: i32, record: usize, kind: u8, flags: u8, rtt: f64): void {
  const path = <i32>load<u32>(stateOf(series) + S_PATH);
  const sent = load<f64>(record + 24);
  const newest = column(LAST_SENT, series);
  // Written so that NaN (none yet) is replaced.
  if (!(sent <= load<f64>(newest))) store<f64>(newest, sent);
  if ((flags & FLAG_CONFIRMATION) == 0) {
    const timed = kind == REPLIED && (flags & FLAG_RTT_VOID) == 0;
    const latency = timed ? Math.floor(rtt * NS_PER_US + 0.5) : NaN;
    push(series, <i32>setting(path, WINDOW), load<u32>(record + 8), kind == REPLIED, latency);
    markDirty(series);
  }
  markTouched(path);
}

function markDirty(series: i32): void {
  if (load<u8>(seriesDirtyAt + series) != 0) return;
  store<u8>(seriesDirtyAt + series, 1);
  store<u32>(dirtyListAt + (dirty << 2), series);
  dirty++;
}

function markTouched(path: i32): void {
  if (load<u8>(pathTouchedAt + path) != 0) return;
  store<u8>(pathTouchedAt + path, 1);
  store<u32>(touchedListAt + (touched << 2), path);
  touched++;
}

/** Empties the windows of a path. */
export function resetPath(path: i32): void {
  const first = <i32>setting(path, FIRST_SERIES);
  const end = first + <i32>setting(path, SERIES_COUNT);
  for (let series = first; series < end; series++) {
    reset(series);
    publish(series);
  }
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
  scorePath(path, latency, loss, jitter);
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
