// A path's result: the k-th best of its series with enough samples speaks for it.

import {
  column,
  P_FIRST,
  P_K,
  P_SERIES,
  pathChosenAt,
  pathField,
  pathHardDownAt,
  pathLimitingAt,
  pathScoreAt,
  pathStatusAt,
  SCORE,
  seriesExcludedAt,
  seriesLimitingAt,
  seriesStatusAt,
} from "./layout";
import { BY_NONE, BY_REACHABILITY, DEGRADED, DOWN, UNKNOWN } from "./score";

/** A verdict that is held, beside 0 (none) and 1 (down). */
export const BLOCKED: u8 = 2;
const BLOCKED_SCORE: f64 = 50;

/**
 * The series with the k-th best score among those that have one and are not
 * excluded (k = min(k, their number)); -1:
 * none. Equal scores: the earlier series first. Quadratic in the targets of one path, which are
 * few.
 */
function kthBest(first: i32, count: i32, k: i32): i32 {
  if (count == 1) return isScored(first) ? first : -1;
  let scored = 0;
  for (let i = 0; i < count; i++) {
    if (isScored(first + i)) scored++;
  }
  if (scored == 0) return -1;
  const wanted = min(k, scored) - 1;
  for (let i = 0; i < count; i++) {
    if (!isScored(first + i)) continue;
    const value = load<f64>(column(SCORE, first + i));
    let better = 0;
    for (let j = 0; j < count; j++) {
      if (!isScored(first + j)) continue;
      const other = load<f64>(column(SCORE, first + j));
      if (other > value || (other == value && j < i)) better++;
    }
    if (better == wanted) return first + i;
  }
  return -1;
}

function isScored(series: i32): bool {
  const value = load<f64>(column(SCORE, series));
  return value == value && load<u8>(seriesExcludedAt + series) == 0;
}

/** Recomputes the row of a path from its series. */
export function publishPath(path: i32): void {
  const first = pathField(path, P_FIRST);
  const chosen = kthBest(first, pathField(path, P_SERIES), pathField(path, P_K));
  store<i32>(pathChosenAt + (path << 2), chosen);
  const verdict = load<u8>(pathHardDownAt + path);
  if (verdict == BLOCKED) {
    putPath(path, BLOCKED_SCORE, DEGRADED, BY_REACHABILITY);
  } else if (verdict != 0) {
    putPath(path, 0, DOWN, BY_REACHABILITY);
  } else if (chosen < 0) {
    putPath(path, NaN, UNKNOWN, BY_NONE);
  } else {
    const value = load<f64>(column(SCORE, chosen));
    putPath(path, value, load<u8>(seriesStatusAt + chosen), load<u8>(seriesLimitingAt + chosen));
  }
}

function putPath(path: i32, value: f64, status: u8, by: u8): void {
  store<f64>(pathScoreAt + (path << 3), value);
  store<u8>(pathStatusAt + path, status);
  store<u8>(pathLimitingAt + path, by);
}
