/** Which sources may be answered: prefixes as words and masks, compared without allocation. */

import type { Prefix } from "../../domain/prefix.ts";
import { ADDRESS_WORD } from "./source.ts";

const WORDS = 4;

interface Table {
  /** WORDS per prefix, masked; an IPv4 prefix uses the first. */
  readonly wanted: Int32Array;
  readonly masks: Int32Array;
  readonly count: number;
}

export class AllowList {
  readonly #tables: Readonly<Record<4 | 6, Table>>;
  readonly #admitsAll: boolean;

  /** No prefix at all admits everybody: for listeners that only this machine can reach. */
  constructor(prefixes: readonly Prefix[]) {
    this.#admitsAll = prefixes.length === 0;
    this.#tables = { 4: tableOf(prefixes, 4), 6: tableOf(prefixes, 6) };
  }

  /** The source in the sockaddr at word `at`. */
  admits(words: Int32Array, at: number, family: 4 | 6): boolean {
    if (this.#admitsAll) return true;
    const table = this.#tables[family];
    const from = at + ADDRESS_WORD[family];
    for (let row = 0; row < table.count; row++) {
      if (matches(table, row, words, from)) return true;
    }
    return false;
  }
}

function matches(table: Table, row: number, words: Int32Array, from: number): boolean {
  for (let i = 0; i < WORDS; i++) {
    const mask = table.masks[row * WORDS + i] ?? 0;
    // Masks are filled from the front: behind an empty one there is nothing left to compare.
    if (mask === 0) return true;
    if (((words[from + i] ?? 0) & mask) !== (table.wanted[row * WORDS + i] ?? 0)) return false;
  }
  return true;
}

function tableOf(prefixes: readonly Prefix[], family: 4 | 6): Table {
  const own = prefixes.filter((prefix) => prefix.family === family);
  const wanted = new Uint8Array(own.length * WORDS * 4);
  const masks = new Uint8Array(own.length * WORDS * 4);
  for (const [row, { bytes, length: bits }] of own.entries()) {
    for (const [i, octet] of bytes.entries()) {
      const kept = Math.max(0, Math.min(8, bits - 8 * i));
      const mask = (0xff00 >>> kept) & 0xff;
      masks[row * WORDS * 4 + i] = mask;
      wanted[row * WORDS * 4 + i] = octet & mask;
    }
  }
  return {
    wanted: new Int32Array(wanted.buffer),
    masks: new Int32Array(masks.buffer),
    count: own.length,
  };
}
