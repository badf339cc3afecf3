/** sha256 of an open file, from its beginning. */

import { closeSync, openSync, readSync } from "node:fs";

const PIECE = 256 * 1024;

export function hashOpen(fd: number): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const piece = new Uint8Array(PIECE);
  for (let at = 0; ; ) {
    const read = readSync(fd, piece, 0, PIECE, at);
    if (read === 0) return hasher.digest("hex");
    hasher.update(piece.subarray(0, read));
    at += read;
  }
}

export function hashFile(path: string): string {
  const fd = openSync(path, "r");
  try {
    return hashOpen(fd);
  } finally {
    closeSync(fd);
  }
}
