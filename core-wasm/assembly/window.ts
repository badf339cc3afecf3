// One series' window: a ring of the last N resolved outcomes in the order they were resolved, the
// latencies of it sorted, and exact running sums. Pairs for jitter are found by sequence number, so
// that an overtaken reply neither loses nor invents a pair.

import {
  E_DIFF,
  E_REPLIED,
  E_RTT,
  E_SEQ,
  ENTRY_SIZE,
  NO_LATENCY,
  S_COUNT,
  S_HEAD,
  S_LAST_RTT,
  S_LAST_SEQ,
  S_PAIR_SUM,
  S_PAIRS,
  S_REPLIED,
  S_RFC,
  S_SQUARES,
  S_SUM,
  S_TALLY_N,
  S_TIMED,
  S_WINDOW,
  SORTED_SIZE,
  STATE_SIZE,
} from "./layout";
import { insert, remove, replace } from "./sorted";

/** The latencies of the window in ascending order, S_TIMED of them. */
// @ts-ignore: decorator
@inline
export function sortedOf(state: usize): usize {
  return state + STATE_SIZE;
}

// @ts-ignore: decorator
@inline
function ringOf(state: usize, window: i32): usize {
  return state + STATE_SIZE + window * SORTED_SIZE;
}

// @ts-ignore: decorator
@inline
function add32(at: usize, change: i32): void {
  store<i32>(at, load<i32>(at) + change);
}

// @ts-ignore: decorator
@inline
function add64(at: usize, change: i64): void {
  store<i64>(at, load<i64>(at) + change);
}

/**
 * How many entries apart the two of a pair may lie. In order they are neighbours; a reply is
 * overtaken by no more than what is in flight. Without the limit, a number that never arrives (an
 * unsent probe) would cost a walk through the whole window.
 */
const REACH: i32 = 64;

/** The entry of `seq` among the `count` before slot `before`, newest first; 0: not there. */
function findBefore(ring: usize, window: i32, before: i32, count: i32, seq: u32): usize {
  let slot = before;
  for (let i = min(count, REACH); i > 0; i--) {
    slot = slot == 0 ? window - 1 : slot - 1;
    const entry = ring + slot * ENTRY_SIZE;
    if (load<u32>(entry + E_SEQ) == seq) return entry;
  }
  return 0;
}

/** The entry of `seq` among the `count` from slot `first` on, oldest first; 0: not there. */
function findFrom(ring: usize, window: i32, first: i32, count: i32, seq: u32): usize {
  let slot = first;
  for (let i = min(count, REACH); i > 0; i--) {
    const entry = ring + slot * ENTRY_SIZE;
    if (load<u32>(entry + E_SEQ) == seq) return entry;
    slot = slot + 1 == window ? 0 : slot + 1;
  }
  return 0;
}

/**
 * Gives `entry` its difference to the sequence number before; both must have a latency. An entry
 * has one pair at the most: after a restart of the numbering a number can be there twice.
 */
// @ts-ignore: decorator
@inline
function pair(state: usize, entry: usize, before: usize): void {
  if (entry == 0 || before == 0 || load<i64>(entry + E_DIFF) >= 0) return;
  const later = load<i64>(entry + E_RTT);
  const earlier = load<i64>(before + E_RTT);
  if ((later | earlier) < 0) return;
  const difference = later > earlier ? later - earlier : earlier - later;
  store<i64>(entry + E_DIFF, difference);
  add64(state + S_PAIR_SUM, difference);
  add32(state + S_PAIRS, 1);
}

// @ts-ignore: decorator
@inline
function unpair(state: usize, entry: usize): void {
  const difference = load<i64>(entry + E_DIFF);
  if (difference < 0) return;
  store<i64>(entry + E_DIFF, NO_LATENCY);
  add64(state + S_PAIR_SUM, -difference);
  add32(state + S_PAIRS, -1);
}

/** Takes the oldest entry out; answers its latency, which stays in the sorted list. */
// @ts-ignore: decorator
@inline
function evict(state: usize, ring: usize, window: i32): i64 {
  const head = load<i32>(state + S_HEAD);
  const entry = ring + head * ENTRY_SIZE;
  const next = head + 1 == window ? 0 : head + 1;
  unpair(state, entry);
  const follower = findFrom(ring, window, next, window - 1, load<u32>(entry + E_SEQ) + 1);
  if (follower != 0) unpair(state, follower);
  store<i32>(state + S_HEAD, next);
  store<i32>(state + S_COUNT, window - 1);
  add32(state + S_REPLIED, -load<i32>(entry + E_REPLIED));
  const rtt = load<i64>(entry + E_RTT);
  if (rtt >= 0) {
    add64(state + S_SUM, -rtt);
    add64(state + S_SQUARES, -(rtt * rtt));
  }
  return rtt;
}

/**
 * RFC 3550 6.4.1: J += (|D| - J) / 16 over successive replies in order; an overtaken one is left
 * out. One further behind than REACH was not overtaken: the sender began to count anew.
 */
// @ts-ignore: decorator
@inline
function smooth(state: usize, seq: u32, rtt: i64): void {
  const last = load<i64>(state + S_LAST_RTT);
  const ahead = <i32>(seq - load<u32>(state + S_LAST_SEQ));
  if (last >= 0 && ahead <= 0 && ahead > -REACH) return;
  if (last >= 0 && ahead > 0) {
    const jitter = load<f64>(state + S_RFC);
    store<f64>(state + S_RFC, jitter + (Math.abs(<f64>(rtt - last)) - jitter) * 0.0625);
  }
  store<u32>(state + S_LAST_SEQ, seq);
  store<i64>(state + S_LAST_RTT, rtt);
}

/** Finds the pairs of a new entry with a latency; `count`: entries before it. */
// @ts-ignore: decorator
@inline
function pairUp(state: usize, ring: usize, slot: i32, count: i32): void {
  const window = load<i32>(state + S_WINDOW);
  const entry = ring + slot * ENTRY_SIZE;
  const seq = load<u32>(entry + E_SEQ);
  pair(state, entry, findBefore(ring, window, slot, count, seq - 1));
  // Only an overtaken reply finds its follower already there.
  const seen = load<i64>(state + S_LAST_RTT) >= 0;
  if (seen && <i32>(load<u32>(state + S_LAST_SEQ) - seq) > 0) {
    pair(state, findBefore(ring, window, slot, count, seq + 1), entry);
  }
}

/** Takes a resolved outcome into the window. `rtt`: whole ns, NO_LATENCY: none. */
export function push(state: usize, seq: u32, replied: bool, rtt: i64): void {
  const window = load<i32>(state + S_WINDOW);
  const ring = ringOf(state, window);
  let evicted = NO_LATENCY;
  if (load<i32>(state + S_COUNT) == window) evicted = evict(state, ring, window);
  const count = load<i32>(state + S_COUNT);
  const free = load<i32>(state + S_HEAD) + count;
  const slot = free >= window ? free - window : free;
  const entry = ring + slot * ENTRY_SIZE;
  store<i64>(entry + E_RTT, rtt);
  store<i64>(entry + E_DIFF, NO_LATENCY);
  store<u32>(entry + E_SEQ, seq);
  store<i32>(entry + E_REPLIED, <i32>replied);
  store<i32>(state + S_COUNT, count + 1);
  if (replied) add32(state + S_REPLIED, 1);
  if (rtt >= 0) {
    pairUp(state, ring, slot, count);
    add64(state + S_SUM, rtt);
    add64(state + S_SQUARES, rtt * rtt);
    smooth(state, seq, rtt);
  }
  keepSorted(state, evicted, rtt);
}

// @ts-ignore: decorator
@inline
function keepSorted(state: usize, evicted: i64, rtt: i64): void {
  const sorted = sortedOf(state);
  const timed = load<i32>(state + S_TIMED);
  if (evicted >= 0 && rtt >= 0) {
    replace(sorted, timed, evicted, rtt);
  } else if (rtt >= 0) {
    insert(sorted, timed, rtt);
    store<i32>(state + S_TIMED, timed + 1);
  } else if (evicted >= 0) {
    remove(sorted, timed, evicted);
    store<i32>(state + S_TIMED, timed - 1);
  }
}

/** Empties the window; what was counted in total and for the history stays. */
export function reset(state: usize): void {
  memory.fill(state + S_HEAD, 0, S_TALLY_N - S_HEAD);
  store<i64>(state + S_LAST_RTT, NO_LATENCY);
}
