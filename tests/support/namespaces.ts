/** Network namespaces of their own for tests, and why a test cannot have one. */

import { userId } from "../../agent/worker/libc.ts";

/** null: namespaces can be made; else the reason, for the name of a skipped test. */
export function namespaceProblem(): string | null {
  if (userId() !== 0) return "needs root";
  const { exitCode } = Bun.spawnSync(["unshare", "-n", "true"]);
  return exitCode === 0 ? null : "needs CAP_SYS_ADMIN";
}

export class Namespace {
  readonly name: string;

  constructor(purpose: string) {
    this.name = `pat-${purpose}-${process.pid}`;
    this.#ip(["netns", "add", this.name]);
    this.#ip(["-n", this.name, "link", "set", "lo", "up"]);
  }

  /** Runs to the end; throws with its error output when it fails. */
  run(command: readonly string[]): string {
    const { exitCode, stdout, stderr } = Bun.spawnSync(this.command(command));
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
    return stdout.toString();
  }

  command(command: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.name, ...command];
  }

  set(setting: string, value: string): void {
    this.run(["sysctl", "-qw", `${setting}=${value}`]);
  }

  remove(): void {
    this.#ip(["netns", "del", this.name]);
  }

  #ip(args: readonly string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(["ip", ...args]);
    if (exitCode !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.toString()}`);
  }
}
