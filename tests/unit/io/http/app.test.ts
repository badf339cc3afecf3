import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import type { HttpOptions } from "../../../../agent/io/http/app.ts";
import { createApp } from "../../../../agent/io/http/app.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../../../support/fake-view.ts";

const UNIX = { transport: "unix" } as const;

function setting(over: Partial<HttpOptions> = {}) {
  const metrics = new FakeMetrics([pathLabels(0, { id: "fiber" }), pathLabels(1, { id: "a/b c" })]);
  metrics.set(0, "up", 98.7654321);
  metrics.scorer.paths.chosen[0] = 0;
  metrics.scorer.series.latencyMs[0] = 12.34567;
  metrics.scorer.series.lossPct[0] = 0;
  const view = new FakeView(metrics);
  const log = new FakeLog();
  const clock = new FakeClock();
  const app = createApp(view, {
    listen: "127.0.0.1:9477",
    token: null,
    anonymousRead: false,
    allowedHosts: [],
    clock,
    log,
    ...over,
  });
  return { app, view, log, clock };
}

async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

describe("GET /api/v1/health/snapshot", () => {
  test("has the given shape, rounded, with null for what does not exist", async () => {
    const { app } = setting();
    const response = await app.request("/api/v1/health/snapshot");
    expect(response.headers.get("content-type")).toBe("application/json");
    const body = await jsonOf(response);
    expect(Object.keys(body)).toEqual(["timestamp", "paths"]);
    const [fiber, other] = body["paths"] as [unknown, unknown];
    expect(fiber).toMatchObject({
      path_id: "fiber",
      latency_ms: 12.34567,
      packet_loss_pct: 0,
      jitter_ms: null,
      health_score: 98.765432,
      status: "up",
      last_checked: 1_700_000_000,
    });
    expect(other).toMatchObject({ path_id: "a/b c", latency_ms: null, health_score: null });
  });

  test("answers 304 while nothing but the time has changed", async () => {
    const { app, view } = setting();
    const etag = (await app.request("/api/v1/health/snapshot")).headers.get("etag") ?? "";
    const ask = () =>
      app.request("/api/v1/health/snapshot", { headers: { "if-none-match": etag } });
    const same = await ask();
    expect(same.status).toBe(304);
    expect(await same.text()).toBe("");
    expect(same.headers.get("etag")).toBe(etag);
    view.metrics.scorer.series.latencyMs[0] = 12.4;
    expect((await ask()).status).toBe(200);
  });
});

describe("GET /api/v1/health/paths/{id}", () => {
  test("finds a path by its decoded id", async () => {
    const { app } = setting();
    const response = await app.request(`/api/v1/health/paths/${encodeURIComponent("a/b c")}`);
    expect(await jsonOf(response)).toMatchObject({ path_id: "a/b c", timestamp: 1_700_000_000 });
  });

  test.each(["nope", "%ff", "..%2f..%2fetc"])("answers 404 for %p", async (id) => {
    const response = await setting().app.request(`/api/v1/health/paths/${id}`);
    expect(response.status).toBe(404);
    expect(await jsonOf(response)).toMatchObject({ type: "urn:patronus:problem:unknown-path" });
  });
});

describe("GET /api/v1/health/paths/{id}/history", () => {
  test("asks the store for the span and gives its page", async () => {
    const { app, view } = setting();
    view.rows = {
      next_cursor: 7,
      rows: [
        {
          health_id: 7,
          path_id: pathId("fiber"),
          timestamp: unixSeconds(5),
          latency_ms: null,
          packet_loss_pct: 100,
          jitter_ms: null,
          health_score: 0,
          status: "down",
        },
      ],
    };
    const response = await app.request("/api/v1/health/paths/fiber/history?from=1&to=9&limit=1");
    expect(await jsonOf(response)).toEqual({
      path_id: "fiber",
      from: 1,
      to: 9,
      rows: [expect.objectContaining({ health_id: 7, latency_ms: null, status: "down" })],
      next_cursor: 7,
    });
    expect(view.queries[0]).toMatchObject({
      path: "fiber",
      from: 1,
      to: 9,
      limit: 1,
      cursor: null,
    });
  });

  test("lists every wrong parameter and asks nothing", async () => {
    const { app, view } = setting();
    const response = await app.request("/api/v1/health/paths/fiber/history?from=x&limit=0&z=1");
    expect(response.status).toBe(400);
    const { errors } = await jsonOf(response);
    expect((errors as { parameter: string }[]).map(({ parameter }) => parameter)).toEqual([
      "z",
      "from",
      "limit",
    ]);
    expect(view.queries).toEqual([]);
  });

  test("answers 404 for an unknown path", async () => {
    const response = await setting().app.request("/api/v1/health/paths/x/history");
    expect(response.status).toBe(404);
  });
});

describe("GET /metrics", () => {
  test("speaks the format that was asked for, and says on what it depends", async () => {
    const { app } = setting();
    const plain = await app.request("/metrics");
    expect(plain.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(plain.headers.get("vary")).toBe("Accept, Accept-Encoding");
    const headers = { accept: "application/openmetrics-text; version=1.0.0" };
    const text = await (await app.request("/metrics", { headers })).text();
    expect(text).toEndWith("\n# EOF\n");
    expect(text).toContain("# TYPE patronus_sdwan_probes counter\n");
    expect(await plain.text()).toContain("# TYPE patronus_sdwan_probes_total counter\n");
  });

  test("compresses on demand, whole and as a stream", async () => {
    const large = new FakeMetrics(Array.from({ length: 3_000 }, (_, row) => pathLabels(row)));
    large.fill();
    for (const metrics of [setting().view.metrics, large]) {
      const { app, view } = setting();
      view.metrics = metrics;
      const plain = await app.request("/metrics");
      const headers = { "accept-encoding": "gzip" };
      const packed = await app.request("/metrics", { headers });
      expect(packed.headers.get("content-encoding")).toBe("gzip");
      expect(plain.headers.get("content-encoding")).toBeNull();
      const unpacked = gunzipSync(await packed.bytes()).toString("utf8");
      const withoutDuration = (text: string) =>
        text.replace(/.*patronus_agent_scrape_duration_seconds.*\n/g, "");
      expect(withoutDuration(unpacked)).toBe(withoutDuration(await plain.text()));
    }
  });

  test("tells how long the scrape before took", async () => {
    const { app, view, clock } = setting();
    expect(await (await app.request("/metrics")).text()).not.toContain("scrape_duration");
    const status = view.status.bind(view);
    view.status = () => {
      clock.advance(20);
      return status();
    };
    await app.request("/metrics");
    const text = await (await app.request("/metrics")).text();
    expect(text).toContain("patronus_agent_scrape_duration_seconds 0.02\n");
  });

  test("ends with the client that goes away in the middle", async () => {
    const { app, view } = setting();
    view.metrics = new FakeMetrics(Array.from({ length: 3_000 }, (_, row) => pathLabels(row)));
    const reader = (await app.request("/metrics")).body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    expect((await app.request("/metrics")).status).toBe(200);
  });
});

describe("health of the agent", () => {
  test("GET /healthz answers whatever the state", async () => {
    const { app, view } = setting();
    view.readiness = { ready: false, reasons: ["no"] };
    expect(await jsonOf(await app.request("/healthz"))).toEqual({ status: "ok" });
  });

  test("GET /readyz gives 503 and the reasons until ready", async () => {
    const { app, view } = setting();
    view.readiness = { ready: false, reasons: ["no results yet"] };
    const response = await app.request("/readyz");
    expect(response.status).toBe(503);
    expect(await jsonOf(response)).toMatchObject({ ready: false, reasons: ["no results yet"] });
    view.readiness = { ready: true, reasons: [] };
    expect((await app.request("/readyz")).status).toBe(200);
  });
});

describe("POST /api/v1/reload", () => {
  const init = { method: "POST", headers: { "content-type": "application/json" } };

  test("is 501 where it is not offered, 202 where it is, 409 when refused", async () => {
    const { app, view } = setting();
    const ask = () => app.request("/api/v1/reload", init, UNIX);
    expect((await ask()).status).toBe(501);
    let asked = 0;
    view.reload = () => {
      asked++;
      return { kind: "requested" };
    };
    expect((await ask()).status).toBe(202);
    expect(asked).toBe(1);
    view.reload = () => ({ kind: "refused", reason: "busy" });
    expect((await ask()).status).toBe(409);
  });

  test("is not reached without right over TCP, nor when the transport is not told", async () => {
    const { app, view } = setting();
    view.reload = () => {
      throw new Error("reached");
    };
    expect((await app.request("/api/v1/reload", init)).status).toBe(403);
    expect((await app.request("/api/v1/reload", init, { transport: "tcp" })).status).toBe(403);
  });
});

describe("createApp() as a whole", () => {
  const resources = [
    { path: "/", status: 200 },
    { path: "/metrics", status: 200 },
    { path: "/openapi.json", status: 200 },
    { path: "/api/v1/status", status: 200 },
    { path: "/api/v1/health/snapshot", status: 200 },
    { path: "/nothing", status: 404 },
    { path: "/API/v1/status", status: 404 },
    { path: "//api/v1/status", status: 404 },
    { path: "/metrics?x=1", status: 400 },
    { path: "/healthz?probe=1", status: 400 },
  ];

  test.each(resources)("$path answers $status with the safety headers", async (row) => {
    const response = await setting().app.request(`http://localhost${row.path}`);
    expect(response.status).toBe(row.status);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    if (row.status < 400) return;
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await jsonOf(response)).toMatchObject({ status: row.status });
  });

  test("answers HEAD like GET without body", async () => {
    const response = await setting().app.request("/api/v1/status", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test("answers 405 with the methods that are allowed", async () => {
    const { app } = setting();
    const init = { method: "DELETE", headers: { "content-type": "application/json" } };
    const response = await app.request("/metrics", init, UNIX);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    const read = await app.request("/api/v1/reload", {}, UNIX);
    expect(read.status).toBe(405);
    expect(read.headers.get("allow")).toBe("POST");
  });

  test("gives a failure a name, and its cause to the log only", async () => {
    const { app, view, log } = setting();
    view.fault = new Error("secret detail");
    const response = await app.request("/api/v1/health/snapshot");
    expect(response.status).toBe(500);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const text = await response.text();
    expect(text).not.toContain("secret");
    expect(text).not.toContain(".ts");
    const [line] = log.lines;
    expect(line?.fields["error"]).toContain("secret detail");
    expect(text).toContain(`urn:uuid:${line?.fields["id"]}`);
  });

  test("refuses before it routes", async () => {
    const { app } = setting();
    expect((await app.request("http://evil.example/healthz")).status).toBe(421);
    expect((await app.request("http://evil.example/healthz", {}, UNIX)).status).toBe(200);
  });
});
