/**
 * The compiled agent held against the lab's own record: one address with 20 ms +- 2 ms, one that
 * loses 5 %, a dead one, an unreachable one.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import type { Entry } from "../support/lab/record.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const ADDRESS = {
  good: "10.99.0.2",
  lossy: "10.99.0.3",
  dead: "10.99.0.4",
  refused: "10.99.0.5",
} as const;
type Id = keyof typeof ADDRESS;
const IDS: readonly Id[] = ["good", "lossy", "dead", "refused"];
const PROBES = 60;
const LOSS = 0.05;
/** The default `probe_timeout_ms`. */
const TIMEOUT_US = 1_000_000;
/** Between the snapshot and the record. */
const SLACK_US = 200_000;

const CONFIG = `
health: { check_interval_secs: 1, probes_per_check: 10, min_samples: 5, window_probes: ${PROBES} }
paths:
${IDS.map((id) => `  - { id: ${id}, targets: [${ADDRESS[id]}] }`).join("\n")}
`;

interface Path {
  readonly path_id: string;
  readonly status: string;
  readonly health_score: number | null;
  readonly latency_ms: number | null;
  readonly latency_min_ms: number | null;
  readonly latency_p50_ms: number | null;
  readonly packet_loss_pct: number | null;
  readonly samples: number;
  readonly targets: readonly { readonly outcomes: Readonly<Record<string, number>> }[];
}

function outcomesOf(path: Path): Readonly<Record<string, number>> {
  return path.targets[0]?.outcomes ?? {};
}

function delaysMs(record: readonly Entry[]): number[] {
  return record.flatMap(({ arrivedUs, departedUs }) =>
    departedUs === null ? [] : [(departedUs - arrivedUs) / 1_000],
  );
}

function meanMs(record: readonly Entry[]): number {
  const delays = delaysMs(record);
  return delays.reduce((sum, ms) => sum + ms, 0) / delays.length;
}

/** Nearest rank, as the agent's p50. */
function medianMs(record: readonly Entry[]): number {
  const delays = delaysMs(record).sort((a, b) => a - b);
  return delays[Math.ceil(delays.length / 2) - 1] ?? Number.NaN;
}

describe.skipIf(problem !== null)(`the agent in the lab (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let agent: RunningAgent;
  let paths: ReadonlyMap<string, Path>;
  let records: Readonly<Record<Id, readonly Entry[]>>;
  let metrics: string;

  beforeAll(async () => {
    lab = await openLab({ purpose: "accuracy", seed: 23 });
    await lab.behave(ADDRESS.good, { delayUs: 20_000, jitterUs: 2_000 });
    await lab.behave(ADDRESS.lossy, { delayUs: 5_000, loss: { kind: "random", p: LOSS } });
    await lab.behave(ADDRESS.dead, { loss: { kind: "all" } });
    await lab.behave(ADDRESS.refused, { error: { kind: "unreachable", code: 1 } });
    agent = startAgent({ config: CONFIG, prefix: lab.namespace.command([]) });
    const snapshot = async () => {
      const { paths: list } = await agent.json<{ paths: Path[] }>("/api/v1/health/snapshot");
      return new Map(list.map((path) => [path.path_id, path]));
    };
    await agent.until(
      `${PROBES} probes each`,
      async () => {
        paths = await snapshot();
        return [...paths.values()].every(({ samples }) => samples >= PROBES);
      },
      30_000,
    );
    metrics = await (await agent.get("/metrics")).text();
    const [good, lossy, dead, refused] = await Promise.all([
      lab.record(ADDRESS.good),
      lab.record(ADDRESS.lossy),
      lab.record(ADDRESS.dead),
      lab.record(ADDRESS.refused),
    ]);
    records = { good, lossy, dead, refused };
  }, 60_000);
  afterAll(async () => {
    await agent?.sweep();
    await lab?.close();
  });

  function path(id: Id): Path {
    const found = paths.get(id);
    if (found === undefined) throw new Error(`no path ${id}`);
    return found;
  }

  test("latency is within 0.3 ms of the responder's own record of the same probes", () => {
    // In order, for the jitter is far less than the interval: the last ones counted are the window.
    const replied = outcomesOf(path("good"))["replied"] ?? 0;
    const same = records.good.slice(replied - PROBES, replied);
    expect(same.length).toBe(PROBES);
    const latencyMs = path("good").latency_ms ?? Number.NaN;
    // The fastest packet is free of what a busy box adds: a responder that wakes late stamps the
    // arrival late, and the record lacks what the agent rightly measured.
    const fastest = Math.min(...delaysMs(same));
    expect(Math.abs((path("good").latency_min_ms ?? Number.NaN) - fastest)).toBeLessThan(0.3);
    const typical = medianMs(same);
    expect(Math.abs((path("good").latency_p50_ms ?? Number.NaN) - typical)).toBeLessThan(1);
    expect(Math.abs(latencyMs - meanMs(same))).toBeLessThan(5);
    // The agent cannot be faster than the responder.
    expect(latencyMs).toBeGreaterThan(meanMs(same));
    expect(path("good")).toMatchObject({ status: "up", packet_loss_pct: 0, samples: PROBES });
  });

  test("loss is what the responder dropped, within the sampling error of 5 %", () => {
    const { expired = 0 } = outcomesOf(path("lossy"));
    const lost = records.lossy.filter(({ decision }) => decision === "lost");
    // A request of the last second may not have been given up at the snapshot.
    const settledUs = (records.lossy.at(-1)?.arrivedUs ?? 0) - TIMEOUT_US - SLACK_US;
    const settled = lost.filter(({ arrivedUs }) => arrivedUs < settledUs);
    expect(expired).toBeLessThanOrEqual(lost.length);
    expect(expired).toBeGreaterThanOrEqual(settled.length);
    const lossPct = path("lossy").packet_loss_pct ?? Number.NaN;
    const deviationPct = 100 * Math.sqrt((LOSS * (1 - LOSS)) / PROBES);
    expect(Math.abs(lossPct - 100 * LOSS)).toBeLessThan(4 * deviationPct);
    expect(lossPct).toBeGreaterThan(0);
  });

  test("the dead path is down with score 0 and has no latency: null in JSON", () => {
    expect(path("dead")).toMatchObject({
      status: "down",
      health_score: 0,
      latency_ms: null,
      packet_loss_pct: 100,
    });
    expect(records.dead.length).toBeGreaterThanOrEqual(PROBES);
    expect(records.dead.every(({ decision }) => decision === "lost")).toBe(true);
  });

  test("the dead path's score is 0 in /metrics, its latency is not there at all", () => {
    expect(metrics).toMatch(/^patronus_sdwan_path_health_score\{path_id="dead",[^}]*\} 0$/m);
    expect(metrics).not.toMatch(/latency_[a-z]+\{path_id="dead"/);
    expect(metrics).toMatch(/latency_ms\{path_id="good"/);
  });

  test("the unreachable path is down with loss 100, each probe ended by its error", () => {
    expect(path("refused")).toMatchObject({
      status: "down",
      health_score: 0,
      latency_ms: null,
      packet_loss_pct: 100,
    });
    const { unreachable = 0, expired } = outcomesOf(path("refused"));
    expect(unreachable).toBeGreaterThanOrEqual(PROBES);
    expect(expired).toBe(0);
    expect(records.refused.every(({ decision }) => decision === "error")).toBe(true);
  });
});
