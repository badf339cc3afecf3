/** What /proc says of processes: memory and CPU. Linux only; root reads any process. */

import { readdirSync, readFileSync } from "node:fs";

export interface Memory {
  readonly pssKb: number;
  readonly anonymousKb: number;
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return { pssKb: field("Pss"), anonymousKb: field("Pss_Anon") };
}

const NS_PER_TICK = 1e7;

/** CPU time so far, ns, of threads that have ended as well; in steps of 10 ms. */
export function cpuNs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * NS_PER_TICK;
}

/** Voluntary and involuntary context switches of all threads. */
export function switchesOf(pid: number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    for (const match of text.matchAll(/ctxt_switches:\s+(\d+)/g)) sum += Number(match[1]);
  }
  return sum;
}

/** Direct children, by /proc. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => {
      try {
        const stat = readFileSync(`/proc/${candidate}/stat`, "utf8");
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid;
      } catch {
        return false; // ended meanwhile
      }
    });
}

/** The command line, NULs as spaces; empty when the process is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^\d+ \(.*\) Z/.test(stat);
  } catch {
    return false;
  }
}
