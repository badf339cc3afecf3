/**
 * The folder that a static web server publishes:
 *   keys.json, keys.json.minisig                 release keys, signed by a root key
 *   CHANNEL/manifest.json, .minisig              the newest release
 *   CHANNEL/N/manifest.json                      each release as it was
 *   CHANNEL/N/TARGET.zst                         whole files
 *   CHANNEL/N/TARGET-from-M.delta                from the releases before
 */

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { HashedFile } from "../../agent/update/delta-encode.ts";
import type { Manifest } from "../../agent/update/manifest.ts";
import { parseManifest } from "../../agent/update/manifest.ts";
import type { SigningKey } from "./signing.ts";
import { signatureFile } from "./signing.ts";

export interface Published {
  readonly release: number;
  readonly manifest: Manifest;
}

/** Newest first. */
export function publishedReleases(folder: string, channel: string): Published[] {
  const path = join(folder, channel);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => /^\d+$/.test(name) && existsSync(join(path, name, "manifest.json")))
    .map((name) => ({ release: Number(name), manifest: readManifest(join(path, name)) }))
    .sort((a, b) => b.release - a.release);
}

function readManifest(folder: string): Manifest {
  const path = join(folder, "manifest.json");
  const read = parseManifest(readFileSync(path));
  if (read.kind === "damaged") throw new Error(`cannot read ${path}: ${read.reason}`);
  return read.value;
}

/** Content and signature, each replaced as a whole; a reader between them asks again. */
export function writeSigned(path: string, document: object, key: SigningKey): void {
  const content = new TextEncoder().encode(`${JSON.stringify(document, null, 1)}\n`);
  const name = path.split("/").at(-1);
  put(path, content);
  put(`${path}.minisig`, signatureFile(key, content, `file:${name}\thashed`));
}

export function put(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Open until the process ends. */
export function openHashed(path: string): HashedFile & Disposable {
  const fd = openSync(path, "r");
  return {
    size: statSync(path).size,
    sha256: sha256(readFileSync(path)),
    read(into, offset) {
      if (readSync(fd, into, 0, into.byteLength, offset) !== into.byteLength) {
        throw new Error(`cannot read ${into.byteLength} octets at ${offset} of ${path}`);
      }
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}
