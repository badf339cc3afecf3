/** Packets waiting for their departure: a binary heap by instant, then by arrival. */

export interface Departure<T> {
  /** CLOCK_MONOTONIC, us */
  readonly dueUs: number;
  readonly order: number;
  readonly what: T;
}

function isBefore<T>(a: Departure<T>, b: Departure<T>): boolean {
  return a.dueUs < b.dueUs || (a.dueUs === b.dueUs && a.order < b.order);
}

export class Departures<T> {
  readonly #heap: Departure<T>[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Infinity: nothing waits. */
  get nextUs(): number {
    return this.#heap[0]?.dueUs ?? Number.POSITIVE_INFINITY;
  }

  add(dueUs: number, what: T): void {
    const item = { dueUs, order: this.#added++, what };
    let at = this.#heap.length;
    while (at > 0) {
      const parentAt = (at - 1) >>> 1;
      const parent = this.#heap[parentAt];
      if (parent === undefined || !isBefore(item, parent)) break;
      this.#heap[at] = parent;
      at = parentAt;
    }
    this.#heap[at] = item;
  }

  /** The first that is due at `nowUs`; null: none. */
  take(nowUs: number): T | null {
    const first = this.#heap[0];
    if (first === undefined || first.dueUs > nowUs) return null;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return first.what;
  }

  #sink(item: Departure<T>): void {
    let at = 0;
    for (;;) {
      const childAt = this.#smallerChild(at);
      const child = this.#heap[childAt];
      if (child === undefined || !isBefore(child, item)) break;
      this.#heap[at] = child;
      at = childAt;
    }
    this.#heap[at] = item;
  }

  #smallerChild(at: number): number {
    const left = this.#heap[2 * at + 1];
    const right = this.#heap[2 * at + 2];
    const isRight = left !== undefined && right !== undefined && isBefore(right, left);
    return 2 * at + (isRight ? 2 : 1);
  }
}
