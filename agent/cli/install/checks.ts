/**
 * What must be true of a box before a file is put onto it: room, a file system that runs programs
 * and keeps them, the libraries that the program needs, a free port.
 */

import { existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Finding {
  /** error: installing would not give a running agent. */
  readonly level: "error" | "warning";
  readonly text: string;
}

export interface Mount {
  readonly folder: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** For the program that replaces it at an update, beside history and queue. */
const SPARE_OCTETS = 32e6;
const IN_MEMORY = new Set(["tmpfs", "ramfs"]);

/** `text` as in /proc/self/mounts; octal escapes are spaces and the like. */
export function parseMounts(text: string): Mount[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, folder = "", type = "", options = ""] = line.split(" ");
      const plain = folder.replace(/\\(\d{3})/g, (_, octal) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      );
      return { folder: plain, type, options: options.split(",") };
    });
}

/** The last of the longest: later mounts cover earlier ones. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let found: Mount | null = null;
  for (const mount of mounts) {
    const inside =
      mount.folder === "/" || path === mount.folder || path.startsWith(`${mount.folder}/`);
    if (inside && mount.folder.length >= (found?.folder.length ?? 0)) found = mount;
  }
  return found;
}

/** Of the folder that takes the program. */
export function checkMount(mounts: readonly Mount[], folder: string): Finding[] {
  const mount = mountOf(mounts, folder);
  if (mount === null) return [];
  const findings: Finding[] = [];
  if (mount.options.includes("noexec")) {
    findings.push({
      level: "error",
      text: `${folder} is on ${mount.folder}, mounted noexec: want a --prefix that runs programs`,
    });
  }
  const upper = mount.options.find((option) => option.startsWith("upperdir="))?.slice(9);
  const base = upper === undefined ? mount : (mountOf(mounts, upper) ?? mount);
  if (IN_MEMORY.has(base.type)) {
    findings.push({
      level: "warning",
      text: `${folder} is in memory (${base.type} at ${base.folder}): a reboot removes it`,
    });
  }
  return findings;
}

export interface Room {
  /** Octets to be written now; 0: the program is there already. */
  readonly needed: number;
  readonly free: number;
  readonly program: number;
}

export function checkRoom(folder: string, { needed, free, program }: Room): Finding[] {
  const megabytes = (octets: number) => `${Math.ceil(octets / 1e6)} MB`;
  if (free < needed) {
    return [
      {
        level: "error",
        text: `${folder} has ${megabytes(free)} free: want ${megabytes(needed)} for the program`,
      },
    ];
  }
  const after = free - needed;
  if (after >= program + SPARE_OCTETS) return [];
  return [
    {
      level: "warning",
      text:
        `${folder} will have ${megabytes(after)} free: ` +
        `an update wants ${megabytes(program + SPARE_OCTETS)} for the file beside this one`,
    },
  ];
}

/** Octets free for us at the nearest folder that exists. */
export function freeOctets(folder: string): number {
  const { bavail, bsize } = statfsSync(existing(folder));
  return bavail * bsize;
}

export function existing(folder: string): string {
  let path = folder;
  while (!existsSync(path) && path !== "/") path = dirname(path);
  return path;
}

const LOADERS = {
  "linux-x64": ["lib64/ld-linux-x86-64.so.2"],
  "linux-arm64": ["lib/ld-linux-aarch64.so.1"],
  "linux-x64-musl": ["lib/ld-musl-x86_64.so.1"],
  "linux-arm64-musl": ["lib/ld-musl-aarch64.so.1"],
} as const;

/** Of the box at `root`: the C library of `target`, and libstdc++, which musl builds load. */
export function checkLibraries(root: string, target: string): Finding[] {
  const loaders = Object.entries(LOADERS).find(([name]) => name === target)?.[1] ?? [];
  const has = (path: string) => existsSync(join(root, path));
  if (loaders.length > 0 && !loaders.some(has)) {
    return [
      {
        level: "error",
        text: `this file is for ${target}: /${loaders.join(", /")} is not on this box`,
      },
    ];
  }
  if (!target.endsWith("-musl")) return [];
  if (["usr/lib/libstdc++.so.6", "lib/libstdc++.so.6"].some(has)) return [];
  return [
    {
      level: "error",
      text: "libstdc++.so.6 is missing: install package libstdcpp6 (Alpine: libstdc++) first",
    },
  ];
}

const LISTENING = "0A";

/** Whether a socket listens on the TCP port; `table` as /proc/net/tcp or tcp6. */
export function isListening(table: string, port: number, butUid: number | null): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").some((line) => {
    const [, local = "", , state, , , , uid] = line.trim().split(/\s+/);
    return local.endsWith(`:${hex}`) && state === LISTENING && Number(uid) !== butUid;
  });
}

/** `ours`: uid of an agent that runs already. */
export function checkPort(port: number, ours: number | null): Finding[] {
  const taken = ["/proc/net/tcp", "/proc/net/tcp6"].some(
    (path) => existsSync(path) && isListening(readFileSync(path, "utf8"), port, ours),
  );
  if (!taken) return [];
  return [
    {
      level: "warning",
      text: `port ${port} is taken by another program: set http.listen to a free one`,
    },
  ];
}
