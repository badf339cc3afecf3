/**
 * The compiled agent against four addresses of the lab: good, lossy, dead, unreachable. A path's window holds
 * as many probes as are compared with the responder's own record.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";
import { namespaceProblem } from "../support/namespaces.ts";
import type { Lab } from "../support/tun-lab/lab.ts";
import { openLab } from "../support/tun-lab/lab.ts";

const problem = namespaceProblem();
const GOOD = "10.99.0.2";
const LOSSY = "10.99.0.3";
const DEAD = "10.99.0.4";
const REFUSED = "10.99.0.5";
const PROBES = 60;

const CONFIG = `
health: { check_interval_secs: 1, probes_per_check: 10, window_probes: ${PROBES} }
paths:
  - { id: good, targets: [${GOOD}] }
  - { id: lossy, targets: [${LOSSY}] }
  - { id: dead, targets: [${DEAD}] }
  - { id: refused, targets: [${REFUSED}] }
`;

interface Path {
  readonly path_id: string;
  readonly status: string;
  readonly health_score: number | null;
  readonly latency_ms: number | null;
  readonly packet_loss_pct: number | null;
  readonly samples: number;
  readonly targets: { readonly outcomes: Record<string, number> }[];
}

describe.skipIf(problem !== null)(`the agent in the lab (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let agent: RunningAgent;
  let paths: Map<string, Path>;
  let metrics: string;

  beforeAll(async () => {
    lab = await openLab("accuracy", "spin");
    await lab.behave(GOOD, { delayUs: 20_000, jitterUs: 2_000 });
    await lab.behave(LOSSY, { delayUs: 5_000, loss: 0.05 });
    await lab.behave(DEAD, { blackhole: true });
    await lab.behave(REFUSED, { error: { type: 3, code: 1 } });
    agent = startAgent({ config: CONFIG, prefix: lab.namespace.command([]) });
    const read = async () => {
      const { paths: list } = await agent.json<{ paths: Path[] }>("/api/v1/health/snapshot");
      return new Map(list.map((path) => [path.path_id, path]));
    };
    // Twice the window: what is compared lies behind the start of both programs.
    const resolved = (path: Path) =>
      Object.entries(path.targets[0]?.outcomes ?? {})
        .filter(([kind]) => ["replied", "expired", "unreachable"].includes(kind))
        .reduce((sum, [, count]) => sum + count, 0);
    const isDone = async () => {
      paths = await read();
      return [...paths.values()].every((path) => resolved(path) >= 2 * PROBES);
    };
    await agent.until("the windows were filled twice", isDone, 30_000);
    metrics = await (await agent.get("/metrics")).text();
  });
  afterAll(async () => {
    await agent?.sweep();
    await lab?.close();
  });

  const path = (id: string): Path => {
    const found = paths.get(id);
    if (found === undefined) throw new Error(`no path ${id}`);
    return found;
  };

  test("latency is within 0.3 ms of the responder's own record", async () => {
    const record = await lab.record(GOOD);
    const replied = path("good").targets[0]?.outcomes["replied"] ?? 0;
    const delays = record
      .slice(replied - PROBES, replied)
      .flatMap(({ arrivedUs, departedUs }) =>
        departedUs === null ? [] : [departedUs - arrivedUs],
      );
    const meanMs = delays.reduce((sum, us) => sum + us, 0) / delays.length / 1_000;
    expect(Math.abs((path("good").latency_ms ?? 0) - meanMs)).toBeLessThan(0.3);
    expect(path("good")).toMatchObject({ status: "up", packet_loss_pct: 0 });
  });

  test("loss is what the responder dropped", async () => {
    const record = await lab.record(LOSSY);
    const dropped = record.filter(({ departedUs }) => departedUs === null).length;
    const counted = path("lossy").targets[0]?.outcomes["expired"] ?? 0;
    // Probes of the last second are still in flight when the snapshot is taken.
    expect(counted).toBeLessThanOrEqual(dropped);
    expect(path("lossy").packet_loss_pct).toBeLessThan(20);
    const expected = (100 * dropped) / record.length;
    expect(Math.abs((path("lossy").packet_loss_pct ?? 100) - expected)).toBeLessThan(6);
  });

  test("the dead path has score 0 and no latency: null in JSON, absent in /metrics", () => {
    expect(path("dead")).toMatchObject({
      status: "down",
      health_score: 0,
      latency_ms: null,
      packet_loss_pct: 100,
    });
    expect(metrics).toContain(
      'patronus_sdwan_path_health_score{path_id="dead",path_name="dead"} 0',
    );
    expect(metrics).not.toMatch(/latency_[a-z]+\{path_id="dead"/);
    expect(metrics).toMatch(/latency_ms\{path_id="good"/);
  });

  test("the unreachable path is down at once, its probes counted as unreachable", () => {
    expect(path("refused")).toMatchObject({ status: "down", packet_loss_pct: 100 });
    const outcomes = path("refused").targets[0]?.outcomes ?? {};
    expect(outcomes["unreachable"]).toBeGreaterThanOrEqual(PROBES);
    expect(outcomes["expired"]).toBe(0);
  });

  test("promtool check metrics prints only the known lines of the compatibility names", () => {
    const check = Bun.spawnSync(["promtool", "check", "metrics"], { stdin: Buffer.from(metrics) });
    const lines = `${check.stdout}${check.stderr}`.split("\n").filter((line) => line !== "");
    const known = /path_(latency|jitter)_ms metric names should not contain abbreviated units/;
    expect(lines.filter((line) => !known.test(line))).toEqual([]);
    expect(lines.length).toBe(2);
  });
});
