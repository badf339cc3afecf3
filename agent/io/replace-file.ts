/** A text file that is replaced as a whole: readers see the old text or the new one. */

import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

export type SmallFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly reason: string };

const OCTETS_MAX = 16 * 1024 * 1024;

export function readSmallFile(path: string): SmallFile {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return { kind: "failed", reason: "want a regular file" };
    if (stat.size > OCTETS_MAX)
      return { kind: "failed", reason: `${stat.size} octets are too many` };
    return { kind: "text", text: readFileSync(path, "utf8") };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}

/** The file exists and keeps mode and owner; the old text stays in `path.old`. null: done. */
export function replaceFile(path: string, text: string): string | null {
  const beside = `${path}.new`;
  try {
    const { mode, uid, gid } = statSync(path);
    rmSync(beside, { force: true });
    writeDurably(beside, text);
    chownSync(beside, uid, gid);
    chmodSync(beside, mode & 0o7777);
    copyFileSync(path, `${path}.old`);
    renameSync(beside, path);
    syncFolder(dirname(path));
    return null;
  } catch (error) {
    rmSync(beside, { force: true });
    return messageOf(error);
  }
}

/** Refuses a file that is there. null: done. */
export function createFile(path: string, text: string): string | null {
  try {
    writeDurably(path, text);
    syncFolder(dirname(path));
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, "wx", 0o640);
  try {
    const octets = new TextEncoder().encode(text);
    for (let at = 0; at < octets.byteLength; ) at += writeSync(fd, octets, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
