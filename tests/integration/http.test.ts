/** The HTTP surface on real sockets: what octets on the wire lead to. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createApp } from "../../agent/io/http/app.ts";
import type { HttpServer } from "../../agent/io/http/server.ts";
import { serveHttp } from "../../agent/io/http/server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../support/fake-view.ts";

const log = new FakeLog();
const view = new FakeView();
let server: HttpServer;
let port = 0;

beforeAll(async () => {
  const listen = "127.0.0.1:0";
  const options = { listen, token: "t0ken", anonymousRead: false, allowedHosts: [] };
  const app = createApp(view, { ...options, clock: new FakeClock(), log });
  server = await serveHttp(app, { listen, socket: "" }, log);
  port = Number(new URL(server.urls[0] ?? "").port);
});

afterAll(() => server.stop());

const PATIENCE_MS = 5_000;

/** Sends octets as they are; answers with everything up to the close, or one whole response. */
async function exchange(request: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  const isWhole = () => {
    const head = received.indexOf("\r\n\r\n");
    const length = /^content-length: (\d+)/im.exec(received)?.[1];
    return head >= 0 && length !== undefined && received.length >= head + 4 + Number(length);
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, octets) {
        received += new TextDecoder("latin1").decode(octets);
        if (isWhole()) resolve(received);
      },
      close: () => resolve(received),
      error: () => resolve(received),
    },
  });
  const patience = setTimeout(() => resolve(received), PATIENCE_MS);
  socket.write(request);
  const answer = await promise;
  clearTimeout(patience);
  socket.end();
  return answer;
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]);
}

describe("serveHttp() on TCP", () => {
  const host = "Host: localhost\r\n";
  const json = "Content-Type: application/json\r\n";
  const rows = [
    { name: "a good request", request: `GET /healthz HTTP/1.1\r\n${host}\r\n`, want: 200 },
    {
      name: "HTTP/1.0 with Host",
      request: `GET /healthz HTTP/1.0\r\n${host}\r\n`,
      want: 200,
    },
    { name: "HTTP/1.0 without Host", request: "GET /x/healthz HTTP/1.0\r\n\r\n", want: 400 },
    { name: "HTTP/1.1 without Host", request: "GET /healthz HTTP/1.1\r\n\r\n", want: 400 },
    {
      name: "a Host with a space",
      request: "GET /x/healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
      want: 400,
    },
    {
      name: "half an IPv6 Host",
      request: "GET /healthz HTTP/1.1\r\nHost: [::\r\n\r\n",
      want: 400,
    },
    {
      name: "a Host with a user",
      request: "GET /x/healthz HTTP/1.1\r\nHost: u@localhost\r\n\r\n",
      want: 400,
    },
    {
      name: "a Host with a path",
      request: "GET /healthz HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
      want: 400,
    },
    {
      name: "a foreign Host",
      request: "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
      want: 421,
    },
    {
      name: "two slashes",
      request: `GET //api/v1/status HTTP/1.1\r\n${host}\r\n`,
      want: 404,
    },
    {
      name: "the path of another resource behind dots",
      request: `GET /x/../healthz HTTP/1.1\r\n${host}\r\n`,
      want: 200,
    },
    {
      name: "a write without token",
      request: `POST /api/v1/reload HTTP/1.1\r\n${host}${json}Content-Length: 0\r\n\r\n`,
      want: 401,
    },
    {
      name: "a body over the limit",
      request: `POST /api/v1/reload HTTP/1.1\r\n${host}${json}Content-Length: 65537\r\n\r\n`,
      want: 413,
    },
    {
      name: "a header without end",
      request: `GET /healthz HTTP/1.1\r\n${host}X: ${"a".repeat(70_000)}\r\n\r\n`,
      want: 431,
    },
  ];

  test.each(rows)("answers $want to $name", async ({ request, want }) => {
    expect(statusOf(await exchange(request))).toBe(want);
  });

  test("serves nothing for a method that nobody knows", async () => {
    expect(await exchange(`BREW /healthz HTTP/1.1\r\n${host}\r\n`)).not.toContain(" 200 ");
  });

  test("refuses as a problem document with the safety headers", async () => {
    const answer = await exchange("GET /x HTTP/1.1\r\nHost: a b\r\n\r\n");
    expect(answer).toMatch(/^content-type: application\/problem\+json/im);
    expect(answer).toMatch(/^x-content-type-options: nosniff/im);
    expect(answer).toContain('"type":"urn:patronus:problem:bad-request"');
  });

  test("gives a failure outside of the app no stack", async () => {
    view.fault = new Error("inner matter");
    const answer = await exchange(`GET /api/v1/health/snapshot HTTP/1.1\r\n${host}\r\n`);
    view.fault = null;
    expect(statusOf(answer)).toBe(500);
    expect(answer).not.toContain("inner matter");
  });

  test("streams a large exposition that decompresses to the last line", async () => {
    const metrics = new FakeMetrics(Array.from({ length: 5_000 }, (_, row) => pathLabels(row)));
    metrics.fill();
    view.metrics = metrics;
    const headers = { accept: "application/openmetrics-text;version=1.0.0" };
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    const text = await response.text();
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(text).toEndWith("# EOF\n");
    expect(text.match(/^patronus_sdwan_path_latency_ms\{/gm)?.length).toBe(5_000);
  });

  test("tells a listener that cannot be had and serves the rest", async () => {
    const app = createApp(new FakeView(), {
      listen: null,
      token: null,
      anonymousRead: false,
      allowedHosts: [],
      clock: new FakeClock(),
      log,
    });
    const taken = await serveHttp(app, { listen: `127.0.0.1:${port}`, socket: "" }, log);
    expect(taken.urls).toEqual([]);
    expect(taken.problems[0]).toStartWith(`cannot listen on 127.0.0.1:${port}: `);
    const wrong = await serveHttp(app, { listen: "nowhere", socket: "" }, log);
    expect(wrong.problems).toEqual(['cannot listen on "nowhere": want address:port']);
    await Promise.all([taken.stop(), wrong.stop()]);
  });
});
