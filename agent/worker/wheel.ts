/**
 * Deadlines of probes in flight: a hashed timing wheel of 4,096 buckets of 1 ms. Entries are small
 * integers (ledger slots) in doubly linked lists over typed arrays, so arming and disarming cost a
 * few loads and nothing is allocated. A deadline is never early and at most 1 ms late. A deadline
 * more than 4 s ahead shares a bucket with nearer ones and stays in it until its own round.
 */

const BUCKETS = 4_096;
const MASK = BUCKETS - 1;
const TICK_US = 1_000;
const NONE = -1;

export class TimingWheel {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** In ticks since boot: beyond 32 bits after 49 days, hence doubles. */
  readonly #deadline: Float64Array;
  readonly #isArmed: Uint8Array;
  readonly #heads = new Int32Array(BUCKETS).fill(NONE);
  /** One bit per bucket. */
  readonly #occupied = new Uint32Array(BUCKETS / 32);
  #cursor = 0;
  #count = 0;
  #due = NONE;

  constructor(capacity: number) {
    this.#next = new Int32Array(capacity).fill(NONE);
    this.#previous = new Int32Array(capacity).fill(NONE);
    this.#deadline = new Float64Array(capacity);
    this.#isArmed = new Uint8Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Arms an entry that is not armed. A deadline in the past fires at the next `advance`. */
  arm(entry: number, deadlineUs: number): void {
    const tick = Math.max(Math.ceil(deadlineUs / TICK_US), this.#cursor + 1);
    const bucket = tick & MASK;
    const head = this.#heads[bucket] ?? NONE;
    this.#deadline[entry] = tick;
    this.#isArmed[entry] = 1;
    this.#next[entry] = head;
    this.#previous[entry] = NONE;
    if (head !== NONE) this.#previous[head] = entry;
    this.#heads[bucket] = entry;
    this.#mark(bucket, true);
    this.#count++;
  }

  /** Disarms an entry; nothing happens when it is not armed. */
  disarm(entry: number): void {
    if (this.#isArmed[entry] !== 1) return;
    const next = this.#next[entry] ?? NONE;
    const previous = this.#previous[entry] ?? NONE;
    const bucket = (this.#deadline[entry] ?? 0) & MASK;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else this.#heads[bucket] = next;
    if (this.#heads[bucket] === NONE) this.#mark(bucket, false);
    this.#isArmed[entry] = 0;
    this.#count--;
  }

  /** Moves what is due at `nowUs` to the due list, to be taken with `takeDue`. */
  advance(nowUs: number): void {
    const now = Math.floor(nowUs / TICK_US);
    if (now <= this.#cursor) return;
    const first = Math.max(this.#cursor + 1, now - MASK);
    this.#cursor = now;
    if (this.#count === 0) return;
    for (let tick = first; tick <= now; ) {
      const skip = this.#emptyFrom(tick & MASK);
      tick += skip;
      if (skip === 0) {
        this.#collect(tick & MASK, now);
        tick++;
      }
    }
  }

  /** The next due entry, disarmed; -1 when there is none. */
  takeDue(): number {
    const entry = this.#due;
    if (entry !== NONE) this.#due = this.#next[entry] ?? NONE;
    return entry;
  }

  /** No entry fires before this moment; Infinity while nothing is armed. */
  nextDueUs(): number {
    if (this.#count === 0) return Number.POSITIVE_INFINITY;
    let tick = this.#cursor + 1;
    for (let scanned = 0; scanned < BUCKETS; ) {
      const skip = this.#emptyFrom(tick & MASK);
      if (skip === 0) return tick * TICK_US;
      tick += skip;
      scanned += skip;
    }
    return tick * TICK_US;
  }

  #mark(bucket: number, on: boolean): void {
    const bit = 1 << (bucket & 31);
    const word = this.#occupied[bucket >>> 5] ?? 0;
    this.#occupied[bucket >>> 5] = on ? word | bit : word & ~bit;
  }

  /** How many buckets from this one on are empty, within its bitmap word: 0 to 32. */
  #emptyFrom(bucket: number): number {
    const word = (this.#occupied[bucket >>> 5] ?? 0) >>> (bucket & 31);
    if (word === 0) return 32 - (bucket & 31);
    return 31 - Math.clz32(word & -word);
  }

  #collect(bucket: number, now: number): void {
    let entry = this.#heads[bucket] ?? NONE;
    while (entry !== NONE) {
      const next = this.#next[entry] ?? NONE;
      if ((this.#deadline[entry] ?? 0) <= now) {
        this.disarm(entry);
        this.#next[entry] = this.#due;
        this.#due = entry;
      }
      entry = next;
    }
  }
}
