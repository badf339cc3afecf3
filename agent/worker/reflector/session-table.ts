/**
 * Counters of a stateful reflector (RFC 8762 4): a session is the source's address and port and its
 * SSID. Bounded: sets of eight, the least recently used one gives way, and what was idle for long
 * begins anew. A sender whose session was forgotten sees the counter return to 0.
 */

import { US_PER_S } from "../../domain/units.ts";
import { ADDRESS_WORD, mixWord } from "./source.ts";

const WAYS = 8;
const SETS = 512;
export const SESSIONS_MAX = WAYS * SETS;
/** Longer than any probing interval that the configuration allows. */
export const SESSION_IDLE_US = 900 * US_PER_S;
/** Four words of address, then port and SSID. */
const KEY_WORDS = 5;
const ADDRESS_WORDS = { 4: 1, 6: 4 } as const;
const EMPTY = Number.NEGATIVE_INFINITY;

export interface SessionSource {
  readonly words: Int32Array;
  /** Word of the sockaddr. */
  readonly at: number;
  readonly family: 4 | 6;
  readonly ssid: number;
}

export class SessionTable {
  readonly #seed: number;
  readonly #keys = new Int32Array(SESSIONS_MAX * KEY_WORDS);
  readonly #counts = new Uint32Array(SESSIONS_MAX);
  readonly #usedUs = new Float64Array(SESSIONS_MAX).fill(EMPTY);
  readonly #key = new Int32Array(KEY_WORDS);

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The number of the next packet of this session, from 0, modulo 2^32. */
  next(source: SessionSource, nowUs: number): number {
    const slot = this.#slotOf(this.#readKey(source), nowUs);
    this.#usedUs[slot] = nowUs;
    const count = this.#counts[slot] ?? 0;
    this.#counts[slot] = count + 1;
    return count;
  }

  /** Fills the scratch key; returns the first slot of its set. */
  #readKey({ words, at, family, ssid }: SessionSource): number {
    const key = this.#key;
    const from = at + ADDRESS_WORD[family];
    // Family and port share the first word of a sockaddr; the family is the same for all here.
    key[0] = ((words[at] ?? 0) & ~0xffff) | ssid;
    for (let i = 0; i < KEY_WORDS - 1; i++) {
      key[i + 1] = i < ADDRESS_WORDS[family] ? (words[from + i] ?? 0) : 0;
    }
    let hash = this.#seed;
    for (let i = 0; i < KEY_WORDS; i++) hash = mixWord(hash, key[i] ?? 0);
    return (hash & (SETS - 1)) * WAYS;
  }

  #slotOf(first: number, nowUs: number): number {
    let oldest = first;
    for (let slot = first; slot < first + WAYS; slot++) {
      const usedUs = this.#usedUs[slot] ?? EMPTY;
      if (usedUs < (this.#usedUs[oldest] ?? EMPTY)) oldest = slot;
      if (usedUs === EMPTY || !this.#holdsKey(slot)) continue;
      if (nowUs - usedUs > SESSION_IDLE_US) this.#counts[slot] = 0;
      return slot;
    }
    this.#keys.set(this.#key, oldest * KEY_WORDS);
    this.#counts[oldest] = 0;
    return oldest;
  }

  #holdsKey(slot: number): boolean {
    for (let i = 0; i < KEY_WORDS; i++) {
      if (this.#keys[slot * KEY_WORDS + i] !== this.#key[i]) return false;
    }
    return true;
  }
}
