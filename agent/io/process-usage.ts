/** What the processes of the agent cost, from procfs: readable without any privilege. */

import { readFileSync } from "node:fs";
import type { ProcessUsage } from "../controller/ports.ts";

/** USER_HZ: fixed by the kernel's interface. */
const TICKS_PER_S = 100;
const PAGE_OCTETS = 4_096;
/** proc(5), counted behind the name, which may hold anything. */
const [MAJFLT, UTIME, STIME, RSS] = [9, 11, 12, 21] as const;

/** null: there is no such process. */
export function processUsage(pid: number, proc = "/proc"): ProcessUsage | null {
  try {
    const stat = readFileSync(`${proc}/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const number = (at: number) => Number(fields[at] ?? 0);
    return {
      cpu_seconds: (number(UTIME) + number(STIME)) / TICKS_PER_S,
      resident_bytes: number(RSS) * PAGE_OCTETS,
      major_faults: number(MAJFLT),
    };
  } catch {
    return null;
  }
}
