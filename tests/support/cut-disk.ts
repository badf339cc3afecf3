/** A disk whose power fails before the N-th operation. Nothing here asserts. */

import { writeFileSync } from "node:fs";
import type { Disk } from "../../agent/update/program-files.ts";

export class PowerCut extends Error {}

/**
 * Operations that change something are counted; a text may be left half-written beside its place.
 */
export function cutDisk(
  disk: Disk,
  after: number,
  /** How many operations fail: all of them, or a disk that works again. */
  failures = Number.POSITIVE_INFINITY,
): Disk & { readonly used: number } {
  let used = 0;
  const count = () => {
    const index = used++;
    if (index >= after && index < after + failures) throw new PowerCut("the power failed");
  };
  return {
    get used() {
      return used;
    },
    exists: (path) => disk.exists(path),
    readText: (path) => disk.readText(path),
    sha256: (path) => disk.sha256(path),
    replaceText(path, text) {
      count();
      writeFileSync(`${path}.tmp`, text.slice(0, text.length >> 1));
      count();
      disk.replaceText(path, text);
    },
    link(path, name) {
      count();
      disk.link(path, name);
    },
    rename(from, to) {
      count();
      disk.rename(from, to);
    },
    remove(path) {
      count();
      disk.remove(path);
    },
    syncFolder(path) {
      count();
      disk.syncFolder(path);
    },
  };
}
