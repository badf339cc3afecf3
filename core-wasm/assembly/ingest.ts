// A batch of outcome records into the windows, then one rescore per touched series and path.

import { tally } from "./histogram";
import {
  column,
  dirtyListAt,
  fetchedAt,
  inputAt,
  KINDS,
  LAST_SENT,
  NO_LATENCY,
  pathTouchedAt,
  RECORD_SIZE,
  rejectedAt,
  S_DIRTY,
  S_PATH,
  seriesCapacity,
  stateOf,
  totalsAt,
  touchedListAt,
} from "./layout";
import { publishPath } from "./path";
import { publish } from "./stats";
import { push } from "./window";

// The record, wire/frame.ts of the host.
const R_SERIES: usize = 0;
const R_KIND: usize = 4;
const R_FLAGS: usize = 5;
const R_SEQ: usize = 8;
const R_RTT_US: usize = 16;
const R_SENT_US: usize = 24;

// Codes of domain/outcome.ts of the host.
const REPLIED: u8 = 0;
/** Bits of the kinds that end a scheduled probe: replied, expired, unreachable, corrupt. */
const RESOLVED: u32 = 0b110011;
const FLAG_CONFIRMATION: u8 = 1;
const FLAG_RTT_VOID: u8 = 8;
/** Told before: for the window only, not for totals and history. */
const FLAG_SEED: u8 = 64;
/** Sent before the window began: for totals and history only. */
const FLAG_STALE: u8 = 128;

const NS_PER_US: f64 = 1000;
/** An RTT beyond an hour is a mistake. */
const RTT_MAX_US: f64 = 3.6e9;

let dirty: i32 = 0;
let touched: i32 = 0;

/** Applies `count` records at the input region. Answers the number of touched paths. */
export function ingest(count: i32): i32 {
  let rejected = 0;
  dirty = 0;
  touched = 0;
  const end: usize = inputAt + count * RECORD_SIZE;
  for (let record: usize = inputAt; record < end; record += RECORD_SIZE) {
    fetch(record + AHEAD, end);
    if (!apply(record)) rejected++;
  }
  store<i32>(rejectedAt, rejected);
  for (let i = 0; i < dirty; i++) {
    const series = load<u32>(dirtyListAt + (i << 2));
    store<u32>(stateOf(series) + S_DIRTY, 0);
    publish(series);
  }
  for (let i = 0; i < touched; i++) {
    const path = load<u32>(touchedListAt + (i << 2));
    store<u8>(pathTouchedAt + path, 0);
    publishPath(path);
  }
  return touched;
}

/** With thousands of series most of an outcome's time is waiting for its block. */
const AHEAD: usize = 4 * RECORD_SIZE;

/**
 * Reads from the lines that a record to come will need, so that the processor has them near when
 * its turn comes. The sum is stored so that no compiler leaves the reads out.
 */
// @ts-ignore: decorator
@inline
function fetch(record: usize, end: usize): void {
  if (record >= end || load<u32>(record, R_SERIES) >= <u32>seriesCapacity) return;
  const series = load<i32>(record, R_SERIES);
  const at = stateOf(series);
  const state = load<i32>(at) + load<i32>(at, 64) + load<i32>(at, 128) + load<i32>(at, 192);
  const sorted = load<i32>(at, 256) + load<i32>(at, 320) + load<i32>(at, 384) + load<i32>(at, 448);
  const total = load<i32>(at, 512) + load<i32>(totalsAt + ((series * KINDS) << 3));
  store<i32>(fetchedAt, state + sorted + total + load<i32>(column(LAST_SENT, series)));
}

// @ts-ignore: decorator
@inline
function apply(record: usize): bool {
  const series = load<i32>(record, R_SERIES);
  const kind = load<u8>(record, R_KIND);
  if (<u32>series >= <u32>seriesCapacity || <i32>kind >= KINDS) return false;
  const rtt = load<f64>(record, R_RTT_US);
  if (kind == REPLIED && !(rtt >= 0 && rtt <= RTT_MAX_US)) return false;
  const isNew = (load<u8>(record, R_FLAGS) & FLAG_SEED) == 0;
  const total = totalsAt + ((series * KINDS + <i32>kind) << 3);
  store<f64>(total, load<f64>(total) + <f64>isNew);
  if (((RESOLVED >>> kind) & 1) != 0) take(series, record, kind, rtt);
  return true;
}

// @ts-ignore: decorator
@inline
function take(series: i32, record: usize, kind: u8, rtt: f64): void {
  const state = stateOf(series);
  const flags = load<u8>(record, R_FLAGS);
  const sent = load<f64>(record, R_SENT_US);
  const newest = column(LAST_SENT, series);
  const before = load<f64>(newest);
  // NaN: none yet.
  if (sent > before || before != before) store<f64>(newest, sent);
  if ((flags & FLAG_CONFIRMATION) == 0) {
    const timed = kind == REPLIED && (flags & FLAG_RTT_VOID) == 0;
    const latency = timed ? <i64>Math.floor(rtt * NS_PER_US + 0.5) : NO_LATENCY;
    if ((flags & FLAG_STALE) == 0) push(state, load<u32>(record, R_SEQ), kind == REPLIED, latency);
    if ((flags & FLAG_SEED) == 0) tally(state, kind == REPLIED, latency);
    markDirty(series, state);
  }
  markTouched(load<i32>(state + S_PATH));
}

// @ts-ignore: decorator
@inline
function markDirty(series: i32, state: usize): void {
  if (load<u32>(state + S_DIRTY) != 0) return;
  store<u32>(state + S_DIRTY, 1);
  store<u32>(dirtyListAt + (dirty << 2), series);
  dirty++;
}

// @ts-ignore: decorator
@inline
function markTouched(path: i32): void {
  if (load<u8>(pathTouchedAt + path) != 0) return;
  store<u8>(pathTouchedAt + path, 1);
  store<u32>(touchedListAt + (touched << 2), path);
  touched++;
}
