import { describe, expect, test } from "bun:test";
import { ALERTS_SCHEMAS } from "../../../../agent/io/http/alerts-openapi.ts";
import type { AlertsView, ChannelBody, HistoryAsk } from "../../../../agent/io/http/alerts-view.ts";
import { createApp } from "../../../../agent/io/http/app.ts";
import { alertMetrics } from "../../../../agent/io/http/metrics/alert-metrics.ts";
import { MESSAGE } from "../../../support/alert-messages.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeView } from "../../../support/fake-view.ts";

const asked: HistoryAsk[] = [];
const channel: ChannelBody = {
  name: `o"ps`,
  type: "webhook",
  min_severity: "info",
  waiting: 2,
  oldest_age_secs: 4.5,
  delivered: 7,
  retries: 3,
  dropped: 1,
  last_success_ms: null,
  last_error: "away",
};
const { node_id: _, site: __, ...notification } = MESSAGE;
const view: AlertsView = {
  list: () => MESSAGE.alerts.map((alert) => ({ ...alert, state: "firing" })),
  channels: () => [channel],
  history(ask) {
    asked.push(ask);
    return { records: [{ ...notification, record: 9 }], next: 9 };
  },
  test: (name) =>
    Promise.resolve(name === "ops" ? { channel: name, outcome: "retry", detail: "away" } : null),
};

function app(alerts: AlertsView | undefined = view) {
  const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
  const parts = { clock: new FakeClock(), log: new FakeLog() };
  return createApp(new FakeView(), { ...options, ...parts, alerts });
}

async function get(path: string, alerts?: AlertsView) {
  const response = await app(alerts).request(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function post(body: string) {
  const headers = { "content-type": "application/json" };
  const request = new Request("http://localhost/api/v1/alerts/test", {
    ...{ method: "POST", headers, body },
  });
  return app().fetch(request, { transport: "unix" });
}

describe("the routes of alerts", () => {
  test("list has alerts and channels, in the members of the document", async () => {
    const { body } = await get("/api/v1/alerts");
    expect(body).toMatchObject({ count: 2, channels: [channel] });
    const [first] = body["alerts"] as object[];
    expect(Object.keys(first ?? {}).sort()).toEqual([...requiredOf("AlertState")].sort());
    expect(Object.keys(channel).sort()).toEqual([...requiredOf("AlertChannel")].sort());
  });

  test("without alerts everything is empty", async () => {
    const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
    const parts = { clock: new FakeClock(), log: new FakeLog() };
    const bare = createApp(new FakeView(), { ...options, ...parts });
    const list = await (await bare.request("/api/v1/alerts")).json();
    expect(list).toEqual({ alerts: [], count: 0, channels: [] });
  });

  test("history reads limit, cursor and severity", async () => {
    const { body } = await get("/api/v1/alerts/history?limit=5&cursor=20&severity=critical");
    expect(body).toMatchObject({ count: 1, next_cursor: 9 });
    const [message] = body["messages"] as object[];
    expect(Object.keys(message ?? {}).sort()).toEqual([...requiredOf("AlertMessage")].sort());
    expect(asked.at(-1)).toEqual({ limit: 5, cursor: 20, severity: "critical" });
    await get("/api/v1/alerts/history");
    expect(asked.at(-1)).toEqual({ limit: 100, cursor: null, severity: null });
  });

  test.each(["limit=0", "limit=1001", "cursor=x", "severity=bad", "other=1"])(
    "history refuses %s",
    async (query) => {
      expect((await get(`/api/v1/alerts/history?${query}`)).status).toBe(400);
    },
  );

  test("a test is sent by a channel that is known", async () => {
    const sent = await post(`{"channel":"ops"}`);
    expect(await sent.json()).toEqual({ channel: "ops", outcome: "retry", detail: "away" });
    expect((await post(`{"channel":"nobody"}`)).status).toBe(404);
    expect((await post("{}")).status).toBe(400);
    expect((await post("[]")).status).toBe(400);
    expect((await post(`{"channel":"ops","x":1}`)).status).toBe(400);
  });
});

function requiredOf(name: keyof typeof ALERTS_SCHEMAS): readonly string[] {
  return (ALERTS_SCHEMAS[name] as { required?: readonly string[] }).required ?? [];
}

test("alertMetrics() counts what fires and what became of messages", () => {
  const lines = alertMetrics(view, false).split("\n");
  expect(lines.filter((line) => !line.startsWith("# HELP"))).toEqual([
    "# TYPE patronus_alerts_firing gauge",
    `patronus_alerts_firing{severity="info"} 0`,
    `patronus_alerts_firing{severity="warning"} 1`,
    `patronus_alerts_firing{severity="critical"} 1`,
    "# TYPE patronus_alerts_notifications_total counter",
    `patronus_alerts_notifications_total{channel="o\\"ps",outcome="delivered"} 7`,
    `patronus_alerts_notifications_total{channel="o\\"ps",outcome="retried"} 3`,
    `patronus_alerts_notifications_total{channel="o\\"ps",outcome="dropped"} 1`,
    "# TYPE patronus_alerts_waiting gauge",
    `patronus_alerts_waiting{channel="o\\"ps"} 2`,
    "",
  ]);
  expect(alertMetrics(view, true)).toContain("# TYPE patronus_alerts_notifications counter");
  expect(alertMetrics({ ...view, channels: () => [] }, false)).toBe("");
});
