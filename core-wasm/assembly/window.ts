// One series' window: a ring of the last N resolved outcomes in the order they were resolved, the
// latencies of it sorted, and exact running sums. Pairs for jitter are found by sequence number, so
// that an overtaken reply neither loses nor invents a pair.

import {
  E_DIFF,
  E_REPLIED,
  E_RTT,
  E_SEQ,
  ENTRY_SIZE,
  ringAt,
  S_COUNT,
  S_FLAGS,
  S_HEAD,
  S_LAST_RTT,
  S_LAST_SEQ,
  S_PAIR_SUM,
  S_PAIRS,
  S_REPLIED,
  S_RFC,
  S_SUM,
  S_TIMED,
  sortedAt,
  STATE_SIZE,
  stateAt,
  windowCapacity,
} from "./layout";

const SEEN_REPLY: u32 = 1;

// @ts-ignore: decorator
@inline
export function stateOf(series: i32): usize {
  return stateAt + series * STATE_SIZE;
}

// @ts-ignore: decorator
@inline
function ringOf(series: i32): usize {
  return ringAt + series * windowCapacity * ENTRY_SIZE;
}

// @ts-ignore: decorator
@inline
export function sortedOf(series: i32): usize {
  return sortedAt + ((series * windowCapacity) << 3);
}

/**
 * First index whose value is >= `value`, of `count` ascending values. Without branches on the data:
 * a mispredicted one costs more than all the loads.
 */
function lowerBound(sorted: usize, count: i32, value: f64): i32 {
  if (count == 0) return 0;
  let base = 0;
  let left = count;
  while (left > 1) {
    const half = left >>> 1;
    base = select(base + half, base, load<f64>(sorted + ((base + half - 1) << 3)) < value);
    left -= half;
  }
  return base + <i32>(load<f64>(sorted + (base << 3)) < value);
}

/** Moves `count` values down by one place, ending at `to`. Inline: a bulk copy costs a call. */
// @ts-ignore: decorator
@inline
function moveDown(to: usize, count: i32): void {
  const end = to + (count << 3);
  for (let at = to; at < end; at += 8) store<f64>(at, load<f64>(at + 8));
}

/** Moves `count` values from `from` up by one place. */
// @ts-ignore: decorator
@inline
function moveUp(from: usize, count: i32): void {
  for (let at = from + (count << 3); at > from; at -= 8) store<f64>(at, load<f64>(at - 8));
}

function insertSorted(sorted: usize, count: i32, value: f64): void {
  const at = lowerBound(sorted, count, value);
  const from = sorted + (at << 3);
  moveUp(from, count - at);
  store<f64>(from, value);
}

function removeSorted(sorted: usize, count: i32, value: f64): void {
  const at = lowerBound(sorted, count, value);
  const from = sorted + (at << 3);
  moveDown(from, count - at - 1);
}

/** Replaces `old` by `value`: only what lies between the two moves. */
function replaceSorted(sorted: usize, count: i32, old: f64, value: f64): void {
  const from = lowerBound(sorted, count, old);
  let to = lowerBound(sorted, count, value);
  if (to > from) {
    to--;
    moveDown(sorted + (from << 3), to - from);
  } else if (to < from) {
    moveUp(sorted + (to << 3), from - to);
  }
  store<f64>(sorted + (to << 3), value);
}

/** The newest `count` entries before slot `before`, searched backwards for `seq`; 0: not there. */
function findBackwards(ring: usize, window: i32, before: i32, count: i32, seq: u32): usize {
  let slot = before;
  for (let i = 0; i < count; i++) {
    slot = slot == 0 ? window - 1 : slot - 1;
    const entry = ring + slot * ENTRY_SIZE;
    if (load<u32>(entry + E_SEQ) == seq) return entry;
  }
  return 0;
}

function findForwards(ring: usize, window: i32, first: i32, count: i32, seq: u32): usize {
  let slot = first;
  for (let i = 0; i < count; i++) {
    const entry = ring + slot * ENTRY_SIZE;
    if (load<u32>(entry + E_SEQ) == seq) return entry;
    slot = slot + 1 == window ? 0 : slot + 1;
  }
  return 0;
}

/** Gives `entry` its difference to the sequence number before; both must have a latency. */
function pair(state: usize, entry: usize, before: usize): void {
  if (entry == 0 || before == 0) return;
  const difference = abs(load<f64>(entry + E_RTT) - load<f64>(before + E_RTT));
  if (difference != difference) return;
  store<f64>(entry + E_DIFF, difference);
  store<f64>(state + S_PAIR_SUM, load<f64>(state + S_PAIR_SUM) + difference);
  store<u32>(state + S_PAIRS, load<u32>(state + S_PAIRS) + 1);
}

function unpair(state: usize, entry: usize): void {
  const difference = load<f64>(entry + E_DIFF);
  if (difference != difference) return;
  store<f64>(entry + E_DIFF, NaN);
  store<f64>(state + S_PAIR_SUM, load<f64>(state + S_PAIR_SUM) - difference);
  store<u32>(state + S_PAIRS, load<u32>(state + S_PAIRS) - 1);
}

/** Takes the oldest entry out; answers its latency (NaN: none), which stays in the sorted list. */
function evict(state: usize, ring: usize, window: i32): f64 {
  const head = load<u32>(state + S_HEAD);
  const count = load<u32>(state + S_COUNT);
  const entry = ring + head * ENTRY_SIZE;
  const next = head + 1 == window ? 0 : head + 1;
  unpair(state, entry);
  const follower = findForwards(ring, window, next, count - 1, load<u32>(entry + E_SEQ) + 1);
  if (follower != 0) unpair(state, follower);
  store<u32>(state + S_HEAD, next);
  store<u32>(state + S_COUNT, count - 1);
  store<u32>(state + S_REPLIED, load<u32>(state + S_REPLIED) - load<u8>(entry + E_REPLIED));
  const rtt = load<f64>(entry + E_RTT);
  if (rtt == rtt) store<f64>(state + S_SUM, load<f64>(state + S_SUM) - rtt);
  return rtt;
}

/** RFC 3550 6.4.1: J += (|D| - J) / 16 over successive replies in order. */
function smooth(state: usize, seq: u32, rtt: f64): void {
  const seen = (load<u32>(state + S_FLAGS) & SEEN_REPLY) != 0;
  if (seen && <i32>(seq - load<u32>(state + S_LAST_SEQ)) <= 0) return;
  if (seen) {
    const jitter = load<f64>(state + S_RFC);
    const difference = abs(rtt - load<f64>(state + S_LAST_RTT));
    store<f64>(state + S_RFC, jitter + (difference - jitter) / 16);
  }
  store<u32>(state + S_FLAGS, SEEN_REPLY);
  store<u32>(state + S_LAST_SEQ, seq);
  store<f64>(state + S_LAST_RTT, rtt);
}

/** Takes a resolved outcome into a window of `window` entries. `rtt`: whole ns, NaN: no latency. */
export function push(series: i32, window: i32, seq: u32, replied: bool, rtt: f64): void {
  const state = stateOf(series);
  const ring = ringOf(series);
  const sorted = sortedOf(series);
  let timed = <i32>load<u32>(state + S_TIMED);
  let evicted: f64 = NaN;
  if (<i32>load<u32>(state + S_COUNT) == window) evicted = evict(state, ring, window);
  const head = <i32>load<u32>(state + S_HEAD);
  const count = <i32>load<u32>(state + S_COUNT);
  const slot = head + count >= window ? head + count - window : head + count;
  const entry = ring + slot * ENTRY_SIZE;
  store<f64>(entry + E_RTT, rtt);
  store<f64>(entry + E_DIFF, NaN);
  store<u32>(entry + E_SEQ, seq);
  store<u8>(entry + E_REPLIED, replied ? 1 : 0);
  const hasLatency = rtt == rtt;
  if (hasLatency) {
    pair(state, entry, findBackwards(ring, window, slot, count, seq - 1));
    // Only an overtaken reply finds its follower already there.
    const newest = load<u32>(state + S_LAST_SEQ);
    const seen = (load<u32>(state + S_FLAGS) & SEEN_REPLY) != 0;
    if (seen && <i32>(newest - seq) > 0) {
      pair(state, findBackwards(ring, window, slot, count, seq + 1), entry);
    }
    store<f64>(state + S_SUM, load<f64>(state + S_SUM) + rtt);
    smooth(state, seq, rtt);
  }
  const freed = evicted == evicted;
  if (freed && hasLatency) {
    replaceSorted(sorted, timed, evicted, rtt);
  } else if (hasLatency) {
    insertSorted(sorted, timed, rtt);
    timed++;
  } else if (freed) {
    removeSorted(sorted, timed, evicted);
    timed--;
  }
  store<u32>(state + S_TIMED, timed);
  store<u32>(state + S_COUNT, count + 1);
  if (replied) store<u32>(state + S_REPLIED, load<u32>(state + S_REPLIED) + 1);
}

/** Empties the window; what was counted in total stays. */
export function reset(series: i32): void {
  const state = stateOf(series);
  memory.fill(state + S_HEAD, 0, STATE_SIZE - S_HEAD);
}
