/**
 * The compiled agent in a box with real uplinks: what an operator has, and what the lab can do to
 * the cables. Paths are named after the uplinks.
 */

import type { RunningAgent } from "../agent.ts";
import { FILE, startAgent } from "../agent.ts";
import type { UplinkOptions } from "./uplinks.ts";
import { TARGETS, Uplinks } from "./uplinks.ts";

export interface FailoverLabOptions {
  readonly purpose: string;
  readonly uplinks: readonly UplinkOptions[];
  readonly host?: boolean;
  readonly profile?: "fast" | "balanced";
  /** Targets of every path; default: one IPv4 address. */
  readonly targets?: readonly string[];
  /** Of single paths instead, by the uplink's name. */
  readonly own?: Readonly<Record<string, readonly string[]>>;
  /** Keys of the one policy beside id, primary and backups, as YAML. */
  readonly policy?: string;
  /** Keys of a path, as YAML, by the uplink's name. */
  readonly path?: Readonly<Record<string, string>>;
  /** Further sections of the configuration. */
  readonly extra?: string;
  /** Made by the test, with what it wants below it. */
  readonly folder?: string;
  /** Command before the program, within the box. */
  readonly prefix?: readonly string[];
}

export interface LabEvent {
  readonly event_id: number;
  readonly event_type: string;
  readonly from_path_id: string | null;
  readonly to_path_id: string | null;
  readonly reason: string;
  readonly family: number | null;
  readonly duration_ms: number | null;
}

export interface LabPolicy {
  readonly active_path_id: string | null;
  readonly active_path_id_v6: string | null;
  readonly failover_count: number;
}

const ROUTED = "route: { match: [{ to: default }], ipv6: nat }";

export class FailoverLab {
  readonly uplinks: Uplinks;
  /** Of the kernel, before the agent's first start; see `kernelState`. */
  readonly before: readonly string[];
  readonly #options: FailoverLabOptions;
  #agent: RunningAgent;

  private constructor(uplinks: Uplinks, options: FailoverLabOptions) {
    this.uplinks = uplinks;
    this.before = this.kernelState();
    this.#agent = launch(uplinks, options);
    this.#options = options;
  }

  /** With the primary in use and everything well. */
  static async open(options: FailoverLabOptions): Promise<FailoverLab> {
    const { purpose, uplinks: wanted, host = false } = options;
    const uplinks = await Uplinks.open({ purpose, uplinks: wanted, host });
    try {
      const lab = new FailoverLab(uplinks, options);
      await lab.well();
      return lab;
    } catch (error) {
      await uplinks.close();
      throw error;
    }
  }

  get agent(): RunningAgent {
    return this.#agent;
  }

  /** A new life in the folder of the one before. */
  async restart(): Promise<void> {
    this.#agent = launch(this.uplinks, this.#options, this.#agent.folder);
    await this.well();
  }

  async policy(): Promise<LabPolicy> {
    const { policies } = await this.#agent.json<{ policies: LabPolicy[] }>(
      "/api/v1/failover/snapshot",
    );
    const [policy] = policies;
    if (policy === undefined) throw new Error("there is no policy");
    return policy;
  }

  /** Oldest first. */
  async events(since = 0): Promise<LabEvent[]> {
    const { events } = await this.#agent.json<{ events: LabEvent[] }>(
      "/api/v1/failover/events?limit=1000&order=oldest-first",
    );
    return events.filter(({ event_id }) => event_id > since);
  }

  async lastEvent(): Promise<number> {
    return (await this.events()).at(-1)?.event_id ?? 0;
  }

  /** Without those of IPv6, which follows or goes its own way. */
  async moves(since = 0): Promise<string[]> {
    const events = (await this.events(since)).filter(({ family }) => family !== 6);
    return events.map((one) => `${one.event_type} ${one.from_path_id}>${one.to_path_id}`);
  }

  /** Every path has a score, every policy a path. */
  async well(): Promise<void> {
    await this.#agent.until(
      "all paths are up and the policy is in force",
      async () => {
        const { paths } = await this.#agent.json<{ paths: { status: string }[] }>(
          "/api/v1/health/snapshot",
        );
        const { active_path_id, active_path_id_v6 } = await this.policy();
        return (
          paths.every(({ status }) => status === "up") &&
          (active_path_id ?? active_path_id_v6) !== null
        );
      },
      30_000,
    );
  }

  async uses(path: string, withinMs = 20_000): Promise<void> {
    await this.#agent.until(
      `traffic goes by ${path}`,
      async () => (await this.policy()).active_path_id === path && this.kernel() === path,
      withinMs,
    );
  }

  /** The path that the kernel takes for an address of the internet. */
  kernel(family: 4 | 6 = 4): string | null {
    const target = TARGETS[family][1];
    const answer = this.uplinks.box.exec(["ip", `-${family}`, "route", "get", target]);
    const device = /dev (\S+)/.exec(answer)?.[1];
    return this.uplinks.all.find((one) => one.device === device)?.name ?? null;
  }

  async post(path: string, body: object = {}): Promise<Response> {
    return fetch(`http://localhost/api/v1${path}`, {
      unix: this.#agent.socket,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ author: "lab", ...body }),
    });
  }

  async switchTo(path: string): Promise<void> {
    const response = await this.post("/failover/policies/1/switch", { path_id: path });
    if (!response.ok) throw new Error(`switch to ${path}: ${await response.text()}`);
  }

  /** Runs the compiled file beside the agent, with its configuration. */
  command(...args: readonly string[]): string {
    return this.uplinks.box.exec([FILE, ...args, "--config", `${this.#agent.folder}/agent.yaml`]);
  }

  /** What `ip` shows of rules and routes, sorted. */
  kernelState(): string[] {
    const commands = ["-4 rule", "-6 rule", "-4 route show table all", "-6 route show table all"];
    const lines = commands.flatMap((words) =>
      this.uplinks.box.exec(["ip", ...words.split(" ")]).split("\n"),
    );
    return lines.map((line) => line.trim()).sort();
  }

  async close(): Promise<void> {
    await this.#agent.stop();
    await this.#agent.sweep();
    await this.uplinks.close();
  }
}

function launch(
  uplinks: Uplinks,
  options: FailoverLabOptions,
  folder = options.folder,
): RunningAgent {
  return startAgent({
    config: configOf(uplinks, options),
    prefix: uplinks.box.command(options.prefix ?? []),
    ...(folder === undefined ? {} : { folder }),
  });
}

function configOf(uplinks: Uplinks, options: FailoverLabOptions): string {
  const { targets = [TARGETS[4][0]], profile = "fast", policy = ROUTED, extra = "" } = options;
  const names = uplinks.all.map(({ name }) => name);
  const listed = (name: string) =>
    (options.own?.[name] ?? targets).map((one) => JSON.stringify(one)).join(", ");
  const paths = uplinks.all.map(({ name, device, gateway }) =>
    [
      `- id: ${name}`,
      `interface: ${device}`,
      ...(/gateway:/.test(options.path?.[name] ?? "") ? [] : [gatewayOf(gateway)]),
      `targets: [${listed(name)}]`,
      `profile: ${profile}`,
      ...(options.path?.[name]?.split("\n") ?? []),
    ].join("\n    "),
  );
  const [primary, ...backups] = names;
  return `
paths:
  ${paths.join("\n  ")}
policies:
  - id: 1
    name: all
    primary: ${primary}
    backups: [${backups.join(", ")}]
    ${policy.split("\n").join("\n    ")}
${extra}`;
}

function gatewayOf(gateway: string | null): string {
  return `gateway: ${gateway === null ? "none" : "auto"}`;
}
