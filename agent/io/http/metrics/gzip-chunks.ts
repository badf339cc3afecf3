/**
 * One gzip member out of many chunks (RFC 1952), each compressed as it comes. Several members in a
 * row would be valid too, but some clients stop after the first.
 */

import { constants, crc32, deflateRawSync } from "node:zlib";
import type { Chunk } from "./exposition.ts";

/** Magic, deflate, no flags, no time, no extra flags, unknown system. */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] as const;
/** An empty final block with fixed codes (RFC 1951 3.2.6). */
const LAST_BLOCK = [3, 0] as const;
const LEVEL = 1;

export function* gzipChunks(chunks: Iterable<Chunk>): Generator<Chunk, void> {
  let check = 0;
  let size = 0;
  yield new Uint8Array(HEADER);
  for (const chunk of chunks) {
    check = crc32(chunk, check);
    size += chunk.byteLength;
    const flush = { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH };
    yield new Uint8Array(deflateRawSync(chunk, flush));
  }
  const trailer = new Uint8Array(LAST_BLOCK.length + 8);
  trailer.set(LAST_BLOCK);
  const view = new DataView(trailer.buffer);
  view.setUint32(LAST_BLOCK.length, check, true);
  view.setUint32(LAST_BLOCK.length + 4, size >>> 0, true);
  yield trailer;
}
