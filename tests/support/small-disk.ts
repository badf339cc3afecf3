/** A disk of its own for a test: a tmpfs of 2 MB, or the reason why there is none. */

import { rmSync } from "node:fs";
import { temporaryFolder } from "./journals.ts";

export interface SmallDisk {
  readonly path: string;
  /** "rw" or "ro"; fails while a file is open for writing. */
  remount(mode: "rw" | "ro"): void;
  remove(): void;
}

function mount(...args: readonly string[]): string {
  const { exitCode, stderr } = Bun.spawnSync(["mount", ...args]);
  return exitCode === 0 ? "" : stderr.toString().trim() || `mount ended with ${exitCode}`;
}

export function makeSmallDisk(): SmallDisk | { readonly skipped: string } {
  const { path } = temporaryFolder();
  const problem = mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", path);
  if (problem !== "") {
    rmSync(path, { recursive: true });
    return { skipped: `needs CAP_SYS_ADMIN to mount a tmpfs: ${problem}` };
  }
  return {
    path,
    remount(mode) {
      const refused = mount("-o", `remount,${mode}`, path);
      if (refused !== "") throw new Error(refused);
    },
    remove() {
      Bun.spawnSync(["umount", "-l", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
