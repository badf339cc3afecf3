/**
 * Network namespaces that a test makes for itself. A name carries the pid of its maker, so that a
 * later run can remove what a killed one left behind, and nothing else.
 */

import { randomBytes } from "node:crypto";
import { userId } from "../../../agent/worker/libc.ts";

const OURS = /^plab-[a-z0-9-]+-(\d+)-[0-9a-f]{8}$/;

export interface Namespace {
  readonly name: string;
  /** argv that runs `args` inside; `ip netns exec` execs, so the pid is the program's. */
  command(args: readonly string[]): string[];
  /** Runs to the end and answers with its output; throws with its complaint when it fails. */
  exec(args: readonly string[]): string;
  /** e.g. ("net.ipv4.ping_group_range", "0 0") */
  sysctl(key: string, value: string): void;
  /** May be called again. Devices inside go with the last process that uses them. */
  close(): void;
}

/** null: namespaces can be made; else the reason, for the name of a skipped test. */
export function namespaceProblem(): string | null {
  if (userId() !== 0) return "needs root";
  const { exitCode } = Bun.spawnSync(["unshare", "-n", "true"]);
  return exitCode === 0 ? null : "needs CAP_SYS_ADMIN";
}

/** `purpose`: lower-case letters, digits and hyphens. Throws when the kernel refuses. */
export function createNamespace(purpose: string): Namespace {
  sweepNamespaces();
  const name = `plab-${purpose}-${process.pid}-${randomBytes(4).toString("hex")}`;
  if (!OURS.test(name)) throw new Error(`cannot use ${JSON.stringify(purpose)} in a name`);
  run(["ip", "netns", "add", name]);
  try {
    run(["ip", "-n", name, "link", "set", "lo", "up"]);
  } catch (error) {
    remove(name);
    throw error;
  }
  const command = (args: readonly string[]) => ["ip", "netns", "exec", name, ...args];
  let isOpen = true;
  return {
    name,
    command,
    exec: (args) => run(command(args)),
    sysctl: (key, value) => void run(command(["sysctl", "-qw", `${key}=${value}`])),
    close() {
      if (isOpen) remove(name);
      isOpen = false;
    },
  };
}

/** Removes namespaces of this kind whose maker is dead. */
export function sweepNamespaces(): void {
  const { stdout } = Bun.spawnSync(["ip", "netns", "list"]);
  for (const line of stdout.toString().split("\n")) {
    const name = line.split(" ")[0] ?? "";
    const pid = makerOf(name);
    if (pid !== null && !isAlive(pid)) remove(name);
  }
}

/** The pid in a name of ours; null: not ours. */
export function makerOf(name: string): number | null {
  const pid = OURS.exec(name)?.[1];
  return pid === undefined ? null : Number(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function remove(name: string): void {
  Bun.spawnSync(["ip", "netns", "del", name]);
}

function run(command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString().trim()}`);
  return stdout.toString();
}
