/**
 * Moves a corrupt database out of the way, for the operator to look at. Only with every handle
 * closed: a handle follows a renamed file, and its close would delete the WAL of the new one.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { UnixSeconds } from "../../domain/units.ts";
import type { Attempt } from "./fault.ts";
import { attempt } from "./fault.ts";

/**
 * The file becomes `<path>.corrupt-<time>`, its WAL `<path>.corrupt-<time>-wal`; earlier ones are
 * deleted, one is kept. The value is the new name.
 */
export function setAside(path: string, time: UnixSeconds): Attempt<string> {
  return attempt("cannot set the corrupt history database aside", () => {
    const kept = `${resolve(path)}.corrupt-${time}`;
    // The WAL first: a WAL left beside a new file is replayed into it.
    for (const suffix of ["-wal", "-journal", ""]) {
      const from = `${resolve(path)}${suffix}`;
      if (existsSync(from)) renameSync(from, `${kept}${suffix}`);
    }
    deleteOlder(kept, `${basename(path)}.corrupt-`);
    syncFolder(dirname(kept));
    return kept;
  });
}

function deleteOlder(kept: string, prefix: string): void {
  for (const name of readdirSync(dirname(kept))) {
    if (!name.startsWith(prefix) || name.startsWith(basename(kept))) continue;
    rmSync(join(dirname(kept), name));
  }
}

/** A rename is durable only after an fsync of the folder. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
