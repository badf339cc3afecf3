/**
 * A token bucket per source in a table of fixed size. Sources hash to buckets and may share one: a
 * flood from invented addresses finds no table to fill and no entry to push out, it only spends
 * what its buckets hold. The seed keeps an attacker from choosing a victim's bucket.
 */

import { US_PER_S } from "../../domain/units.ts";

export interface RateLimits {
  /** Packets per second and source in the long run, > 0. */
  readonly rate: number;
  /** Packets at once after a pause, >= 1. */
  readonly burst: number;
}

/** 64 KB; a flood must spend 4,096 times `rate` before it starves a source it does not know. */
export const BUCKETS = 4_096;

export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #tokens = new Float64Array(BUCKETS);
  /** Monotonic us of the last look at the bucket. */
  readonly #seenUs = new Float64Array(BUCKETS).fill(Number.NEGATIVE_INFINITY);

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Takes a token of the bucket that `hash` falls into; false: there is none. */
  takes(hash: number, nowUs: number): boolean {
    const bucket = hash & (BUCKETS - 1);
    const { rate, burst } = this.#limits;
    const sinceUs = nowUs - (this.#seenUs[bucket] ?? 0);
    const filled = (this.#tokens[bucket] ?? 0) + (sinceUs * rate) / US_PER_S;
    const tokens = Math.min(burst, filled);
    this.#seenUs[bucket] = nowUs;
    this.#tokens[bucket] = tokens < 1 ? tokens : tokens - 1;
    return tokens >= 1;
  }
}
