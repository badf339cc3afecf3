/**
 * What is kept of the release before: the file itself, or where the disk is small a delta that
 * leads back to it from what runs.
 */

import { closeSync, openSync, rmSync } from "node:fs";
import { applyDelta } from "../update/delta-apply.ts";
import type { HashedFile } from "../update/delta-encode.ts";
import { encodeDelta } from "../update/delta-encode.ts";
import { parseDelta } from "../update/delta-format.ts";
import type { KnownFile } from "../update/memory.ts";
import { placesOf } from "../update/places.ts";
import { FreshFile, folderFault, randomFile, readOpen } from "./files.ts";
import { hashOpen } from "./hash.ts";
import type { UpdaterAnswer } from "./protocol.ts";

/** Quick, and small enough: it never leaves the box. */
const LEVEL = 6;
const DELTA_MAX = 64 * 1024 * 1024;

/** The file before is where it was kept, and is it; or it is made anew as `fresh`. */
export function restore(program: string, previous: KnownFile): UpdaterAnswer {
  const places = placesOf(program);
  const kept = hashed(places.previous);
  if (kept !== null) {
    closeSync(kept.fd);
    if (kept.file.sha256 !== previous.sha256) return refused("the kept file is not the one before");
    return { kind: "done" };
  }
  const delta = open(places.wayBack);
  const running = hashed(program);
  if (delta === null || running === null) return refused("nothing of the release before is kept");
  const parsed = parseDelta(readOpen(delta, DELTA_MAX));
  closeSync(delta);
  if (parsed.kind === "damaged") return refused(`the kept delta is damaged: ${parsed.reason}`);
  if (parsed.delta.baseSha256 !== running.file.sha256) {
    return refused("the kept delta starts from another file");
  }
  const lack = folderFault(program, parsed.delta.newSize);
  if (lack !== null) return refused(lack);
  const fresh = new FreshFile(places.fresh);
  for (const piece of applyDelta(parsed.delta, running.file)) fresh.write(piece);
  if (fresh.finish() === previous.sha256) return { kind: "done" };
  fresh.discard();
  return refused("the kept delta does not lead to the file before");
}

/** Replaces the file before by a delta when the next update would not fit, or `always`. */
export function thin(program: string, previous: KnownFile, always: boolean): UpdaterAnswer {
  const places = placesOf(program);
  const running = hashed(program);
  const kept = hashed(places.previous);
  if (running === null || kept === null) return { kind: "done" };
  try {
    if (kept.file.sha256 !== previous.sha256) return refused("the kept file is not the one before");
    if (!always && folderFault(program, running.file.size) === null) return { kind: "done" };
    const delta = encodeDelta(running.file, kept.file, LEVEL);
    if (delta !== null && delta.byteLength < kept.file.size / 4) {
      const fresh = new FreshFile(places.wayBack);
      fresh.write(delta);
      fresh.finish();
      rmSync(places.previous);
    }
    return { kind: "done" };
  } finally {
    closeSync(running.fd);
    closeSync(kept.fd);
  }
}

function hashed(path: string): { readonly fd: number; readonly file: HashedFile } | null {
  const fd = open(path);
  if (fd === null) return null;
  return { fd, file: { ...randomFile(fd), sha256: hashOpen(fd) } };
}

function open(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

function refused(reason: string): UpdaterAnswer {
  return { kind: "refused", reason, file: null };
}
