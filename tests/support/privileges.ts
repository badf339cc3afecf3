/** What the kernel says of a process: identity and capabilities of each thread, its descriptors. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface ThreadRights {
  readonly name: string;
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly inheritable: number;
  readonly permitted: number;
  readonly effective: number;
  readonly bounding: number;
  readonly ambient: number;
  readonly noNewPrivs: number;
}

/** All threads that exist now. */
export function rightsOf(pid: number): ThreadRights[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(text)?.[1] ?? "";
    const numbers = (name: string) => field(name).split(/\s+/).filter(Boolean).map(Number);
    const set = (name: string) => Number.parseInt(field(name), 16);
    return {
      name: field("Name"),
      uids: numbers("Uid"),
      gids: numbers("Gid"),
      groups: numbers("Groups"),
      inheritable: set("CapInh"),
      permitted: set("CapPrm"),
      effective: set("CapEff"),
      bounding: set("CapBnd"),
      ambient: set("CapAmb"),
      noNewPrivs: Number(field("NoNewPrivs")),
    };
  });
}

export function environmentOf(pid: number): Record<string, string> {
  const text = readFileSync(`/proc/${pid}/environ`, "utf8");
  return Object.fromEntries(
    text
      .split("\0")
      .filter(Boolean)
      .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** Tables of /proc/PID/net of sockets that reach out of the box; the column of the inode. */
const NETWORK_TABLES = {
  tcp: 9,
  tcp6: 9,
  udp: 9,
  udp6: 9,
  raw: 9,
  raw6: 9,
  icmp: 9,
  icmp6: 9,
  packet: 8,
  netlink: 9,
} as const;

/** Sockets of the process by table, e.g. ["netlink", "raw", "udp"]; unix ones are "unix". */
export function socketsOf(pid: number): string[] {
  const tables = new Map<string, string>();
  for (const [table, column] of Object.entries(NETWORK_TABLES)) {
    for (const line of netLines(pid, table)) {
      tables.set(line.trim().split(/\s+/)[column] ?? "", table);
    }
  }
  for (const line of netLines(pid, "unix")) tables.set(line.trim().split(/\s+/)[6] ?? "", "unix");
  return socketInodes(pid).map((inode) => tables.get(inode) ?? `unknown:${inode}`);
}

/** Paths of the unix sockets of the process that accept connections. */
export function unixListenersOf(pid: number): string[] {
  const SO_ACCEPTCON = 0x10000;
  const inodes = new Set(socketInodes(pid));
  return netLines(pid, "unix").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const accepts = (Number.parseInt(fields[3] ?? "0", 16) & SO_ACCEPTCON) !== 0;
    return accepts && inodes.has(fields[6] ?? "") ? [fields[7] ?? "unnamed"] : [];
  });
}

/** What the descriptors of the process are, e.g. "/dev/null", "anon_inode:[eventpoll]". */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function socketInodes(pid: number): string[] {
  return descriptorsOf(pid).flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

function netLines(pid: number, table: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, "utf8").trim().split("\n").slice(1);
  } catch {
    return []; // not built into this kernel
  }
}
