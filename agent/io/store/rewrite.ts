/**
 * A file far beyond its budget (the budget was lowered, a hundred paths became ten) is written anew
 * with the newest rows that fit, instead of deleting gigabytes a step at a time: freed pages would
 * never leave the file, and each would be written once more. The Worker makes the new file; here is
 * when, and how it takes the place of the old one.
 */

import { existsSync, renameSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PAGE_BYTES } from "./database.ts";
import type { Attempt } from "./fault.ts";
import { attempt } from "./fault.ts";
import { syncFolder } from "./set-aside.ts";

/** A budget lowered by less is reached by deleting. */
const OVERSIZE = 1.5;
/** Of the budget, on the disk, for the new file beside the old one. */
const ROOM = 1.1;

export interface RewriteJob {
  readonly path: string;
  readonly into: string;
  readonly maxPages: number;
}

export type RewriteNeed =
  | { readonly kind: "none" }
  | { readonly kind: "no-room"; readonly reason: string }
  | { readonly kind: "due"; readonly octets: number; readonly job: RewriteJob };

/** By names and sizes only: the file itself may not be opened beside SQLite. */
export function rewriteNeed(path: string, maxPages: number): RewriteNeed {
  const budget = maxPages * PAGE_BYTES;
  const sizes = attempt("cannot measure the history", () => {
    const octets = statSync(path).size;
    const { bavail, bsize } = statfsSync(dirname(resolve(path)));
    return { octets, free: bavail * bsize };
  });
  if (sizes.kind === "fault" || sizes.value.octets <= OVERSIZE * budget) return { kind: "none" };
  const { octets, free } = sizes.value;
  if (free < ROOM * budget) {
    const mb = (value: number) => Math.ceil(value / 1e6);
    return {
      kind: "no-room",
      reason: `${mb(free)} MB free, wanted ${mb(ROOM * budget)} MB for the smaller file`,
    };
  }
  return { kind: "due", octets, job: { path, into: rewriteName(path), maxPages } };
}

export function rewriteName(path: string): string {
  return `${resolve(path)}.rewrite`;
}

/** With every handle closed. The old file is gone after it, in one step. */
export function swapIn({ path, into }: RewriteJob): Attempt<null> {
  return attempt("cannot put the rewritten history in its place", () => {
    const wal = `${resolve(path)}-wal`;
    // The Worker folded it into the old file; left beside a new one it would be replayed into it.
    if (existsSync(wal)) rmSync(wal);
    renameSync(into, resolve(path));
    syncFolder(dirname(into));
    return null;
  });
}

export function dropRewrite({ into }: RewriteJob): void {
  attempt("cannot remove an unfinished history", () => {
    for (const suffix of ["", "-wal", "-journal"]) rmSync(`${into}${suffix}`, { force: true });
  });
}
