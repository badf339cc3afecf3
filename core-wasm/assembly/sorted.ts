// An ascending list of i64 in place, at most one move per change: what percentiles are read from.

/** Index of the first value >= `value` of `count` ascending ones, without branches on the data. */
function lowerBound(sorted: usize, count: i32, value: i64): i32 {
  if (count == 0) return 0;
  let base = sorted;
  let left = count;
  while (left > 1) {
    const half = left >>> 1;
    const middle = base + (half << 3);
    base = select(middle, base, load<i64>(middle - 8) < value);
    left -= half;
  }
  return <i32>((base - sorted) >>> 3) + <i32>(load<i64>(base) < value);
}

/** A bulk copy costs a call of some 15 ns: not for fewer values than this. */
const BULK_FROM: i32 = 48;

/** Moves `count` values at `from + 8` down by one place. */
// @ts-ignore: decorator
@inline
function moveDown(from: usize, count: i32): void {
  if (count >= BULK_FROM) {
    memory.copy(from, from + 8, count << 3);
    return;
  }
  const end = from + (count << 3);
  for (let at = from; at < end; at += 8) store<i64>(at, load<i64>(at + 8));
}

/** Moves `count` values at `from` up by one place. */
// @ts-ignore: decorator
@inline
function moveUp(from: usize, count: i32): void {
  if (count >= BULK_FROM) {
    memory.copy(from + 8, from, count << 3);
    return;
  }
  for (let at = from + (count << 3); at > from; at -= 8) store<i64>(at, load<i64>(at - 8));
}

export function insert(sorted: usize, count: i32, value: i64): void {
  const at = lowerBound(sorted, count, value);
  const from = sorted + (at << 3);
  moveUp(from, count - at);
  store<i64>(from, value);
}

export function remove(sorted: usize, count: i32, value: i64): void {
  const at = lowerBound(sorted, count, value);
  moveDown(sorted + (at << 3), count - at - 1);
}

/** Replaces `old` by `value`: moves only what lies between the two. */
export function replace(sorted: usize, count: i32, old: i64, value: i64): void {
  const from = lowerBound(sorted, count, old);
  let to = lowerBound(sorted, count, value);
  if (to > from) {
    to--;
    moveDown(sorted + (from << 3), to - from);
  } else if (to < from) {
    moveUp(sorted + (to << 3), from - to);
  }
  store<i64>(sorted + (to << 3), value);
}
