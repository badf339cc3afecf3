/** struct pollfd[] and a timeout, kept between calls: waiting allocates nothing. */

import { pollFds } from "./libc.ts";

export class PollSet {
  /** Per entry: fd, then events in the low and revents in the high half. */
  #words = new Int32Array(32);
  readonly #timeout = new Uint32Array(4);

  /** Entry i waits for `events` (POLLIN ...) on `fd`; a negative fd is skipped by the kernel. */
  set(i: number, fd: number, events: number): void {
    if (2 * i >= this.#words.length) this.#grow(i);
    this.#words[2 * i] = fd;
    this.#words[2 * i + 1] = events;
  }

  /** What the last wait reported for entry i. */
  ready(i: number): number {
    return (this.#words[2 * i + 1] ?? 0) >>> 16;
  }

  /**
   * Waits for the first `count` entries; at most `waitUs` (Infinity: for ever). -errno or ready.
   */
  wait(count: number, waitUs: number): number {
    for (let i = 0; i < count; i++) {
      this.#words[2 * i + 1] = (this.#words[2 * i + 1] ?? 0) & 0xffff;
    }
    if (waitUs === Number.POSITIVE_INFINITY) return pollFds(this.#words, count, null);
    const us = Math.max(0, waitUs);
    const seconds = Math.floor(us / 1e6);
    this.#timeout[0] = seconds;
    this.#timeout[2] = Math.ceil((us - seconds * 1e6) * 1e3) % 1_000_000_000;
    return pollFds(this.#words, count, this.#timeout);
  }

  #grow(i: number): void {
    const wider = new Int32Array(Math.max(2 * (i + 1), 2 * this.#words.length));
    wider.set(this.#words);
    this.#words = wider;
  }
}
