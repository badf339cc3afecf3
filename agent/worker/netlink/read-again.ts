/** When the state is to be read again: after a burst of events, not once per event of it. */

export interface ReadAgainTimes {
  /** After the last event: renewals come as several messages. */
  readonly quietUs: number;
  /** After the first event at the latest. */
  readonly waitMaxUs: number;
  /** Without any event: for what no event told of. */
  readonly everyUs: number;
}

export class ReadAgain {
  readonly #times: ReadAgainTimes;
  #firstUs: number | null = null;
  #dueUs = Number.POSITIVE_INFINITY;

  constructor(times: ReadAgainTimes) {
    this.#times = times;
  }

  /** Something changed. */
  mark(nowUs: number): void {
    this.#firstUs ??= nowUs;
    this.#dueUs = Math.min(nowUs + this.#times.quietUs, this.#firstUs + this.#times.waitMaxUs);
  }

  /** Without waiting for quiet. */
  now(nowUs: number): void {
    this.#firstUs = nowUs - this.#times.waitMaxUs;
    this.#dueUs = nowUs;
  }

  isDue(nowUs: number): boolean {
    return nowUs >= this.#dueUs;
  }

  /** Monotonic us. */
  nextDueUs(): number {
    return this.#dueUs;
  }

  /** It was read. */
  done(nowUs: number): void {
    this.#firstUs = null;
    this.#dueUs = nowUs + this.#times.everyUs;
  }
}
