/**
 * The source of a datagram, read in place from its sockaddr as 32-bit words: no packet makes an
 * object. Words hold network order read as little endian, which is fine for equality and hashes.
 */

import { SOCKADDR_AT } from "../../wire/sockaddr.ts";

/** Where the address of a sockaddr begins, in words from the sockaddr. */
export const ADDRESS_WORD = {
  4: SOCKADDR_AT.address4 >>> 2,
  6: SOCKADDR_AT.address6 >>> 2,
} as const;
/** Words that tell sources apart: an IPv6 host has a whole /64 to choose from. */
const SOURCE_WORDS = { 4: 1, 6: 2 } as const;

/** The finalizer of MurmurHash3 as a step: every bit of `word` reaches every bit of the result. */
export function mixWord(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

/** Hash of the host behind a sockaddr at word `at`: IPv4 address, or IPv6 /64. */
export function hashHost(words: Int32Array, at: number, family: 4 | 6, seed: number): number {
  let hash = seed;
  const from = at + ADDRESS_WORD[family];
  for (let i = 0; i < SOURCE_WORDS[family]; i++) hash = mixWord(hash, words[from + i] ?? 0);
  return hash;
}
