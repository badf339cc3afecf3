/**
 * How much memory the agent may still take: that of the machine, or of the tightest control group
 * around it, version 1 or 2. From procfs and the cgroup file system, readable without privileges.
 */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MemoryRoom } from "../controller/ports.ts";

export interface MemoryFolders {
  readonly proc: string;
  readonly cgroup: string;
}

interface Version {
  readonly folder: string;
  readonly limit: string;
  readonly usage: string;
  /** Page cache that the kernel gives up first, in memory.stat. */
  readonly inactive: RegExp;
}

const VERSION_1: Version = {
  folder: "memory",
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
  inactive: /^total_inactive_file (\d+)$/m,
};
const VERSION_2: Version = {
  folder: "",
  limit: "memory.max",
  usage: "memory.current",
  inactive: /^inactive_file (\d+)$/m,
};
/** Version 1 writes no limit as 2^63 less a page. */
const NO_LIMIT = 2 ** 62;
const SYSTEM: MemoryFolders = { proc: "/proc", cgroup: "/sys/fs/cgroup" };

/** null: neither the machine nor a group tells. */
export function readMemoryRoom(folders: MemoryFolders = SYSTEM): MemoryRoom | null {
  const rooms = [ofMachine(folders), ...ofGroups(folders)].filter((room) => room !== null);
  return rooms.sort((a, b) => a.available_bytes - b.available_bytes)[0] ?? null;
}

function ofMachine({ proc }: MemoryFolders): MemoryRoom | null {
  const text = read(join(proc, "meminfo")) ?? "";
  const octets = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
  };
  const [limit, available] = [octets("MemTotal"), octets("MemAvailable")];
  if (limit === null || available === null) return null;
  return { bound: "machine", limit_bytes: limit, available_bytes: available };
}

/** Our group and those around it, as far as they can be seen and have a limit. */
function ofGroups({ proc, cgroup }: MemoryFolders): (MemoryRoom | null)[] {
  const lines = (read(join(proc, "self/cgroup")) ?? "").split("\n");
  return lines.flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === "") return [];
    if (controllers === "") return upwards(path).map((at) => ofGroup(cgroup, VERSION_2, at));
    if (!controllers.split(",").includes("memory")) return [];
    return upwards(path).map((at) => ofGroup(cgroup, VERSION_1, at));
  });
}

function upwards(path: string): string[] {
  return path === "/" ? ["/"] : [path, ...upwards(dirname(path))];
}

function ofGroup(cgroup: string, version: Version, path: string): MemoryRoom | null {
  const file = (name: string) => read(join(cgroup, version.folder, path, name));
  const [limit, usage] = [Number(file(version.limit)), Number(file(version.usage))];
  // "max" is NaN; a missing file is 0.
  if (!(limit > 0 && limit < NO_LIMIT) || !(usage > 0)) return null;
  const inactive = Number(version.inactive.exec(file("memory.stat") ?? "")?.[1] ?? 0);
  const available = Math.max(0, limit - usage + inactive);
  return { bound: "control group", limit_bytes: limit, available_bytes: available };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
