/**
 * A payload that grows over several tries. `payload.part` belongs to one sha256 and one validator
 * of the server, both beside it; another release begins anew. Hashed as it grows.
 */

import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const PIECE = 256 * 1024;

/** Ours alone; a link in its place is not followed. */
export function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  if (!lstatSync(folder).isDirectory()) throw new Error(`cannot use ${folder}: want a folder`);
  chmodSync(folder, 0o750);
}

interface PartNote {
  readonly sha256: string;
  readonly etag: string | null;
}

export class DownloadFile {
  readonly #folder: string;
  readonly #sha256: string;
  readonly #fd: number;
  #hasher = new Bun.CryptoHasher("sha256");
  #size = 0;
  #etag: string | null = null;
  #isOpen = true;

  private constructor(folder: string, sha256: string) {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    this.#folder = folder;
    this.#sha256 = sha256;
    this.#fd = openSync(join(folder, "payload.part"), O_RDWR | O_CREAT | O_NOFOLLOW, 0o640);
  }

  /** With what an earlier try has left of the same payload. */
  static open(folder: string, sha256: string): DownloadFile {
    const file = new DownloadFile(folder, sha256);
    const note = readNote(folder);
    if (note?.sha256 === sha256) file.#resume(note.etag);
    else file.restart(null);
    return file;
  }

  get size(): number {
    return this.#size;
  }

  /** Of the answer that the part is from; null: it cannot be gone on with. */
  get etag(): string | null {
    return this.#etag;
  }

  restart(etag: string | null): void {
    ftruncateSync(this.#fd, 0);
    this.#size = 0;
    this.#hasher = new Bun.CryptoHasher("sha256");
    this.#etag = etag;
    const note: PartNote = { sha256: this.#sha256, etag };
    writeFileSync(join(this.#folder, "payload.json"), JSON.stringify(note), { mode: 0o640 });
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      at += writeSync(this.#fd, bytes, at, bytes.byteLength - at, this.#size + at);
    }
    this.#hasher.update(bytes);
    this.#size += bytes.byteLength;
  }

  /** On the disk under its last name; answers with its sha256. */
  finish(): string {
    const sha256 = this.#hasher.digest("hex");
    if (sha256 !== this.#sha256) return sha256;
    fsyncSync(this.#fd);
    renameSync(join(this.#folder, "payload.part"), join(this.#folder, "payload"));
    return sha256;
  }

  discard(): void {
    for (const name of ["payload.part", "payload.json"]) {
      rmSync(join(this.#folder, name), { force: true });
    }
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  #resume(etag: string | null): void {
    const piece = new Uint8Array(PIECE);
    for (;;) {
      const read = readSync(this.#fd, piece, 0, PIECE, this.#size);
      if (read === 0) break;
      this.#hasher.update(piece.subarray(0, read));
      this.#size += read;
    }
    this.#etag = etag;
  }
}

function readNote(folder: string): PartNote | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, "payload.json"), "utf8"));
    if (typeof value !== "object" || value === null) return null;
    const fields = new Map<string, unknown>(Object.entries(value));
    const [sha256, etag] = [fields.get("sha256"), fields.get("etag")];
    if (typeof sha256 !== "string") return null;
    return { sha256, etag: typeof etag === "string" ? etag : null };
  } catch {
    return null;
  }
}
