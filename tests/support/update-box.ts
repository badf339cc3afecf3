/** A box with the agent as one file in a folder of its own, updated as an operator would do it. */

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { UpdateBody } from "../../agent/io/http/update-view.ts";
import { RunningAgent, scratchFolder } from "./agent.ts";

export interface BoxOptions {
  readonly url: string;
  readonly trial?: string;
  /** Port of a target that answers over UDP, probed ten times a second. */
  readonly echoPort?: number;
  readonly update?: string;
}

export interface CommandEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class UpdateBox {
  readonly folder = scratchFolder();
  readonly program: string;
  readonly config: string;
  readonly #options: BoxOptions;
  agent: RunningAgent | null = null;

  constructor(file: string, options: BoxOptions) {
    this.#options = options;
    mkdirSync(join(this.folder, "opt"), { mode: 0o755 });
    this.program = join(this.folder, "opt", "patronus-agent");
    this.config = join(this.folder, "agent.yaml");
    copyFileSync(file, this.program);
    chmodSync(this.program, 0o755);
    this.writeConfig("");
  }

  writeConfig(more: string): void {
    const { url, trial = "5s", update = "", echoPort } = this.#options;
    const often = "health: { check_interval_secs: 1, probes_per_check: 10, min_samples: 2 }";
    const echoed =
      echoPort === undefined
        ? ""
        : `  - { id: b, targets: [127.0.0.1], probe: { type: udp, port: ${echoPort} }, ${often} }`;
    writeFileSync(
      this.config,
      `paths:
  - { id: a, targets: [127.0.0.1], health: { check_interval_secs: 1, min_samples: 2 } }
${echoed}
storage: { path: ${this.folder}/state/patronus.db }
http: { listen: ~, socket: ${this.folder}/run/agent.sock }
update: { url: "${url}", trial: ${trial}, jitter: 0s${update} }
${more}`,
    );
  }

  start(): RunningAgent {
    const subprocess = Bun.spawn([this.program, "run", "--config", this.config], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "" },
    });
    this.agent = new RunningAgent(this.folder, subprocess);
    return this.agent;
  }

  async ready(): Promise<void> {
    await this.running.until("up", async () => (await this.running.get("/readyz")).ok, 15_000);
  }

  get running(): RunningAgent {
    if (this.agent === null) throw new Error("the agent was not started");
    return this.agent;
  }

  /** `patronus-agent update ...` of the program as it is now. */
  async update(...args: string[]): Promise<CommandEnd> {
    const child = Bun.spawn([this.program, "update", ...args, "--config", this.config], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "" },
      timeout: 90_000,
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, out, err };
  }

  /** As the agent tells it. */
  body(): Promise<UpdateBody> {
    return this.running.json<UpdateBody>("/api/v1/update");
  }

  /** Until the supervisor and the controller are at rest with this release. */
  async settled(release: number, withinMs = 30_000): Promise<UpdateBody> {
    let last: UpdateBody | null = null;
    await this.running.until(
      `release ${release} at rest`,
      async () => {
        last = await this.body();
        return last.activity === "idle" && last.running.release === release;
      },
      withinMs,
    );
    return last ?? (await this.body());
  }

  has(suffix: string): boolean {
    return existsSync(`${this.program}${suffix}`);
  }

  memory(): string {
    return readFileSync(`${this.program}.update`, "utf8");
  }

  async sweep(): Promise<void> {
    await this.agent?.sweep();
  }
}

/** Answers UDP probes and remembers when they came. */
export class EchoTarget {
  readonly times: number[];
  readonly #socket: Bun.udp.Socket<"uint8array">;

  private constructor(socket: Bun.udp.Socket<"uint8array">, times: number[]) {
    this.#socket = socket;
    this.times = times;
  }

  static async open(): Promise<EchoTarget> {
    const times: number[] = [];
    const socket = await Bun.udpSocket({
      hostname: "127.0.0.1",
      binaryType: "uint8array",
      socket: {
        data(self, bytes, port, address) {
          times.push(performance.now());
          self.send(bytes, port, address);
        },
        error() {},
      },
    });
    return new EchoTarget(socket, times);
  }

  get port(): number {
    return this.#socket.port;
  }

  /** ms between two probes, at the most. */
  longestGap(): number {
    return Math.max(...this.times.slice(1).map((time, i) => time - (this.times[i] ?? time)));
  }

  close(): void {
    this.#socket.close();
  }
}
