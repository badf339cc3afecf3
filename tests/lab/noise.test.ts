/**
 * ICMP of others on the host, ping floods and what answers them, does not wake the worker and is
 * no outcome of any probe. The kernel filters replies; errors of others it does queue to raw
 * sockets, where they wait for the next visit.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { switchesOf } from "../support/processes.ts";

const problem =
  namespaceProblem() ??
  (Bun.which("fping") === null ? "needs fping" : null) ??
  (existsSync(FILE) ? null : "needs the compiled agent");
const TARGETS = ["10.99.0.50", "fd99::50"];
const NOISE = ["10.99.0.60", "10.99.0.61", "fd99::60", "fd99::61"];
/** 500 packets a second each. */
const NOISE_PERIOD_MS = 2;
const SPAN_MS = 3_000;
const CONFIG = `
health: { check_interval_secs: 1, probes_per_check: 5, min_samples: 5 }
paths:
${TARGETS.map((target, i) => `  - { id: p${i}, targets: ["${target}"] }`).join("\n")}
`;

interface Status {
  readonly worker: { readonly abilities: { readonly icmp4: string; readonly icmp6: string } };
}

interface Snapshot {
  readonly paths: readonly {
    readonly status: string;
    readonly packet_loss_pct: number;
    readonly targets: readonly { readonly outcomes: Readonly<Record<string, number>> }[];
  }[];
}

const MODES = [
  ["raw", "1 0"],
  ["dgram", "0 2147483647"],
] as const;

describe.skipIf(problem !== null)(`57: ICMP of others (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let agent: RunningAgent | null = null;
  beforeAll(async () => {
    lab = await openLab({ purpose: "noise" });
    // One address of each family answers with errors, which every raw socket may see.
    await lab.behave("10.99.0.61", { error: { kind: "unreachable", code: 1 } });
    await lab.behave("fd99::61", { error: { kind: "unreachable", code: 3 } });
  });
  afterAll(async () => {
    await agent?.sweep();
    await lab?.close();
  });

  /** Context switches of the worker per second while `body` runs. */
  async function switchesDuring(body: () => Promise<unknown>): Promise<number> {
    const worker = agent?.pidOf("worker") ?? 0;
    const [before, startMs] = [switchesOf(worker), performance.now()];
    await body();
    return (1e3 * (switchesOf(worker) - before)) / (performance.now() - startMs);
  }

  function flood(): Promise<unknown> {
    const count = SPAN_MS / NOISE_PERIOD_MS;
    return Promise.all(
      NOISE.map((address) => {
        const flags = ["-q", "-c", `${count}`, "-p", `${NOISE_PERIOD_MS}`, "-i", "1"];
        const command = lab.namespace.command(["fping", ...flags, address]);
        return Bun.spawn(command, { stdout: "ignore", stderr: "ignore" }).exited;
      }),
    );
  }

  test.each(MODES)("does not wake the worker (%s sockets)", async (mode, range) => {
    lab.namespace.sysctl("net.ipv4.ping_group_range", range);
    const running = startAgent({ config: CONFIG, prefix: lab.namespace.command([]) });
    agent = running;
    await running.until("probing", async () => {
      const { abilities } = (await running.json<Status>("/api/v1/status")).worker;
      const { paths } = await running.json<Snapshot>("/api/v1/health/snapshot");
      const isUp = paths.length > 0 && paths.every(({ status }) => status === "up");
      return isUp && abilities.icmp4 === mode && abilities.icmp6 === mode;
    });
    const quiet = await switchesDuring(() => Bun.sleep(SPAN_MS));
    const noisy = await switchesDuring(flood);
    process.stderr.write(`${mode}: ${quiet.toFixed(0)}/s quiet, ${noisy.toFixed(0)}/s in noise\n`);
    // Ten probes a second wake it some 25 times; 2,000 packets a second would stand out.
    expect(noisy).toBeLessThan(2 * quiet + 20);
    const { paths } = await running.json<Snapshot>("/api/v1/health/snapshot");
    for (const { packet_loss_pct, targets } of paths) {
      expect(packet_loss_pct).toBe(0);
      const { replied = 0, ...others } = targets[0]?.outcomes ?? {};
      expect(replied).toBeGreaterThan((SPAN_MS / 1_000) * 5);
      expect(Object.values(others).every((n) => n === 0)).toBe(true);
    }
    await running.sweep();
  });
});
