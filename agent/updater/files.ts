/** Files of the updater: what is read at any place, what is written once and durably. */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { RandomFile } from "../update/delta-apply.ts";

/** Left free beside the new file: state, logs and the database live there too. */
export const SPACE_MARGIN = 8 * 1024 * 1024;

/** Whole content of an open file. Throws when it is longer than `most`. */
export function readOpen(fd: number, most: number): Uint8Array {
  const stat = fstatSync(fd);
  if (!stat.isFile() || stat.size > most) throw new Error(`cannot take ${stat.size} octets`);
  const bytes = new Uint8Array(stat.size);
  fill(fd, bytes, 0);
  return bytes;
}

export function randomFile(fd: number): RandomFile {
  return { size: fstatSync(fd).size, read: (into, offset) => fill(fd, into, offset) };
}

function fill(fd: number, into: Uint8Array, offset: number): void {
  for (let at = 0; at < into.byteLength; ) {
    const read = readSync(fd, into, at, into.byteLength - at, offset + at);
    if (read === 0) throw new Error(`cannot read beyond octet ${offset + at}`);
    at += read;
  }
}

/** Why nothing may be written beside the program; null: it may. */
export function folderFault(program: string, needed: number): string | null {
  const folder = dirname(program);
  const stat = lstatSync(folder);
  if ((stat.mode & 0o002) !== 0) return `${folder} is writable by every user`;
  const own = process.getuid?.() ?? 0;
  const isOfGroup = (stat.mode & 0o020) !== 0 && stat.gid !== 0 && stat.gid !== process.getgid?.();
  if (isOfGroup) return `${folder} is writable by group ${stat.gid}`;
  if (stat.uid !== own && stat.uid !== 0) return `${folder} belongs to uid ${stat.uid}`;
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= needed + SPACE_MARGIN) return null;
  const megabytes = (octets: number) => `${Math.ceil(octets / 1e6)} MB`;
  return `${folder} has ${megabytes(free)} free, want ${megabytes(needed + SPACE_MARGIN)}`;
}

/** A new file; it is executable only after `finish`, when everything is on the disk. */
export class FreshFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #hasher = new Bun.CryptoHasher("sha256");
  #size = 0;

  constructor(path: string) {
    rmSync(path, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    this.#path = path;
    this.#fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  }

  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      at += writeSync(this.#fd, bytes, at, bytes.byteLength - at);
    }
    this.#hasher.update(bytes);
    this.#size += bytes.byteLength;
  }

  /** Its sha256. */
  finish(): string {
    fchmodSync(this.#fd, 0o755);
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    return this.#hasher.digest("hex");
  }

  discard(): void {
    try {
      closeSync(this.#fd);
    } catch {
      // finished already
    }
    rmSync(this.#path, { force: true });
  }
}
