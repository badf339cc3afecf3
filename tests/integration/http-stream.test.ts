/** The stream over a real connection: events, resume, signs of life, clients that do not read. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { CLIENTS_MAX, StreamHub } from "../../agent/controller/stream/hub.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { unixMillis } from "../../agent/domain/units.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { createApp } from "../../agent/io/http/app.ts";
import type { HttpServer } from "../../agent/io/http/server.ts";
import { serveHttp } from "../../agent/io/http/server.ts";
import { MESSAGE } from "../support/alert-messages.ts";
import { until } from "../support/alert-run.ts";
import { failoverEvent } from "../support/failover-events.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../support/fake-view.ts";

const clock = createClock();
const timers = createTimers(clock);
let hub: StreamHub;
let server: HttpServer;
let url = "";
const change = { path: pathId("fiber"), from: "up", to: "down", cause: "score", score: 3 } as const;

beforeEach(async () => {
  hub = new StreamHub({ clock, timers });
  const metrics = new FakeMetrics([pathLabels(0)]);
  metrics.fill();
  const listen = "127.0.0.1:0";
  const log = new FakeLog();
  const guard = { listen, token: null, anonymousRead: false, allowedHosts: [] };
  const app = createApp(new FakeView(metrics), { ...guard, clock, log, stream: hub });
  server = await serveHttp(app, { listen, socket: "" }, log);
  url = `${server.urls[0]}api/v1/stream`;
});

afterEach(async () => {
  hub.stop();
  await server.stop();
});

/** Follows and keeps what came. */
async function follow(query = "", headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const response = await fetch(`${url}${query}`, { headers, signal: abort.signal });
  const got = { text: "", ended: false };
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    const part = await reader?.read().catch(() => undefined);
    if (part === undefined || part.done) {
      got.ended = true;
      return;
    }
    got.text += decoder.decode(part.value, { stream: true });
    return read();
  };
  void read();
  return { response, got, stop: () => abort.abort() };
}

test("a client gets a snapshot at once, and then every event with its id", async () => {
  const { response, got, stop } = await follow();
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await until(() => got.text.includes("event: snapshot"))).toBe(true);
  hub.statusChanged(change);
  hub.event(failoverEvent(), 7, unixMillis(1_700_000_000_123));
  const { node_id: _, site: __, ...notification } = MESSAGE;
  hub.alerted(notification);
  expect(await until(() => got.text.includes("event: alert"))).toBe(true);
  const blocks = got.text.split("\n\n").filter((block) => block.startsWith("id: "));
  expect(blocks.map((block) => /event: (\w+)/.exec(block)?.[1])).toEqual([
    "status",
    "failover",
    "alert",
  ]);
  const data = blocks.map((block) => JSON.parse(/data: (.*)/.exec(block)?.[1] ?? "null"));
  expect(data[0]).toMatchObject({ path_id: "fiber", from: "up", to: "down", health_score: 3 });
  expect(data[1]).toMatchObject({ event_id: 7, timestamp_ms: 1_700_000_000_123 });
  expect(data[2]).toMatchObject({ id: MESSAGE.id, status: "firing" });
  stop();
  expect(await until(() => hub.clients === 0)).toBe(true);
});

test("a client that comes back goes on where it was", async () => {
  const first = await follow("?types=status");
  for (let i = 0; i < 3; i++) hub.statusChanged(change);
  expect(await until(() => first.got.text.split("event: status").length === 4)).toBe(true);
  const ids = [...first.got.text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? "");
  first.stop();
  hub.statusChanged(change);
  const second = await follow("?types=status", { "last-event-id": ids[1] ?? "" });
  expect(await until(() => second.got.text.split("event: status").length === 3)).toBe(true);
  expect(second.got.text).toContain(`id: ${ids[2]}\n`);
  expect(second.got.text).not.toContain("event: gap");
  second.stop();
  const strange = await follow("?types=status", { "last-event-id": "another-3" });
  expect(await until(() => strange.got.text.includes("event: gap"))).toBe(true);
  strange.stop();
});

test("only the types that were asked for come", async () => {
  const { got, stop } = await follow("?types=failover");
  hub.statusChanged(change);
  hub.event(failoverEvent(), 7, unixMillis(1));
  expect(await until(() => got.text.includes("event: failover"))).toBe(true);
  expect(got.text).not.toContain("event: status");
  expect(got.text).not.toContain("event: snapshot");
  stop();
  expect((await fetch(`${url}?types=nothing`)).status).toBe(400);
  expect((await fetch(`${url}?other=1`)).status).toBe(400);
});

test("a silent stream outlives the server's limit of silence", async () => {
  const { got, stop } = await follow("?types=alert");
  await Bun.sleep(12_000);
  expect(got.ended).toBe(false);
  expect(got.text).toContain(": still here");
  stop();
}, 20_000);

test("one client more than allowed is told to come later", async () => {
  const all = await Promise.all(Array.from({ length: CLIENTS_MAX }, () => follow("?types=alert")));
  const refused = await fetch(url);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("30");
  for (const { stop } of all) stop();
  expect(await until(() => hub.clients === 0)).toBe(true);
});

test("a client that does not read is sent away, and nobody waits for it", async () => {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${pathname}?types=failover HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  expect(await until(() => hub.clients === 1)).toBe(true);
  const reason = "x".repeat(10_000);
  const began = clock.monotonic();
  for (let i = 0; i < 3_000 && hub.clients === 1; i++) {
    hub.event(failoverEvent({ reason }), i, unixMillis(1));
    if (i % 50 === 0) await Bun.sleep(1);
  }
  expect(hub.clients).toBe(0);
  expect(clock.monotonic() - began).toBeLessThan(5_000_000);
  socket.destroy();
}, 20_000);
