/** Design 13 on real sockets: slow, pipelined, oversized and malformed requests, token guessing. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createApp } from "../../agent/io/http/app.ts";
import type { HttpServer } from "../../agent/io/http/server.ts";
import { serveHttp } from "../../agent/io/http/server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeView } from "../support/fake-view.ts";
import { RawConnection, statusesOf } from "../support/raw-http.ts";

const HOST = "Host: localhost\r\n";
const GOOD = `GET /healthz HTTP/1.1\r\n${HOST}\r\n`;
/** Longer than the server's idle time, shorter than a test may take. */
const SLOW_MS = 25_000;
const servers: HttpServer[] = [];
let port = 0;

/** Its own app each time: limits count per app. */
async function serve(): Promise<number> {
  const listen = "127.0.0.1:0";
  const log = new FakeLog();
  const options = { listen, token: "t0ken", anonymousRead: false, allowedHosts: [] };
  const app = createApp(new FakeView(), { ...options, clock: new FakeClock(), log });
  const server = await serveHttp(app, { listen, socket: "" }, log);
  servers.push(server);
  return Number(new URL(server.urls[0] ?? "").port);
}

beforeAll(async () => {
  port = await serve();
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

async function answerTo(request: string, count = 1, patienceMs = 5_000) {
  const connection = await RawConnection.open(port);
  connection.send(request);
  const answer = await connection.read((text) => statusesOf(text).length >= count, patienceMs);
  connection.end();
  return answer;
}

describe("slow requests", () => {
  test("do not keep others waiting, and are ended", async () => {
    const beginnings = ["", "G", "GET /healthz HT", `GET /healthz HTTP/1.1\r\n${HOST}X: `];
    const slow = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const connection = await RawConnection.open(port);
        connection.send(beginnings[i % beginnings.length] ?? "");
        return connection;
      }),
    );
    const started = performance.now();
    expect(statusesOf((await answerTo(GOOD)).text)).toEqual([200]);
    expect(performance.now() - started).toBeLessThan(1_000);
    const ends = await Promise.all(slow.map((one) => one.read(() => false, SLOW_MS)));
    expect(ends.map(({ isClosed }) => isClosed)).toEqual(slow.map(() => true));
    expect(ends.some(({ text }) => text.includes(" 200 "))).toBe(false);
  }, 40_000);

  test("with a body that never comes are ended", async () => {
    const head = `POST /api/v1/reload HTTP/1.1\r\n${HOST}Authorization: Bearer t0ken\r\n`;
    const body = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    const connection = await RawConnection.open(port);
    connection.send(head + body);
    const { isClosed } = await connection.read(() => false, SLOW_MS);
    expect(isClosed).toBe(true);
  }, 40_000);
});

test("an octet a second does not keep a connection open", async () => {
  const connection = await RawConnection.open(port);
  const request = `GET /healthz HTTP/1.1\r\n${HOST}X: ${"a".repeat(1_000)}`;
  let at = 0;
  const drip = setInterval(() => connection.send(request.charAt(at++)), 1_000);
  const { isClosed, text } = await connection.read(() => false, SLOW_MS);
  clearInterval(drip);
  expect([isClosed, text]).toEqual([true, ""]);
}, 40_000);

describe("pipelined requests", () => {
  test("are answered one by one in their order", async () => {
    const two = `${GOOD}GET /nothing HTTP/1.1\r\n${HOST}\r\n${GOOD}`;
    expect(statusesOf((await answerTo(two, 3)).text)).toEqual([200, 404, 200]);
  });

  test("each pass the guard", async () => {
    const second = "GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    expect(statusesOf((await answerTo(GOOD + second, 2)).text)).toEqual([200, 421]);
  });

  test("hidden in a body with two lengths are none", async () => {
    const hidden = `GET /api/v1/status HTTP/1.1\r\n${HOST}\r\n`;
    const heads = [
      `Content-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n`,
      `Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`,
      "Transfer-Encoding: xchunked\r\n",
      "Content-Length: -1\r\n",
      "Content-Length: 0x10\r\n",
    ];
    for (const head of heads) {
      const request = `POST /healthz HTTP/1.1\r\n${HOST}${head}\r\n0\r\n\r\n${hidden}`;
      const { text } = await answerTo(request, 2, 500);
      expect([head, statusesOf(text).includes(200)]).toEqual([head, false]);
    }
  });
});

describe("malformed requests", () => {
  const requests = [
    "\r\n\r\n\r\n",
    "GET\r\n\r\n",
    "GET /healthz\r\n\r\n",
    `GET /healthz HTTP/9.9\r\n${HOST}\r\n`,
    `GET /heal\0thz HTTP/1.1\r\n${HOST}\r\n`,
    `GET /healthz HTTP/1.1\n${HOST.trim()}\n\n`,
    `GET /healthz HTTP/1.1\r\n${HOST}A b: c\r\n\r\n`,
    `GET /healthz HTTP/1.1\r\n${HOST} folded\r\n\r\n`,
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`,
    `GET /healthz HTTP/1.1\r\n${HOST}${Array.from({ length: 500 }, (_, i) => `X${i}: y\r\n`).join("")}\r\n`,
  ];
  test.each(requests.map((request) => [JSON.stringify(request.slice(0, 60)), request]))(
    "%s is not served",
    async (_, request) => {
      const { text } = await answerTo(request, 1, 500);
      expect(statusesOf(text).filter((status) => status < 400)).toEqual([]);
      expect(statusesOf((await answerTo(GOOD)).text)).toEqual([200]);
    },
  );
});

describe("paths out of the API", () => {
  const paths = [
    "/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1/health/paths/..%2f..%2fstatus",
    "/api/v1/health/paths/%00/history",
    "/API/V1/STATUS",
    "/api/v1/status/",
    "/api/v1//status",
    "/api/v1/health/paths/%ff%fe",
  ];
  test.each(paths)("%s leads nowhere", async (path) => {
    const { text } = await answerTo(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`);
    expect([400, 404]).toContain(statusesOf(text)[0] ?? 0);
    expect(text).not.toContain("root:");
  });
});

test("a backslash, which the runtime reads as a slash, leads past no guard", async () => {
  const request = `POST /api\\v1\\reload HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
  const { text } = await answerTo(`${request}Content-Length: 0\r\n\r\n`);
  expect(statusesOf(text)).toEqual([401]);
});

test("a token is guessed a few times only, and then not even the right one is heard", async () => {
  port = await serve();
  const ask = async (token: string) => {
    const head = `POST /api/v1/reload HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\n`;
    const { text } = await answerTo(
      `${head}Content-Type: application/json\r\nContent-Length: 0\r\n\r\n`,
    );
    return statusesOf(text)[0];
  };
  const statuses: (number | undefined)[] = [];
  for (let i = 0; i < 20; i++) statuses.push(await ask(`guess-${i}`));
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(statuses.slice(10)).toEqual(Array(10).fill(429));
  expect(await ask("t0ken")).toBe(429);
  expect(statusesOf((await answerTo(GOOD)).text)).toEqual([200]);
});
