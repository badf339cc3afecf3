/**
 * Debian's Prometheus scrapes us: OpenMetrics with its exemplars, text, and what is gone with the
 * next scrape.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../agent/io/http/app.ts";
import { TEXT_0_0_4 } from "../../agent/io/http/metrics/negotiation.ts";
import type { RttView } from "../../agent/io/http/rtt-view.ts";
import { until } from "../support/alert-run.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../support/fake-view.ts";

const metrics = new FakeMetrics([pathLabels(0), pathLabels(1)]);
const formats = new Set<string>();
let exemplarSeconds = Date.now() / 1_000;
const rtt: RttView = {
  bounds: [0.5, 1],
  row: () => ({ counts: [1, 3], count: 4, sumSeconds: 2.5 }),
  exemplar: () => ({ seconds: 0.75, unixSeconds: exemplarSeconds++, target: "192.0.2.1" }),
};
let folder = "";
let base = "";
let child: Bun.Subprocess | null = null;
let server: Bun.Server<undefined>;

beforeAll(async () => {
  metrics.fill();
  const guard = { listen: "127.0.0.1:0", token: null, anonymousRead: true, allowedHosts: [] };
  const parts = { clock: new FakeClock(), log: new FakeLog(), rtt };
  const app = createApp(new FakeView(metrics), { ...guard, ...parts });
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const response = await app.fetch(request, { transport: "tcp" });
      formats.add(response.headers.get("content-type") ?? "");
      return response;
    },
  });
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const address = `127.0.0.1:${probe.port}`;
  probe.stop(true);
  base = `http://${address}`;
  folder = mkdtempSync(join(tmpdir(), "patronus-prometheus-"));
  const config = join(folder, "p.yml");
  writeFileSync(
    config,
    `global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs: [{ job_name: a, static_configs: [{ targets: ["127.0.0.1:${server.port}"] }] }]\n`,
  );
  child = Bun.spawn(
    [
      "prometheus",
      ...[`--config.file=${config}`, `--storage.tsdb.path=${join(folder, "data")}`],
      ...[`--web.listen-address=${address}`, "--enable-feature=exemplar-storage"],
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  const isReady = () =>
    fetch(`${base}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  expect(await until(isReady, 20_000)).toBe(true);
}, 30_000);

afterAll(async () => {
  child?.kill();
  await child?.exited;
  await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

async function ask(path: string): Promise<Record<string, unknown>[]> {
  const answer = (await (await fetch(`${base}/api/v1/${path}`)).json()) as { data: unknown };
  const { data } = answer as { data: { result?: object[] } | object[] };
  return (Array.isArray(data) ? data : (data.result ?? [])) as Record<string, unknown>[];
}

test("the target is up, asks for OpenMetrics, and the histogram can be asked for quantiles", async () => {
  const isUp = async () => JSON.stringify(await ask("query?query=up")).includes('"1"');
  expect(await until(isUp)).toBe(true);
  expect([...formats].every((type) => type.startsWith("application/openmetrics-text"))).toBe(true);
  const quantile = `histogram_quantile(0.5, patronus_sdwan_probe_rtt_seconds_bucket)`;
  const results = await ask(`query?query=${encodeURIComponent(quantile)}`);
  expect(results).toHaveLength(2);
}, 15_000);

test("its exemplars are stored", async () => {
  const query =
    "query_exemplars?query=patronus_sdwan_probe_rtt_seconds_bucket&start=0&end=9999999999";
  const isThere = async () => (await ask(query)).length > 0;
  expect(await until(isThere)).toBe(true);
  expect(JSON.stringify(await ask(query))).toContain("192.0.2.1");
}, 15_000);

test("a path that is gone is stale with the next scrape", async () => {
  metrics.paths = [metrics.paths[0] ?? pathLabels(0)];
  const query = "query?query=patronus_sdwan_probe_rtt_seconds_count";
  expect(await until(async () => (await ask(query)).length === 1)).toBe(true);
  const scores = await ask("query?query=patronus_sdwan_path_health_score");
  expect(scores).toHaveLength(1);
  expect(formats.has(TEXT_0_0_4.contentType)).toBe(false);
}, 15_000);
