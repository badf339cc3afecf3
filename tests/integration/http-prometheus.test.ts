/**
 * Debian's Prometheus scrapes us: OpenMetrics with its exemplars, text, and what is gone with the
 * next scrape.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../agent/io/http/app.ts";
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
/** This Prometheus asks for OpenMetrics only: other forms are asked for in its place. */
const FORCED = [
  "text/plain;version=0.0.4",
  "text/plain;version=1.0.0",
  "application/openmetrics-text;version=1.0.0",
].flatMap((accept, form) =>
  ["gzip", "identity"].map((encoding) => ({ job: `form-${form}-${encoding}`, accept, encoding })),
);
/** Content type and encoding of what was answered. */
const seen = new Set<string>();

function asAsked(request: Request): Request {
  const url = new URL(request.url);
  const [accept, encoding] = [url.searchParams.get("accept"), url.searchParams.get("encoding")];
  if (accept === null || encoding === null) return request;
  return new Request(`${url.origin}${url.pathname}`, {
    headers: { accept, "accept-encoding": encoding },
  });
}

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
      const response = await app.fetch(asAsked(request), { transport: "tcp" });
      seen.add(
        `${response.headers.get("content-type")} ${response.headers.get("content-encoding")}`,
      );
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
scrape_configs:
  - { job_name: a, static_configs: [{ targets: ["127.0.0.1:${server.port}"] }] }
${FORCED.map(
  ({ job, accept, encoding }) =>
    `  - { job_name: ${job}, params: { accept: ["${accept}"], encoding: ["${encoding}"] }, ` +
    `static_configs: [{ targets: ["127.0.0.1:${server.port}"] }] }`,
).join("\n")}
`,
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
  const isUp = async () => (await ask('query?query=up{job="a"} == 1')).length === 1;
  expect(await until(isUp)).toBe(true);
  expect([...formats].some((type) => type.startsWith("application/openmetrics-text"))).toBe(true);
  const quantile = `histogram_quantile(0.5, patronus_sdwan_probe_rtt_seconds_bucket)`;
  const results = await ask(`query?query=${encodeURIComponent(quantile)}`);
  expect(results.length).toBeGreaterThanOrEqual(2);
}, 15_000);

test("all three formats are understood, packed and not, with the same values", async () => {
  const query = 'query?query=patronus_sdwan_path_health_score{job=~"form-.*"}';
  expect(await until(async () => (await ask(query)).length === 2 * FORCED.length)).toBe(true);
  const up = await ask('query?query=up{job=~"form-.*"} == 1');
  expect(up).toHaveLength(FORCED.length);
  expect(seen.size).toBeGreaterThanOrEqual(6);
  const values = (await ask(query)) as { metric: { path_id: string }; value: [number, string] }[];
  expect(new Set(values.map(({ metric, value }) => `${metric.path_id} ${value[1]}`)).size).toBe(2);
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
  const query = 'query?query=patronus_sdwan_probe_rtt_seconds_count{job="a"}';
  expect(await until(async () => (await ask(query)).length === 1)).toBe(true);
  const scores = await ask('query?query=patronus_sdwan_path_health_score{job="a"}');
  expect(scores).toHaveLength(1);
}, 15_000);
