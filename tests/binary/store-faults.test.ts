/**
 * A disk that fails under the running agent, by faults of the kernel's calls and damage to the
 * file: probes go on at their pace, the state says what is wrong, one line of the log says that it
 * began and one that it is over, and nothing is restarted. FULL=1: a lock is held for 60 s.
 */

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Subprocess } from "bun";
import type { RunningAgent } from "../support/agent.ts";
import { scratchFolder, startAgent } from "../support/agent.ts";

/** Ten probes and a stored row a second. */
const CONFIG = `
health:
  check_interval_secs: 1
  probes_per_check: 10
  db_persist_interval: 1
  thresholds: { latency_ms: { max: 9000, critical: ~ }, jitter_ms: { max: 9000, critical: ~ } }
paths:
  - { id: one, targets: [127.0.0.1] }
`;
const LOCKED_SECS = process.env["FULL"] === "1" ? 60 : 5;
const FAULT_MS = 3_000;
/** A row is written every second. */
const WRITTEN_MS = 2_500;
/** Of ten a second; a starved host loses some of its time, not most of it. */
const PROBES_MIN = 5;

interface Status {
  readonly processes: { readonly controller: { restarts: number }; worker: { restarts: number } };
  readonly store: {
    readonly state: { readonly kind: string; readonly reason?: string };
    readonly pending_rows: number;
    readonly dropped_rows: number;
  };
}

const agents: RunningAgent[] = [];
const tracers: Subprocess[] = [];

afterEach(async () => {
  for (const tracer of tracers.splice(0)) {
    tracer.kill("SIGKILL");
    await tracer.exited;
  }
  for (const agent of agents.splice(0)) await agent.sweep();
});

function start(folder = scratchFolder()): RunningAgent {
  const agent = startAgent({ config: CONFIG, flushSecs: 1, folder });
  agents.push(agent);
  return agent;
}

const statusOf = (agent: RunningAgent) => agent.json<Status>("/api/v1/status");

async function untilStore(agent: RunningAgent, kind: string, withinMs = 15_000): Promise<void> {
  const ready = async () => (await statusOf(agent)).store.state.kind === kind;
  await agent.until(`store ${kind}`, ready, withinMs);
}

async function untilStored(agent: RunningAgent): Promise<void> {
  await agent.until("a row is stored", async () => {
    const page = await agent.json<{ rows: { health_id: number | null }[] }>(
      "/api/v1/health/paths/one/history",
    );
    return page.rows.some((row) => row.health_id !== null);
  });
}

/** Probes answered since the start. */
async function repliesOf(agent: RunningAgent): Promise<number> {
  const path = await agent.json<{ targets: { outcomes: { replied: number } }[] }>(
    "/api/v1/health/paths/one",
  );
  return path.targets[0]?.outcomes.replied ?? Number.NaN;
}

/** Probes go out and come back while `during` lasts; the agent answers all the time. */
async function expectProbing(agent: RunningAgent, during: Promise<unknown>): Promise<void> {
  const before = await repliesOf(agent);
  const from = performance.now();
  await during;
  const replies = (await repliesOf(agent)) - before;
  expect(replies / ((performance.now() - from) / 1_000)).toBeGreaterThan(PROBES_MIN);
  const after = await statusOf(agent);
  expect(after.processes.controller.restarts).toBe(0);
  expect(after.processes.worker.restarts).toBe(0);
}

/** How often the log says it. */
function said(agent: RunningAgent, message: string): number {
  return agent.output.split(message).length - 1;
}

/** Every such call on the database fails from now on, until the tracer is stopped. */
async function inject(agent: RunningAgent, calls: string, error: string): Promise<Subprocess> {
  const pid = agent.pidOf("controller");
  const { database } = agent;
  const files = ["-P", database, "-P", `${database}-wal`];
  const what = ["-e", `trace=${calls}`, "-e", `inject=${calls}:error=${error}`];
  const tracer = Bun.spawn(
    ["strace", "-f", "-qq", "-o", "/dev/null", ...what, ...files, "-p", String(pid)],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  tracers.push(tracer);
  return tracer;
}

describe("an agent whose disk fails", () => {
  test.each([
    { error: "EIO", reason: "IOERR" },
    { error: "ENOSPC", reason: "SQLITE_FULL" },
    { error: "EROFS", reason: "IOERR" },
  ])(
    "goes on probing through $error of every write, and writes again when it is over",
    async ({ error, reason }) => {
      const agent = start();
      await untilStored(agent);
      const tracer = await inject(agent, "pwrite64,write", error);
      await untilStore(agent, "failing");
      await expectProbing(agent, Bun.sleep(FAULT_MS));
      const { store } = await statusOf(agent);
      expect(store.state.reason).toContain(reason);
      expect(store.pending_rows).toBeGreaterThan(0);
      tracer.kill("SIGTERM");
      await tracer.exited;
      await untilStore(agent, "ok");
      expect((await statusOf(agent)).store.dropped_rows).toBe(0);
      expect(said(agent, "history is not written")).toBe(1);
      expect(said(agent, "history is written again")).toBe(1);
      const stamps = await agent.json<{ rows: { timestamp: number }[] }>(
        "/api/v1/health/paths/one/history",
      );
      const times = stamps.rows.map((row) => row.timestamp);
      const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(2);
    },
    60_000,
  );

  test(
    `starts and probes while another process holds the file for ${LOCKED_SECS} s`,
    async () => {
      const folder = scratchFolder();
      const first = start(folder);
      await untilStored(first);
      expect(await first.stop()).toBe(0);
      const db = new Database(join(folder, "state", "patronus.db"));
      db.run("BEGIN EXCLUSIVE");
      const agent = start(folder);
      await untilStore(agent, "failing");
      await agent.until("probes", async () => (await repliesOf(agent)) > 0);
      await expectProbing(agent, Bun.sleep(LOCKED_SECS * 1_000));
      expect((await statusOf(agent)).store.state.kind).toBe("failing");
      db.run("ROLLBACK");
      db.close();
      await untilStore(agent, "ok");
      expect(said(agent, "history is not written")).toBe(1);
    },
    30_000 + LOCKED_SECS * 1_000,
  );

  test.each([
    { name: "cut to a third", damage: (path: string) => truncateSync(path, third(path)) },
    {
      name: "overwritten",
      damage: (path: string) => writeFileSync(path, Buffer.alloc(64 * 1_024, "not a database")),
    },
  ])(
    "goes on with a new file when its own was $name while it ran",
    async ({ damage }) => {
      const folder = scratchFolder();
      const first = start(folder);
      await untilStored(first);
      // Folded into the file: what lies in the WAL alone would outlive the damage.
      expect(await first.stop()).toBe(0);
      const agent = start(folder);
      await untilStored(agent);
      // It has written, so that the pages it needs for that are in its memory.
      await Bun.sleep(WRITTEN_MS);
      damage(agent.database);
      const aside = () =>
        readdirSync(dirname(agent.database)).some((name) => name.includes(".corrupt-"));
      await expectProbing(agent, Bun.sleep(FAULT_MS));
      await agent.until("set aside", aside);
      await untilStore(agent, "ok");
      await untilStored(agent);
      expect(said(agent, "corrupt history database set aside")).toBe(1);
      expect(existsSync(agent.database)).toBe(true);
    },
    60_000,
  );
});

function third(path: string): number {
  return Math.floor(statSync(path).size / 3 / 1_024) * 1_024;
}
