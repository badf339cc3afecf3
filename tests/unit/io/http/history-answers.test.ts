import { describe, expect, test } from "bun:test";
import { createApp } from "../../../../agent/io/http/app.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../../../support/fake-view.ts";

const NOW = 1_700_000_000;

function setting() {
  const view = new FakeView(new FakeMetrics([pathLabels(0, { id: "fiber" })]));
  const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
  const app = createApp(view, { ...options, clock: new FakeClock(), log: new FakeLog() });
  const get = (path: string) => app.request(`/api/v1/health/${path}`);
  return { view, get };
}

async function problemOf(response: Response): Promise<string[]> {
  expect(response.status).toBe(400);
  const { errors } = (await response.json()) as { errors: { parameter: string }[] };
  return errors.map(({ parameter }) => parameter);
}

describe("GET /api/v1/health/paths/{id}/aggregate", () => {
  test("has the given names, rounded, with null for what does not exist", async () => {
    const { get } = setting();
    const body = (await (await get("paths/fiber/aggregate?period=day")).json()) as object;
    expect(Object.keys(body)).toEqual(
      expect.arrayContaining([
        ...["latency_avg", "latency_min", "latency_max", "latency_p95", "packet_loss_avg"],
        ...["packet_loss_max", "jitter_avg", "jitter_max", "health_score_avg"],
        ...["health_score_min", "uptime_pct", "sample_count", "start_time", "end_time", "period"],
      ]),
    );
    expect(body).toMatchObject({ path_id: "fiber", latency_p95: null, coverage_pct: 99.876543 });
  });

  test.each([
    ["period=hour", "hour", NOW - 3_600],
    ["", "day", NOW - 86_400],
    ["period=week", "week", NOW - 7 * 86_400],
    ["period=month", "month", NOW - 30 * 86_400],
    ["period=custom&from=1000", "custom", 1_000],
  ])("with %p asks for the span that ends now", async (params, period, from) => {
    const { view, get } = setting();
    await get(`paths/fiber/aggregate?${params}`);
    expect(view.aggregateQueries).toEqual([{ period, from, to: NOW }] as never);
  });

  test("refuses spans that cannot be answered, naming the parameter", async () => {
    const { get } = setting();
    const of = async (params: string) => problemOf(await get(`paths/fiber/aggregate?${params}`));
    expect(await of("period=year")).toEqual(["period"]);
    expect(await of("period=custom")).toEqual(["from"]);
    expect(await of("period=custom&from=1000&to=1299")).toEqual(["from"]);
    expect(await of("period=day&from=1000")).toEqual(["from"]);
    expect(await of("format=xml&x=1")).toEqual(["x", "format"]);
    expect((await get("paths/fiber/aggregate?period=custom&from=1000&to=1300")).status).toBe(200);
  });

  test("does not know a path that is not there", async () => {
    expect((await setting().get("paths/x/aggregate")).status).toBe(404);
  });
});

describe("GET /api/v1/health/aggregate", () => {
  test("tells every path, as JSON and as a table", async () => {
    const { get } = setting();
    const body = (await (await get("aggregate?period=hour")).json()) as { paths: object[] };
    expect(body).toMatchObject({ period: "hour", start_time: NOW - 3_600, end_time: NOW });
    expect(body.paths).toMatchObject([{ path_id: "fiber" }]);
    const table = await get("aggregate?period=hour&format=csv");
    expect(table.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [head, row] = (await table.text()).split("\r\n");
    expect(head?.split(",").slice(0, 5)).toEqual([
      ...["path_id", "period", "start_time", "end_time", "tiers"],
    ]);
    expect(row?.startsWith("fiber,day,1699913600,1700000000,5m+1h,43200,,,")).toBe(true);
  });
});

describe("GET /api/v1/health/paths/{id}/history?resolution=", () => {
  test("answers with buckets and a cursor", async () => {
    const { view, get } = setting();
    const response = await get("paths/fiber/history?resolution=1h&from=1000&to=90000&limit=5");
    const body = (await response.json()) as { rows: object[] };
    expect(view.charts).toEqual([
      { path: "fiber", tier: "1h", from: 1_000, to: 90_000, limit: 5 },
    ] as never);
    expect(body).toMatchObject({ resolution: "1h", next_cursor: 1_700_000_300 });
    expect(body.rows).toHaveLength(1);
    await get("paths/fiber/history?resolution=1h&from=1000&to=90000&cursor=7200");
    expect(Number(view.charts[1]?.from)).toBe(7_200);
  });

  test("as a table has the cursor in a header", async () => {
    const response = await setting().get("paths/fiber/history?resolution=5m&format=csv");
    expect(response.headers.get("x-next-cursor")).toBe("1700000300");
    expect(await response.text()).toContain("fiber,day,");
  });

  test("refuses a resolution that is not one, and more points than a page has", async () => {
    const { get } = setting();
    expect(await problemOf(await get("paths/fiber/history?resolution=1m"))).toEqual(["resolution"]);
    const many = await get("paths/fiber/history?resolution=1d&limit=1001");
    expect(await problemOf(many)).toEqual(["limit"]);
  });
});
