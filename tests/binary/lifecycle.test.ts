/** Life and death of the three processes, on the compiled file with real loopback probes. */

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";
import { isAlive } from "../support/processes.ts";

/**
 * Ten probes a second, a stored row every second: windows fill in half a second. Only loss can make
 * a status: on a starved box even loopback has an RTT of 100 ms now and then.
 */
const CONFIG = `
health:
  check_interval_secs: 1
  probes_per_check: 10
  db_persist_interval: 1
  thresholds: { latency_ms: { max: 9000, critical: ~ }, jitter_ms: { max: 9000, critical: ~ } }
paths:
  - { id: one, targets: [127.0.0.1] }
  - { id: two, targets: [127.0.0.2] }
  - { id: six, targets: ["::1"] }
`;

/** Two checks at least, and the flush behind them. */
const SOME_CHECKS_MS = 2_500;

interface Snapshot {
  readonly timestamp: number;
  readonly paths: { path_id: string; status: string; latency_p50_ms: number | null }[];
}

const agents: RunningAgent[] = [];

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.sweep();
});

function start(options: Partial<Parameters<typeof startAgent>[0]> = {}): RunningAgent {
  const agent = startAgent({ config: CONFIG, flushSecs: 1, ...options });
  agents.push(agent);
  return agent;
}

async function statuses(agent: RunningAgent): Promise<string[]> {
  const snapshot = await agent.json<Snapshot>("/api/v1/health/snapshot");
  return snapshot.paths.map((path) => path.status);
}

async function allUp(agent: RunningAgent): Promise<void> {
  await agent.until("all paths up", async () =>
    (await statuses(agent)).every((status) => status === "up"),
  );
}

async function pidOf(agent: RunningAgent, role: "controller" | "worker"): Promise<number> {
  await agent.until(`${role} runs`, () => agent.pidOf(role) !== null);
  return agent.pidOf(role) ?? -1;
}

/** Kills a child and answers with the ms until `back` holds for its successor. */
async function killAndWait(
  agent: RunningAgent,
  role: "controller" | "worker",
  back: () => Promise<boolean> | boolean,
): Promise<number> {
  const pid = await pidOf(agent, role);
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  await agent.until(`${role} is back`, async () => {
    const successor = agent.pidOf(role);
    return successor !== null && successor !== pid && (await back());
  });
  return performance.now() - killed;
}

function historyStatuses(agent: RunningAgent): Record<string, number> {
  const database = new Database(agent.database);
  try {
    const rows = database
      .query<{ status: string; n: number }, []>(
        "SELECT status, count(*) AS n FROM sdwan_path_health GROUP BY status",
      )
      .all();
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  } finally {
    database.close();
  }
}

describe("processes", () => {
  test("run brings loopback paths up with sub-millisecond latency and stops on TERM within 2 s", async () => {
    const agent = start();
    await allUp(agent);
    const { paths } = await agent.json<Snapshot>("/api/v1/health/snapshot");
    for (const path of paths) expect(path.latency_p50_ms).toBeLessThan(1);
    await Bun.sleep(SOME_CHECKS_MS);
    const asked = performance.now();
    expect(await agent.stop()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(existsSync(agent.socket)).toBe(false);
    expect(existsSync(`${agent.database}-wal`)).toBe(false);
    expect(historyStatuses(agent)["up"]).toBeGreaterThan(0);
  });

  test("a killed worker: paths unknown, back within 100 ms, no wrong status in history", async () => {
    const agent = start();
    await allUp(agent);
    const pid = await pidOf(agent, "worker");
    const killed = performance.now();
    process.kill(pid, "SIGKILL");
    await agent.until("paths unknown", async () =>
      (await statuses(agent)).every((status) => status === "unknown"),
    );
    await agent.until("worker is back", () => {
      const successor = agent.pidOf("worker");
      return successor !== null && successor !== pid;
    });
    expect(performance.now() - killed).toBeLessThan(100);
    await allUp(agent);
    await Bun.sleep(SOME_CHECKS_MS);
    await agent.stop();
    expect(Object.keys(historyStatuses(agent))).toEqual(["up"]);
  });

  test("a killed controller: back within 250 ms, database opens, history continues", async () => {
    const agent = start();
    await allUp(agent);
    await Bun.sleep(SOME_CHECKS_MS);
    const gap = await killAndWait(
      agent,
      "controller",
      async () => (await agent.get("/healthz")).ok,
    );
    expect(gap).toBeLessThan(250);
    await allUp(agent);
    const { rows } = await agent.json<{ rows: unknown[] }>("/api/v1/health/paths/one/history");
    expect(rows.length).toBeGreaterThan(0);
    await Bun.sleep(SOME_CHECKS_MS);
    await agent.stop();
    expect(Object.keys(historyStatuses(agent))).toEqual(["up"]);
  });

  test("a killed supervisor: no process left after 1 s, the next start continues", async () => {
    const agent = start();
    await allUp(agent);
    await Bun.sleep(SOME_CHECKS_MS);
    const family = [agent.supervisorPid(), ...agent.children()];
    expect(family.length).toBe(3);
    process.kill(agent.supervisorPid(), "SIGKILL");
    await agent.process.exited;
    await agent.until("everything ended", () => !family.some(isAlive), 1_000);
    const before = historyStatuses(agent)["up"] ?? 0;
    expect(before).toBeGreaterThan(0);
    const next = start({ folder: agent.folder });
    await allUp(next);
    await Bun.sleep(SOME_CHECKS_MS);
    await next.stop();
    expect(historyStatuses(next)["up"]).toBeGreaterThan(before);
  });

  test("a second agent on the same socket is refused", async () => {
    const agent = start();
    await allUp(agent);
    const second = start({ folder: agent.folder });
    expect(await second.process.exited).toBe(1);
    await Bun.sleep(20);
    expect(second.output).toContain("another agent runs");
    await allUp(agent);
  });

  test("Ctrl-C reaches the whole group and still stops cleanly", async () => {
    const agent = start();
    await allUp(agent);
    for (const pid of [agent.supervisorPid(), ...agent.children()]) process.kill(pid, "SIGINT");
    expect(await agent.process.exited).toBe(0);
    expect(existsSync(`${agent.database}-wal`)).toBe(false);
  });

  test("children have their own users and only the capabilities they need", async () => {
    const agent = start();
    await allUp(agent);
    const capabilities = async (pid: number) => {
      const text = await Bun.file(`/proc/${pid}/status`).text();
      const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(text)?.[1] ?? "";
      return { uid: field("Uid"), effective: field("CapEff"), permitted: field("CapPrm") };
    };
    const controller = await capabilities(await pidOf(agent, "controller"));
    const worker = await capabilities(await pidOf(agent, "worker"));
    expect(controller.effective).toBe("0000000000000000");
    expect(controller.permitted).toBe("0000000000000000");
    expect(worker.effective).toBe("0000000000003000");
    expect(new Set([controller.uid, worker.uid, "0"]).size).toBe(3);
  });

  test("HUP reloads with the environment of the start, and an invalid file changes nothing", async () => {
    const config = `${CONFIG}node: { site: "\${env:SITE}" }\n`;
    const agent = start({ config, environment: { SITE: "berlin" } });
    await allUp(agent);
    const site = async () =>
      (await agent.json<{ node: { site: string } }>("/api/v1/status")).node.site;
    expect(await site()).toBe("berlin");
    const file = `${agent.folder}/agent.yaml`;
    const text = await Bun.file(file).text();
    await Bun.write(file, `${text}nonsense: 1\n`);
    agent.process.kill("SIGHUP");
    await agent.until("refused", () => agent.output.includes("configuration not reloaded"));
    expect((await statuses(agent)).length).toBe(3);
    await Bun.write(file, text.replace(/^.*id: two.*$/m, ""));
    agent.process.kill("SIGHUP");
    await agent.until("one path less", async () => (await statuses(agent)).length === 2);
    await allUp(agent);
    expect(await site()).toBe("berlin");
  });
});
