/** Files in memory for deltas. Nothing here asserts. */

import { createHash } from "node:crypto";
import { applyDelta } from "../../agent/update/delta-apply.ts";
import type { HashedFile } from "../../agent/update/delta-encode.ts";
import { parseDelta } from "../../agent/update/delta-format.ts";

export function fileOf(bytes: Uint8Array): HashedFile {
  return {
    size: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    read(into, offset) {
      if (offset + into.byteLength > bytes.byteLength) throw new Error("beyond the end");
      into.set(bytes.subarray(offset, offset + into.byteLength));
    },
  };
}

/** The new file, or what went wrong. Throws like applyDelta(). */
export function applied(delta: Uint8Array, base: Uint8Array): Uint8Array {
  const parsed = parseDelta(delta);
  if (parsed.kind === "damaged") throw new RangeError(parsed.reason);
  const pieces: Uint8Array[] = [];
  for (const piece of applyDelta(parsed.delta, fileOf(base))) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}
