/** The disk under the program's files. */

import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Disk } from "../../update/program-files.ts";
import { hashFile } from "../../updater/hash.ts";

const TEXT_MAX = 64 * 1024;

export const REAL_DISK: Disk = {
  exists: existsSync,
  readText(path) {
    try {
      const stat = lstatSync(path);
      return stat.isFile() && stat.size <= TEXT_MAX ? readFileSync(path, "utf8") : null;
    } catch {
      return null;
    }
  },
  replaceText(path, text) {
    const beside = `${path}.tmp`;
    rmSync(beside, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
    syncFolder(path);
  },
  link(path, name) {
    try {
      linkSync(path, name);
    } catch {
      // vfat has no links, some overlays refuse them; a half copy is never looked at.
      copyFileSync(path, name, constants.COPYFILE_EXCL);
      syncFile(name);
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  syncFolder,
  sha256: hashFile,
};

function syncFolder(path: string): void {
  syncFile(dirname(path));
}

function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
