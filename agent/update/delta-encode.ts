/**
 * Two files -> the delta between them. Blocks of the new file are looked for in the base by hash,
 * at the same offset first; Bun aligns what changes and what follows to pages, so no rolling hash
 * is needed. Runs where releases are made, and on a box that keeps a way back instead of a file.
 */

import { constants, zstdCompressSync } from "node:zlib";
import type { RandomFile } from "./delta-apply.ts";
import { readDictionary } from "./delta-apply.ts";
import type { DeltaPlan, Operation } from "./delta-format.ts";
import { BLOCK_SIZE, encodeContainer, LITERALS_MAX } from "./delta-format.ts";
import { programSection } from "./program-section.ts";

export interface HashedFile extends RandomFile {
  readonly sha256: string;
}

/** null: too much has changed for one. `level`: of zstd, 1 to 19. */
export function encodeDelta(base: HashedFile, fresh: HashedFile, level = 19): Uint8Array | null {
  const { operations, literals } = compareBlocks(base, fresh);
  if (literals === null) return null;
  const dictionary = programSection(base);
  const plan: DeltaPlan = {
    baseSize: base.size,
    baseSha256: base.sha256,
    newSize: fresh.size,
    newSha256: fresh.sha256,
    dictionary,
    literalOctets: literals.byteLength,
    operations,
  };
  const known = readDictionary(base, dictionary);
  // Matches must reach back over all literals to the beginning of the dictionary.
  const window = Math.ceil(Math.log2(literals.byteLength + dictionary.length + BLOCK_SIZE));
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_windowLog]: Math.min(27, Math.max(10, window)),
  };
  const options = known === null ? { params } : { params, dictionary: known };
  return encodeContainer(plan, zstdCompressSync(literals, options));
}

interface Compared {
  readonly operations: readonly Operation[];
  /** null: more than a box should hold in memory. */
  readonly literals: Uint8Array | null;
}

function compareBlocks(base: HashedFile, fresh: HashedFile): Compared {
  const blockOf = indexBlocks(base);
  const operations: Operation[] = [];
  const literals: Uint8Array[] = [];
  let literalOctets = 0;
  const block = new Uint8Array(BLOCK_SIZE);
  const other = new Uint8Array(BLOCK_SIZE);
  const isSame = (index: number) => {
    if ((index + 1) * BLOCK_SIZE > base.size) return false;
    base.read(other, index * BLOCK_SIZE);
    return Buffer.compare(block, other) === 0;
  };
  for (let at = 0; at < fresh.size; at += BLOCK_SIZE) {
    const length = Math.min(BLOCK_SIZE, fresh.size - at);
    fresh.read(block.subarray(0, length), at);
    const here = at / BLOCK_SIZE;
    const next = nextOf(operations.at(-1));
    const found = [next, here, blockOf.get(Bun.hash.wyhash(block))].find(
      (index) => index !== undefined && index !== null && isSame(index),
    );
    if (length === BLOCK_SIZE && found !== undefined && found !== null) {
      appendCopy(operations, found);
      continue;
    }
    literalOctets += length;
    if (literalOctets > LITERALS_MAX) return { operations, literals: null };
    literals.push(block.slice(0, length));
    appendLiteral(operations, length);
  }
  return { operations, literals: Buffer.concat(literals) };
}

function indexBlocks(base: HashedFile): Map<bigint, number> {
  const blockOf = new Map<bigint, number>();
  const block = new Uint8Array(BLOCK_SIZE);
  for (let index = 0; (index + 1) * BLOCK_SIZE <= base.size; index++) {
    base.read(block, index * BLOCK_SIZE);
    blockOf.set(Bun.hash.wyhash(block), index);
  }
  return blockOf;
}

/** The base block that would make the last copy longer. */
function nextOf(last: Operation | undefined): number | null {
  return last?.kind === "copy" ? last.block + last.blocks : null;
}

function appendCopy(operations: Operation[], block: number): void {
  const last = operations.at(-1);
  if (last?.kind === "copy" && last.block + last.blocks === block) {
    operations[operations.length - 1] = { ...last, blocks: last.blocks + 1 };
  } else {
    operations.push({ kind: "copy", block, blocks: 1 });
  }
}

function appendLiteral(operations: Operation[], octets: number): void {
  const last = operations.at(-1);
  if (last?.kind === "literal") {
    operations[operations.length - 1] = { kind: "literal", octets: last.octets + octets };
  } else {
    operations.push({ kind: "literal", octets });
  }
}
