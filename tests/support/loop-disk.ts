/** A disk in a file, read ahead as those of boxes are: many a machine reads 8 MB at once. */

import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { scratchFolder } from "./agent.ts";

/** The kernel's default. */
const READ_AHEAD_KB = 128;

export interface LoopDisk {
  readonly folder: string;
  remove(): void;
}

function run(...command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

/** Throws where this process may not mount. */
export function makeLoopDisk(megabytes: number): LoopDisk {
  const image = join(tmpdir(), `patronus-disk-${process.pid}-${Date.now()}`);
  writeFileSync(image, "");
  truncateSync(image, megabytes * 1_000_000);
  run("mkfs.ext4", "-q", image);
  const folder = scratchFolder();
  run("mount", "-o", "loop", image, folder);
  const device = run("findmnt", "--noheadings", "--output", "SOURCE", "--target", folder);
  writeFileSync(`/sys/block/${basename(device)}/queue/read_ahead_kb`, `${READ_AHEAD_KB}`);
  return {
    folder,
    remove() {
      run("umount", "--lazy", folder);
      for (const path of [folder, image]) rmSync(path, { recursive: true, force: true });
    },
  };
}
