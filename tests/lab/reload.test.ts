/**
 * Replies to probes of another life (before a reload, before the worker was killed) count for
 * nothing, counters go on, and a reload that leaves the paths as they are leaves their status.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";

const problem = namespaceProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");
const DELAY_MS = 300;
const TARGET = { still: "10.99.0.40", edited: "10.99.0.41" } as const;
const CONFIG = `
node: { site: here }
health: { check_interval_secs: 1, probes_per_check: 20, min_samples: 5, window_probes: 40 }
paths:
  - { id: still, targets: [${TARGET.still}] }
  - { id: edited, cost: 1, targets: [${TARGET.edited}] }
`;
const SIDE_KINDS = ["expired", "late", "lost", "corrupt", "duplicate", "mismatched", "reordered"];

interface Path {
  readonly path_id: string;
  readonly health_score: number | null;
  readonly latency_min_ms: number | null;
  readonly samples: number;
  readonly targets: readonly { readonly outcomes: Readonly<Record<string, number>> }[];
}

describe.skipIf(problem !== null)(`13, 46: a reload (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let agent: RunningAgent;
  beforeAll(async () => {
    lab = await openLab({ purpose: "reload" });
    for (const address of Object.values(TARGET)) {
      await lab.behave(address, { delayUs: DELAY_MS * 1_000 });
    }
    agent = startAgent({ config: CONFIG, prefix: lab.namespace.command([]) });
    await agent.until("full windows", async () =>
      (await paths()).every(({ samples }) => samples >= 40),
    );
  });
  afterAll(async () => {
    await agent?.sweep();
    await lab?.close();
  });

  async function paths(): Promise<readonly Path[]> {
    const { paths: list } = await agent.json<{ paths: Path[] }>("/api/v1/health/snapshot");
    if (list.length === 0) throw new Error("no paths yet");
    return list;
  }

  /** Every counter of probes by its labels. */
  async function counters(): Promise<ReadonlyMap<string, number>> {
    const text = await (await agent.get("/metrics")).text();
    const rows = text.matchAll(/^(patronus_sdwan_probes_total\{[^}]*\}) (\d+)/gm);
    return new Map([...rows].map(([, labels = "", value]) => [labels, Number(value)]));
  }

  async function expectOnlyMore(before: ReadonlyMap<string, number>): Promise<void> {
    const now = await counters();
    expect([...now.keys()]).toEqual([...before.keys()]);
    for (const [labels, value] of before) expect(now.get(labels)).toBeGreaterThanOrEqual(value);
  }

  async function expectClean(): Promise<void> {
    for (const { latency_min_ms, targets } of await paths()) {
      expect(latency_min_ms).toBeGreaterThanOrEqual(DELAY_MS);
      for (const kind of SIDE_KINDS) expect([kind, targets[0]?.outcomes[kind]]).toEqual([kind, 0]);
    }
  }

  async function reload(from: string, to: string): Promise<void> {
    const file = join(agent.folder, "agent.yaml");
    const reloads = () => agent.output.split("configuration reloaded").length;
    const before = reloads();
    writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
    agent.process.kill("SIGHUP");
    await agent.until("the reload", () => reloads() > before);
  }

  test("beside the paths costs no window, no probe and no counter", async () => {
    const before = await counters();
    expect([...before.values()].some((value) => value >= 40)).toBe(true);
    const changes = agent.output.split("path status changed").length;
    await reload("site: here", "site: there");
    expect((await paths()).map(({ samples }) => samples)).toEqual([40, 40]);
    await expectOnlyMore(before);
    await Bun.sleep(2 * DELAY_MS);
    await expectOnlyMore(before);
    await expectClean();
    expect(agent.output.split("path status changed").length).toBe(changes);
  });

  test("of a path begins its windows anew and goes on counting", async () => {
    const before = await counters();
    await reload("cost: 1", "cost: 2");
    await expectOnlyMore(before);
    await agent.until("samples again", async () =>
      (await paths()).every(({ samples }) => samples >= 10),
    );
    await expectOnlyMore(before);
    await expectClean();
  });

  test("a killed worker's replies are nobody's", async () => {
    const before = await counters();
    const worker = agent.pidOf("worker");
    if (worker === null) throw new Error("no worker");
    process.kill(worker, "SIGKILL");
    await agent.until("another worker", () => (agent.pidOf("worker") ?? worker) !== worker);
    const replied = async () => (await paths()).map(({ targets }) => targets[0]?.outcomes);
    const then = await replied();
    await agent.until("replies", async () =>
      (await replied()).every(
        (outcomes, i) => (outcomes?.["replied"] ?? 0) > (then[i]?.["replied"] ?? 0) + 10,
      ),
    );
    await expectOnlyMore(before);
    await expectClean();
  });
});
