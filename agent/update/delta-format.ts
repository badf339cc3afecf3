/**
 * The delta container: 4 KiB blocks copied from the base, and literals packed as one zstd frame
 * with a range of the base as dictionary. Everything is bounded and checked before the first octet
 * is written; the signed sha256 of the result has the last word. No parser of executables is needed
 * to apply it, so a change in their layout can only make deltas larger, never wrong.
 *
 * Header, 128 octets, little endian: 8 magic, u32 block size, u32 operations, u64 base size, u64
 * new size, 32 base sha256, 32 new sha256, u64 dictionary offset, u64 dictionary length, u64
 * literal octets, u64 packed octets. Then 8 octets per operation (u32 first base block, or LITERAL;
 * u32 blocks or literal octets), then the packed literals.
 */

import { FILE_SIZE_MAX } from "./manifest.ts";

export const BLOCK_SIZE = 4_096;
export const DICTIONARY_MAX = 16 * 1024 * 1024;
/** They are held in memory; a release that changes more is taken as a whole file. */
export const LITERALS_MAX = 32 * 1024 * 1024;
const OPERATIONS_MAX = 262_144;
const LITERAL = 0xff_ff_ff_ff;
const MAGIC = 0x31_41_54_4c_45_44_54_50n; // "PTDELTA1"
const HEADER_SIZE = 128;
const OPERATION_SIZE = 8;
const SHA_SIZE = 32;

export type Operation =
  | { readonly kind: "copy"; readonly block: number; readonly blocks: number }
  | { readonly kind: "literal"; readonly octets: number };

export interface DeltaPlan {
  readonly baseSize: number;
  readonly baseSha256: string;
  readonly newSize: number;
  readonly newSha256: string;
  /** In the base; length 0: none. */
  readonly dictionary: { readonly offset: number; readonly length: number };
  readonly literalOctets: number;
  readonly operations: readonly Operation[];
}

export interface ParsedDelta extends DeltaPlan {
  readonly packed: Uint8Array;
}

export type DeltaResult =
  | { readonly kind: "delta"; readonly delta: ParsedDelta }
  | { readonly kind: "damaged"; readonly reason: string };

export function encodeContainer(plan: DeltaPlan, packed: Uint8Array): Uint8Array {
  const body = HEADER_SIZE + plan.operations.length * OPERATION_SIZE;
  const bytes = new Uint8Array(body + packed.byteLength);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, BLOCK_SIZE, true);
  view.setUint32(12, plan.operations.length, true);
  view.setBigUint64(16, BigInt(plan.baseSize), true);
  view.setBigUint64(24, BigInt(plan.newSize), true);
  bytes.set(Uint8Array.fromHex(plan.baseSha256), 32);
  bytes.set(Uint8Array.fromHex(plan.newSha256), 64);
  view.setBigUint64(96, BigInt(plan.dictionary.offset), true);
  view.setBigUint64(104, BigInt(plan.dictionary.length), true);
  view.setBigUint64(112, BigInt(plan.literalOctets), true);
  view.setBigUint64(120, BigInt(packed.byteLength), true);
  for (const [i, operation] of plan.operations.entries()) {
    const at = HEADER_SIZE + i * OPERATION_SIZE;
    const isCopy = operation.kind === "copy";
    view.setUint32(at, isCopy ? operation.block : LITERAL, true);
    view.setUint32(at + 4, isCopy ? operation.blocks : operation.octets, true);
  }
  bytes.set(packed, body);
  return bytes;
}

export function parseDelta(bytes: Uint8Array): DeltaResult {
  if (bytes.byteLength < HEADER_SIZE) return damaged("it is shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getBigUint64(0, true) !== MAGIC) return damaged("it does not begin as a delta");
  if (view.getUint32(8, true) !== BLOCK_SIZE) return damaged("its block size is not 4096");
  const number = (at: number) => Number(view.getBigUint64(at, true));
  const count = view.getUint32(12, true);
  const [baseSize, newSize, literalOctets] = [number(16), number(24), number(112)];
  const dictionary = { offset: number(96), length: number(104) };
  const fault =
    tooLarge("base size", baseSize, FILE_SIZE_MAX) ??
    tooLarge("new size", newSize, FILE_SIZE_MAX) ??
    tooLarge("number of operations", count, OPERATIONS_MAX) ??
    tooLarge("literals", literalOctets, LITERALS_MAX) ??
    tooLarge("dictionary", dictionary.length, DICTIONARY_MAX) ??
    tooLarge("dictionary's end", dictionary.offset + dictionary.length, baseSize);
  if (fault !== null) return damaged(fault);
  const body = HEADER_SIZE + count * OPERATION_SIZE;
  if (bytes.byteLength !== body + number(120)) return damaged("its length is not what it says");
  const operations = readOperations(view, count);
  const sums = checkOperations(operations, { baseSize, newSize, literalOctets });
  if (sums !== null) return damaged(sums);
  return {
    kind: "delta",
    delta: {
      ...{ baseSize, newSize, dictionary, literalOctets, operations },
      baseSha256: bytes.subarray(32, 32 + SHA_SIZE).toHex(),
      newSha256: bytes.subarray(64, 64 + SHA_SIZE).toHex(),
      packed: bytes.subarray(body),
    },
  };
}

function readOperations(view: DataView, count: number): Operation[] {
  return Array.from({ length: count }, (_, i) => {
    const first = view.getUint32(HEADER_SIZE + i * OPERATION_SIZE, true);
    const length = view.getUint32(HEADER_SIZE + i * OPERATION_SIZE + 4, true);
    if (first === LITERAL) return { kind: "literal", octets: length };
    return { kind: "copy", block: first, blocks: length };
  });
}

/** null: they lie within the base and add up. */
function checkOperations(
  operations: readonly Operation[],
  sizes: Pick<DeltaPlan, "baseSize" | "newSize" | "literalOctets">,
): string | null {
  const blocksMax = Math.floor(sizes.baseSize / BLOCK_SIZE);
  let written = 0;
  let literals = 0;
  for (const operation of operations) {
    if (operation.kind === "literal") {
      literals += operation.octets;
      written += operation.octets;
    } else {
      if (operation.block + operation.blocks > blocksMax) return "a copy reaches beyond the base";
      written += operation.blocks * BLOCK_SIZE;
    }
  }
  if (literals !== sizes.literalOctets) return "its literals do not add up";
  return written === sizes.newSize ? null : "its operations do not add up to the new size";
}

function tooLarge(what: string, value: number, most: number): string | null {
  return value > most ? `its ${what} is ${value}, want at most ${most}` : null;
}

function damaged(reason: string): DeltaResult {
  return { kind: "damaged", reason };
}
