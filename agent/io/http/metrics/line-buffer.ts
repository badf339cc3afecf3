/**
 * Bytes of an exposition under way. Constant pieces (names, escaped labels) lie in an arena behind
 * the output, in the same memory. They are short, so they are copied eight octets at a time through
 * a view, which costs half of `copyWithin`. The owner checks `room` before it writes.
 */

const ENCODER = new TextEncoder();
const ZERO = 48;
const POINT = 46;
const NEWLINE = 10;
const SPACE = 32;
const BRACE = 125;
const WORD = 8;
/** Digits are taken off with 32-bit arithmetic; larger values go through a string. */
const FAST_MAX = 0x7fff_fffe;
/** "00".."99". */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) =>
  i % 2 === 0 ? ZERO + Math.floor(i / 20) : ZERO + (((i - 1) / 2) % 10),
);

export class LineBuffer {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #capacity: number;
  #at = 0;

  /** `arena`: valid UTF-8; offsets into it count from 0. */
  constructor(capacity: number, arena: Uint8Array) {
    this.#bytes = new Uint8Array(capacity + arena.byteLength + WORD);
    this.#bytes.set(arena, capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#capacity = capacity;
  }

  /** Octets that can be written before `take`. */
  get room(): number {
    return this.#capacity - this.#at - WORD;
  }

  /**
   * Copies the arena's octets from `start` to `end`; up to 7 more are written and overwritten next.
   * A float that is NaN would lose its bits on the way. Its last two octets are F0..FF and 7F or
   * FF, which valid UTF-8 never has in a row.
   */
  copy(start: number, end: number): void {
    const view = this.#view;
    const shift = this.#at - this.#capacity - start;
    const last = this.#capacity + end;
    for (let from = this.#capacity + start; from < last; from += WORD) {
      view.setFloat64(from + shift, view.getFloat64(from, true), true);
    }
    this.#at += end - start;
  }

  /** The end of a block of labels. */
  close(): void {
    this.#bytes[this.#at] = BRACE;
    this.#bytes[this.#at + 1] = SPACE;
    this.#at += 2;
  }

  /** false: it does not fit, and nothing was written. */
  text(text: string): boolean {
    const room = this.#bytes.subarray(this.#at, this.#capacity);
    const { read, written } = ENCODER.encodeInto(text, room);
    if (read < text.length) return false;
    this.#at += written;
    return true;
  }

  /**
   * A number and the end of its line. `scaled` counts in units of the last of `digits` decimals, so
   * 1500 with 3 is 1.5; it is rounded, trailing zeros are left out.
   */
  number(scaled: number, digits: number): void {
    if (scaled >= 0 && scaled <= FAST_MAX) this.#decimal((scaled + 0.5) | 0, digits);
    else this.text(String(Math.round(scaled) / 10 ** digits));
    this.#bytes[this.#at++] = NEWLINE;
  }

  /** What was written, to be read before the next write; the buffer begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return taken;
  }

  /**
   * Writes all digits, with leading zeros up to the unit, then moves the decimals for the point.
   */
  #decimal(scaled: number, decimals: number): void {
    const bytes = this.#bytes;
    const start = this.#at;
    const end = start + Math.max(digitsOf(scaled), decimals + 1);
    let at = end;
    let rest = scaled;
    while (rest >= 100) {
      const hundredth = (rest / 100) | 0;
      const pair = (rest - hundredth * 100) * 2;
      bytes[--at] = PAIRS[pair + 1] ?? ZERO;
      bytes[--at] = PAIRS[pair] ?? ZERO;
      rest = hundredth;
    }
    bytes[--at] = PAIRS[rest * 2 + 1] ?? ZERO;
    if (rest >= 10) bytes[--at] = PAIRS[rest * 2] ?? ZERO;
    while (at > start) bytes[--at] = ZERO;
    this.#at = decimals === 0 ? end : this.#pointed(end - decimals, end);
  }

  /** Puts the point before the decimals from `point` to `end`; answers with the new end. */
  #pointed(point: number, end: number): number {
    const bytes = this.#bytes;
    let last = end - 1;
    while (last >= point && bytes[last] === ZERO) last--;
    if (last < point) return point;
    for (let i = last; i >= point; i--) bytes[i + 1] = bytes[i] ?? ZERO;
    bytes[point] = POINT;
    return last + 2;
  }
}

/** Comparisons instead of divisions: half the time of a loop. */
function digitsOf(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10_000) return value < 1_000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}
