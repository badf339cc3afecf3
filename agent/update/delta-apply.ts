/**
 * Base and delta -> the new file, piece by piece: 64 KiB of copies at a time, so that the memory
 * needed is the literals and their dictionary, not the file.
 */

import { zstdDecompressSync } from "node:zlib";
import type { ParsedDelta } from "./delta-format.ts";
import { BLOCK_SIZE } from "./delta-format.ts";

/** A file of which any part can be read. */
export interface RandomFile {
  readonly size: number;
  /** Fills `into` from `offset`. Throws when the file is shorter. */
  read(into: Uint8Array, offset: number): void;
}

const PIECE = 16 * BLOCK_SIZE;

/** Each piece is valid until the next one is asked for. Throws RangeError for damaged literals. */
export function* applyDelta(delta: ParsedDelta, base: RandomFile): Generator<Uint8Array> {
  const literals = unpackLiterals(delta, base);
  const buffer = new Uint8Array(PIECE);
  let used = 0;
  for (const operation of delta.operations) {
    if (operation.kind === "literal") {
      yield literals.subarray(used, used + operation.octets);
      used += operation.octets;
      continue;
    }
    const end = (operation.block + operation.blocks) * BLOCK_SIZE;
    for (let at = operation.block * BLOCK_SIZE; at < end; at += PIECE) {
      const piece = buffer.subarray(0, Math.min(PIECE, end - at));
      base.read(piece, at);
      yield piece;
    }
  }
}

function unpackLiterals(delta: ParsedDelta, base: RandomFile): Uint8Array {
  if (delta.literalOctets === 0) return new Uint8Array();
  const dictionary = readDictionary(base, delta.dictionary);
  // The bound stops a bomb: the signed length is all that is ever unpacked.
  const options = {
    maxOutputLength: delta.literalOctets,
    ...(dictionary === null ? {} : { dictionary }),
  };
  let literals: Uint8Array;
  try {
    literals = zstdDecompressSync(delta.packed, options);
  } catch (error) {
    throw new RangeError("the literals of the delta cannot be unpacked", { cause: error });
  }
  if (literals.byteLength === delta.literalOctets) return literals;
  throw new RangeError(
    `the literals of the delta are ${literals.byteLength} octets, want ${delta.literalOctets}`,
  );
}

/** null: an empty one, which zstd does not take. */
export function readDictionary(
  base: RandomFile,
  { offset, length }: ParsedDelta["dictionary"],
): Uint8Array | null {
  if (length === 0) return null;
  const dictionary = new Uint8Array(length);
  base.read(dictionary, offset);
  return dictionary;
}
