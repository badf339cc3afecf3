/**
 * The compiled agent as a test runs it: its own folder, configuration and socket; stopped and swept
 * at the end. Nothing here asserts.
 */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { childrenOf, commandOf, isAlive } from "./processes.ts";

export const FILE = join(import.meta.dir, "../../dist/patronus-agent");

export interface AgentOptions {
  /** YAML without `http` and `storage`, which the harness adds; null: run without configuration. */
  readonly config: string | null;
  /** Command before the program, e.g. ["ip", "netns", "exec", name]. */
  readonly prefix?: readonly string[];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** An existing folder of an earlier run, to continue with its database. */
  readonly folder?: string;
  /** seconds; default 300 */
  readonly flushSecs?: number;
}

export class RunningAgent {
  readonly folder: string;
  readonly process: Subprocess;
  #output = "";

  constructor(folder: string, subprocess: Subprocess) {
    this.folder = folder;
    this.process = subprocess;
    for (const stream of [subprocess.stdout, subprocess.stderr]) {
      if (stream instanceof ReadableStream) void this.#collect(stream);
    }
  }

  get socket(): string {
    return join(this.folder, "run", "agent.sock");
  }

  get database(): string {
    return join(this.folder, "state", "patronus.db");
  }

  get output(): string {
    return this.#output;
  }

  /** pid of a role's process, found below the supervisor. */
  pidOf(role: "controller" | "worker"): number | null {
    return this.children().find((pid) => commandOf(pid).includes(` ${role} `)) ?? null;
  }

  children(): number[] {
    return childrenOf(this.supervisorPid());
  }

  /** The started process itself, or the one below `ip netns exec`, which execs. */
  supervisorPid(): number {
    return this.process.pid;
  }

  async get(path: string): Promise<Response> {
    return fetch(`http://localhost${path}`, { unix: this.socket });
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    return (await response.json()) as T;
  }

  /** Polls until `ready` answers true; throws with the agent's output after `withinMs`. */
  async until(
    what: string,
    ready: () => Promise<boolean> | boolean,
    withinMs = 10_000,
  ): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (performance.now() < deadline) {
      try {
        if (await ready()) return;
      } catch {
        // not listening yet
      }
      await Bun.sleep(5);
    }
    throw new Error(`${what}: not within ${withinMs} ms\n${this.#output}`);
  }

  /** TERM, then the exit code. */
  async stop(): Promise<number> {
    this.process.kill("SIGTERM");
    return this.process.exited;
  }

  /** Ends whatever is left and removes the folder. */
  async sweep(): Promise<void> {
    const children = isAlive(this.process.pid) ? this.children() : [];
    if (this.process.exitCode === null) {
      this.process.kill("SIGKILL");
      await this.process.exited;
    }
    for (const pid of children) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream) this.#output += new TextDecoder().decode(chunk);
  }
}

/** A folder that the children's users can enter. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "patronus-test-"));
  chmodSync(folder, 0o755);
  return folder;
}

export function startAgent(options: AgentOptions): RunningAgent {
  const folder = options.folder ?? scratchFolder();
  const config = join(folder, "agent.yaml");
  const text = `
storage: { path: ${folder}/state/patronus.db, flush_interval_secs: ${options.flushSecs ?? 300} }
http: { listen: ~, socket: ${folder}/run/agent.sock }
${options.config ?? ""}`;
  writeFileSync(config, text);
  const from =
    options.config === null
      ? ["--socket", `${folder}/run/agent.sock`, "--storage", `${folder}/state/patronus.db`]
      : ["--config", config];
  const command = [...(options.prefix ?? []), FILE, "run", ...from, ...(options.args ?? [])];
  const subprocess = Bun.spawn(command, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", ...options.environment },
  });
  return new RunningAgent(folder, subprocess);
}
