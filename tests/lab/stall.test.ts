/**
 * The agent stopped and continued (SIGSTOP, as a suspend or a starved box does): the span proves
 * nothing. No false loss, no wrong RTT, no burst of what was missed, no change of status.
 * FULL=1 stops it for a minute as well.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { monotonicNow } from "../../agent/worker/libc.ts";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const TARGET = "10.99.0.30";
const INTERVAL_US = 100_000;
/** A third of the shortest stop. */
const SLOWEST_MS = 500;
const CONFIG = `
health: { check_interval_secs: 1, probes_per_check: 10 }
paths:
  - { id: only, targets: [${TARGET}] }
`;
const SPANS_MS = process.env["FULL"] === "1" ? [1_500, 60_000] : [1_500, 4_000];

interface Snapshot {
  readonly paths: {
    readonly status: string;
    readonly packet_loss_pct: number;
    readonly latency_max_ms: number;
    readonly targets: { readonly outcomes: Record<string, number> }[];
  }[];
}

describe.skipIf(problem !== null)(`a stalled agent (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let agent: RunningAgent;
  beforeAll(async () => {
    lab = await openLab({ purpose: "stall" });
    await lab.behave(TARGET, { delayUs: 20_000 });
    agent = startAgent({ config: CONFIG, prefix: lab.namespace.command([]) });
    await agent.until("the window is full", async () => {
      const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
      return (paths[0]?.targets[0]?.outcomes["replied"] ?? 0) >= 55;
    });
  });
  afterAll(async () => {
    await agent?.sweep();
    await lab?.close();
  });

  function signal(name: "SIGSTOP" | "SIGCONT"): void {
    for (const pid of [agent.supervisorPid(), ...agent.children()]) process.kill(pid, name);
  }

  test.each(SPANS_MS)("stopped for %d ms", async (span) => {
    const changes = () => agent.output.split("path status changed").length;
    const before = changes();
    const pids = agent.children();
    signal("SIGSTOP");
    await Bun.sleep(span);
    const resumedUs = monotonicNow();
    signal("SIGCONT");
    await Bun.sleep(3_000);
    const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
    expect(paths[0]).toMatchObject({ status: "up", packet_loss_pct: 0 });
    expect(changes()).toBe(before);
    expect(agent.children()).toEqual(pids);
    const record = await lab.record(TARGET);
    // The responder may be late itself by some ten ms; a stamp taken after the stop by far more.
    expect(paths[0]?.latency_max_ms).toBeLessThan(SLOWEST_MS);
    const arrivals = record
      .map(({ arrivedUs }) => arrivedUs)
      .filter((arrivedUs) => arrivedUs >= resumedUs);
    const gaps = arrivals.slice(1).map((at, i) => at - (arrivals[i] ?? 0));
    expect(arrivals.length).toBeGreaterThan(20);
    // A jittered grid: two sends lie at least 95 % of the interval apart, less the host's lateness.
    expect(gaps.filter((gap) => gap < INTERVAL_US / 2)).toEqual([]);
  });
});
