/**
 * The compiled file pushes: the eight given names and the base-unit set reach a receiver, also a
 * real one where there is one, and what waits while it is away is shown and survives kill -9.
 */

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { INSTRUMENTS } from "../../agent/io/telemetry/instruments.ts";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";
import { decodeMetrics } from "../support/protobuf.ts";
import { startReceiver } from "../support/scripted-receiver.ts";
import { startVictoriaMetrics } from "../support/victoria-metrics.ts";

let agent: RunningAgent | null = null;

afterEach(async () => {
  await agent?.sweep();
  agent = null;
});

const PATHS = `
health: { check_interval_secs: 1, probes_per_check: 10, min_samples: 5 }
paths:
  - { id: a, targets: [127.0.0.1] }
  - { id: b, targets: [127.0.0.2] }
policies: [{ id: 1, name: all, primary: a, backups: [b] }]
`;

/** Until `check` answers with something, 15 s at most. */
async function eventually<T>(check: () => T | null | Promise<T | null>): Promise<T> {
  for (let i = 0; i < 150; i++) {
    const found = await check();
    if (found !== null) return found;
    await Bun.sleep(100);
  }
  throw new Error("not within 15 s");
}

function get(folder: string, path: string): Promise<string> {
  const unix = join(folder, "run/agent.sock");
  return fetch(`http://localhost${path}`, { unix }).then((answer) => answer.text());
}

describe("patronus-agent with otlp", () => {
  test("pushes every documented metric, to each destination", async () => {
    const receiver = await startReceiver();
    const victoria = await startVictoriaMetrics();
    const second = "skipped" in victoria ? null : victoria;
    if ("skipped" in victoria) console.warn(`skipped: ${victoria.skipped}`);
    const destinations = [
      `{ name: scripted, endpoint: "${receiver.url}" }`,
      ...(second === null
        ? []
        : [`{ name: vm, endpoint: "${second.url}/opentelemetry", events: false }`]),
    ];
    agent = startAgent({
      config: `${PATHS}otlp: { interval_secs: 1, destinations: [${destinations.join(", ")}] }\n`,
    });
    const wanted = new Set(INSTRUMENTS.map(({ name }) => name));
    // Without a route of its own a policy does not know where its traffic is.
    const unknown = [
      "patronus_sdwan_failover_active_path",
      "patronus.sdwan.failover.policy.active",
    ];
    for (const name of unknown) wanted.delete(name);
    const names = await eventually(() => {
      const newest = receiver.requests.findLast(({ path }) => path === "/v1/metrics");
      const points = newest === undefined ? [] : decodeMetrics(newest.body).points;
      const seen = new Set(points.map(({ name }) => name));
      return [...wanted].every((name) => seen.has(name)) ? seen : null;
    });
    expect(names.size).toBeGreaterThanOrEqual(wanted.size);
    const metrics = await get(agent.folder, "/metrics");
    expect(metrics).toMatch(/patronus_otlp_delivered_total\{destination="scripted"\} [1-9]/);
    const status = JSON.parse(await get(agent.folder, "/api/v1/status"));
    expect(status.queue.destinations[0]).toMatchObject({ name: "otlp:scripted", items: 0 });
    expect(existsSync(join(agent.folder, "state/queue.db"))).toBe(false);
    if (second !== null) {
      const stored = await second.series("patronus");
      const found = new Set(stored.map(({ metric }) => metric["__name__"]));
      for (const name of wanted) {
        if (name.startsWith("patronus_sdwan_")) expect(found.has(name)).toBe(true);
      }
      await second.stop();
    }
    expect(await agent.stop()).toBe(0);
    await receiver.close();
  }, 40_000);

  test("what a receiver missed is shown, survives kill -9 and arrives in order", async () => {
    const away = await startReceiver();
    const { port, url } = away;
    await away.close();
    const config = `${PATHS}otlp: { endpoint: "${url}", interval_secs: 1 }\n`;
    agent = startAgent({ config });
    const { folder } = agent;
    await eventually(async () => {
      const text = await get(folder, "/api/v1/status").catch(() => "{}");
      const [state] = JSON.parse(text).queue?.destinations ?? [];
      return (state?.stored_items ?? 0) >= 4 ? state : null;
    });
    expect(existsSync(join(folder, "state/queue.db"))).toBe(true);
    for (const pid of agent.children()) process.kill(pid, "SIGKILL");
    const receiver = await startReceiver(port);
    const times = await eventually(() => {
      const seen = receiver.requests.flatMap(({ body }) => {
        const [first] = decodeMetrics(body).points;
        return first === undefined ? [] : [first.timeMs];
      });
      return seen.length >= 7 ? seen : null;
    });
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const gaps = times.map((time, i) => time - (times[i - 1] ?? time));
    expect(Math.max(...gaps)).toBeLessThan(3_000);
    expect(await agent.stop()).toBe(0);
    await receiver.close();
  }, 60_000);
});
