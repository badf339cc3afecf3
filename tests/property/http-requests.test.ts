/**
 * Fuzz: whatever is asked of the API, it answers with a known status, the safety headers, and no
 * fault in the agent. FULL=1 runs longer.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createApp } from "../../agent/io/http/app.ts";
import { OPENAPI } from "../../agent/io/http/openapi.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeFailoverView } from "../support/fake-failover-view.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../support/fake-view.ts";
import { fc } from "../support/property.ts";

const isFull = process.env["FULL"] === "1";
const numRuns = isFull ? 100_000 : 1_500;
if (isFull) setDefaultTimeout(600_000);

const EXPECTED = new Set([
  200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 409, 411, 413, 415, 421, 429, 501, 503,
]);
const metrics = new FakeMetrics([pathLabels(0, { id: "fiber" }), pathLabels(1, { id: "lte" })]);
metrics.fill();
const log = new FakeLog();
const app = createApp(new FakeView(metrics), {
  listen: "127.0.0.1:9477",
  token: "t0ken",
  anonymousRead: false,
  allowedHosts: [],
  clock: new FakeClock(),
  log,
  failover: new FakeFailoverView(),
});

const word = fc.oneof(
  fc.constantFrom("fiber", "lte", "from", "to", "limit", "cursor", "format", "csv", "period", "1h"),
  fc.constantFrom("resolution", "5m", "0", "-1", "1e9", "9999999999999999", "NaN", "null", "", "%"),
  fc.constantFrom("..", "%2f", "%00", "%ff", "\\", ";", "constructor", "__proto__", "toString"),
  fc.integer().map(String),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const segment = word.map((text) => encodeURIComponent(text.toWellFormed()));
const routes = Object.keys(OPENAPI.paths);
const path = fc.oneof(
  fc
    .tuple(fc.constantFrom(...routes), segment)
    .map(([one, id]) => one.replace(/\{\w+\}/, () => id)),
  fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`),
);
const pair = fc.tuple(segment, segment).map(([key, value]) => `${key}=${value}`);
const query = fc.array(fc.oneof(pair, segment), { maxLength: 5 }).map((all) => all.join("&"));

const header = fc.tuple(
  fc.constantFrom("accept", "accept-encoding", "if-none-match", "authorization", "content-type"),
  fc.oneof(
    fc.constantFrom("*/*", "gzip", "text/plain;version=0.0.4;q=0.5", "application/json", "*"),
    fc.constantFrom("Bearer t0ken", "Bearer x", "Basic", 'W/"x"', "application/openmetrics-text"),
    fc.string({ unit: "grapheme-ascii", maxLength: 30 }).map((text) => text.trim()),
  ),
);
/** Bodies as the writes take them, nearly so, and not at all. */
const member = fc.tuple(
  fc.constantFrom("path_id", "policy_id", "reason", "strict", "until", "name", "backups", "id"),
  fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>("fiber", "lte", 1, true)),
);
const body = fc.oneof(
  fc.array(member, { maxLength: 4 }).map((all) => JSON.stringify(Object.fromEntries(all))),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom("", "{", '{"a":', "[".repeat(5_000), '{"__proto__":{"x":1}}', "\u0000"),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const method = fc.constantFrom("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS");

describe("the API", () => {
  test("answers whatever is asked", async () => {
    const seen = new Set<number>();
    const request = fc.record({
      method,
      path,
      query,
      body,
      headers: fc.array(header, { maxLength: 3 }),
      transport: fc.constantFrom("tcp", "unix"),
    });
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const url = `http://localhost:9477${asked.path}${asked.query === "" ? "" : `?${asked.query}`}`;
        const isWrite = asked.method === "POST" || asked.method === "PUT";
        const headers = new Headers(isWrite ? { "content-type": "application/json" } : {});
        for (const [name, value] of asked.headers) headers.set(name, value);
        const init = { method: asked.method, headers, ...(isWrite ? { body: asked.body } : {}) };
        const response = await app.fetch(new Request(url, init), { transport: asked.transport });
        seen.add(response.status);
        expect([url, EXPECTED.has(response.status)]).toEqual([url, true]);
        expect(response.headers.get("x-content-type-options")).toBe("nosniff");
        expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
        expect(response.headers.get("access-control-allow-origin")).toBeNull();
        await response.arrayBuffer();
      }),
      { numRuns },
    );
    for (const status of [200, 400, 401, 404, 405]) expect([...seen]).toContain(status);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});
