/**
 * The file that keepalived tracks. keepalived watches its folder by inotify and reads it when it
 * was closed after writing or when another file was moved onto its name, so a whole new file is
 * written beside it and renamed: no reader ever sees half a number.
 */

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** null, or why the file could not be written. */
export function writeTrackFile(path: string, value: number): string | null {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  try {
    writeFileSync(fresh, `${value}\n`, { mode: 0o644 });
    renameSync(fresh, path);
    return null;
  } catch (error) {
    rmSync(fresh, { force: true });
    return error instanceof Error ? error.message : String(error);
  }
}
