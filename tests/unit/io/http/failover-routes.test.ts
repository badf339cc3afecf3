/** The failover over HTTP: shapes, filters, orders, refusals; the writes of the API. */

import { beforeEach, describe, expect, test } from "bun:test";
import type { HttpApp } from "../../../../agent/io/http/app.ts";
import { createApp } from "../../../../agent/io/http/app.ts";
import { OPENAPI } from "../../../../agent/io/http/openapi.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import {
  explanationBody,
  FakeFailoverView,
  policyBody,
  recordedEvent,
} from "../../../support/fake-failover-view.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeView } from "../../../support/fake-view.ts";

const TOKEN = "secret-token";
const ROOT = "/api/v1/failover";

let failover: FakeFailoverView;
let app: HttpApp;

function appWith(view: FakeFailoverView | undefined): HttpApp {
  return createApp(new FakeView(), {
    listen: "127.0.0.1:9477",
    token: TOKEN,
    anonymousRead: false,
    allowedHosts: [],
    clock: new FakeClock(),
    log: new FakeLog(),
    failover: view,
  });
}

beforeEach(() => {
  failover = new FakeFailoverView();
  app = appWith(failover);
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function get(path: string): Promise<Answer> {
  return answerOf(await app.request(path));
}

type Transport = "tcp" | "unix";

async function send(
  method: string,
  path: string,
  body: unknown = {},
  transport: Transport = "unix",
): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  return answerOf(await app.request(path, { method, body: text, headers }, { transport }));
}

function members(name: string): string[] {
  const schemas: Record<string, unknown> = OPENAPI.components.schemas;
  return [...(schemas[name] as { required: readonly string[] }).required].sort();
}

describe("reading the failover", () => {
  test("the snapshot has the given names, and says 304 while only the time goes on", async () => {
    const response = await app.request(`${ROOT}/snapshot`);
    const etag = response.headers.get("etag") ?? "";
    const { body } = await answerOf(response);
    expect(Object.keys(body)).toEqual(["timestamp", "policies"]);
    const [policy] = body["policies"] as [object];
    expect(policy).toMatchObject({
      policy_id: 1,
      name: "office",
      primary_path_id: "fiber",
      backup_path_ids: ["lte", "dsl"],
      failover_threshold: 50,
      failback_threshold: 80,
      failback_delay_secs: 60,
      enabled: true,
      active_path_id: "fiber",
      active_path_id_v6: null,
      using_primary: true,
      failover_count: 3,
    });
    expect(Object.keys(policy).sort()).toEqual(members("Policy"));
    failover.timestamp = (failover.timestamp + 1) as typeof failover.timestamp;
    const again = () => app.request(`${ROOT}/snapshot`, { headers: { "if-none-match": etag } });
    expect((await again()).status).toBe(304);
    failover.policies = [policyBody({ active_path_id: "lte", using_primary: false })];
    expect((await again()).status).toBe(200);
  });

  test("events have the given names, scores as null when they were not known", async () => {
    failover.eventPage = { records: [recordedEvent(7, { primaryScore: null })], next: 7 };
    const { body } = await get(`${ROOT}/events`);
    expect(body).toMatchObject({ count: 1, next_cursor: 7 });
    const [event] = body["events"] as [object];
    expect(event).toMatchObject({
      event_id: 7,
      policy_id: 1,
      event_type: "triggered",
      from_path_id: "fiber",
      to_path_id: "lte",
      reason: "order 7",
      primary_health_score: null,
      backup_health_score: 92.5,
      timestamp: 1_700_000_000,
      timestamp_ms: 1_700_000_000_123,
    });
    expect(Object.keys(event).sort()).toEqual(members("FailoverEvent"));
  });

  test("filters, order and cursor reach the book; 100 of the newest are the default", async () => {
    await get(`${ROOT}/events`);
    expect(failover.eventQueries[0]).toEqual({
      since: null,
      until: null,
      limit: 100,
      cursor: null,
      order: "newest-first",
      policy: null,
      path: null,
      type: null,
    });
    const filters = "policy_id=1&type=failed&path=lte&since=5&until=9&limit=3&cursor=4";
    await get(`${ROOT}/events?${filters}&order=oldest-first`);
    expect(failover.eventQueries[1]).toMatchObject({
      since: 5,
      until: 9,
      limit: 3,
      cursor: 4,
      order: "oldest-first",
      policy: 1,
      path: "lte",
      type: "failed",
    } as object);
  });

  test.each([
    ["type=moved", "type"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["policy_id=x", "policy_id"],
    ["since=9&until=5", "since"],
    ["order=up", "order"],
    ["colour=red", "colour"],
    ["cursor=1&cursor=2", "cursor"],
  ])("events?%s is refused naming the parameter", async (query, parameter) => {
    const { status, body } = await get(`${ROOT}/events?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: "urn:patronus:problem:bad-parameters",
      errors: [{ parameter }],
    });
  });

  test("audit records have author, reason and outcome", async () => {
    const { body } = await get("/api/v1/audit?policy_id=1&action=pin%20safe");
    const [record] = body["records"] as [object];
    expect(record).toMatchObject({ audit_id: 3, author: "ann", outcome: "done" });
    expect(Object.keys(record).sort()).toEqual(members("AuditRecord"));
    expect(failover.auditQueries[0]).toMatchObject({ policy: 1, action: "pin safe" });
  });

  test("explain says what holds a move back, in the family asked for", async () => {
    const { body } = await get(`${ROOT}/policies/1/explain?family=6`);
    expect(body).toEqual({ ...explanationBody() });
    expect(Object.keys(body).sort()).toEqual(members("Explanation"));
    await get(`${ROOT}/policies/1/explain`);
    expect(failover.explained).toEqual([
      { id: 1, family: 6 },
      { id: 1, family: null },
    ]);
    expect((await get(`${ROOT}/policies/1/explain?family=5`)).status).toBe(400);
  });

  test.each(["2", "0x1", "-1", "1e0", "99999999999", "a"])("policy %p is unknown", async (id) => {
    for (const path of [`${ROOT}/policies/${id}`, `${ROOT}/policies/${id}/explain`]) {
      const { status, body } = await get(path);
      expect(status).toBe(404);
      expect(body).toMatchObject({ type: "urn:patronus:problem:unknown-policy" });
    }
  });

  test("an agent without failover says so, and has its health all the same", async () => {
    app = appWith(undefined);
    expect((await get(`${ROOT}/snapshot`)).status).toBe(501);
    expect((await app.request("/metrics")).status).toBe(200);
    expect((await app.request("/")).status).toBe(200);
  });
});

describe("orders", () => {
  test.each([
    ["enable", {}, { action: "enable", policy: 1 }],
    ["disable", {}, { action: "disable", policy: 1 }],
    ["switch", { path_id: "lte" }, { action: "switch", path: "lte" }],
    ["pin", { path_id: "lte" }, { action: "pin", mode: "safe", expiresAfter: null }],
    [
      "pin",
      { path_id: "lte", mode: "strict", expires_secs: 60 },
      { action: "pin", path: "lte", mode: "strict", expiresAfter: 60_000_000 },
    ],
    ["unpin", {}, { action: "unpin", policy: 1 }],
    ["hold", {}, { action: "hold", strict: false, expiresAfter: null }],
    ["hold", { strict: true, expires_secs: 1 }, { strict: true, expiresAfter: 1_000_000 }],
    ["release", {}, { action: "release", policy: 1 }],
  ])("%s %p becomes the command and answers with the policy", async (name, body, command) => {
    const sent = { ...body, author: " ann ", reason: "works" };
    const { status, body: answered } = await send("POST", `${ROOT}/policies/1/${name}`, sent);
    expect(status).toBe(200);
    expect(answered).toMatchObject({ policy_id: 1, active_path_id: "fiber" });
    expect(failover.commands).toHaveLength(1);
    expect(failover.commands[0]).toMatchObject({ ...command, author: "ann", reason: "works" });
  });

  test("maintenance begins with PUT and ends with DELETE", async () => {
    const path = "/api/v1/paths/a%20b/maintenance";
    expect((await send("PUT", path, { expires_secs: 7_200 })).body).toEqual({
      path_id: "a b",
      maintenance: true,
    });
    expect((await send("DELETE", path, "")).body).toEqual({ path_id: "a b", maintenance: false });
    expect(failover.commands).toMatchObject([
      { action: "maintenance", path: "a b", on: true, expiresAfter: 7_200_000_000 },
      { action: "maintenance", path: "a b", on: false, author: "unix socket" },
    ]);
  });

  test.each([
    ["switch", {}, ["path_id"]],
    ["switch", { path_id: 7 }, ["path_id"]],
    ["pin", { path_id: "lte", mode: "firm", expires_secs: 0 }, ["mode", "expires_secs"]],
    ["pin", { path_id: "lte", expires_secs: 1.5 }, ["expires_secs"]],
    ["hold", { strict: "yes" }, ["strict"]],
    ["enable", { colour: 1 }, ["colour"]],
    ["enable", { author: "a\nb", reason: "x".repeat(501) }, ["author", "reason"]],
  ])("%s %p is refused naming every wrong field", async (name, body, fields) => {
    const { status, body: problem } = await send("POST", `${ROOT}/policies/1/${name}`, body);
    expect(status).toBe(400);
    expect(problem).toMatchObject({ type: "urn:patronus:problem:bad-body" });
    const errors = problem["errors"] as { field: string }[];
    expect(errors.map(({ field }) => field).sort()).toEqual([...fields].sort());
    expect(failover.commands).toEqual([]);
  });

  test.each(["[]", "7", "{", "null"])("the body %p is no object", async (text) => {
    const { status, body } = await send("POST", `${ROOT}/policies/1/enable`, text);
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: "urn:patronus:problem:bad-body" });
  });

  test("a refusal of the engine comes in its words", async () => {
    failover.commandOutcome = { kind: "refused", reason: "unpin the policy first" };
    const { status, body } = await send("POST", `${ROOT}/policies/1/switch`, { path_id: "lte" });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: "urn:patronus:problem:order-refused",
      detail: "unpin the policy first",
    });
  });

  test("an unknown policy or path is 404 and orders nothing", async () => {
    expect((await send("POST", `${ROOT}/policies/7/enable`)).status).toBe(404);
    expect(failover.commands).toEqual([]);
    failover.commandOutcome = { kind: "unknown-path" };
    const { status, body } = await send("PUT", "/api/v1/paths/dsl/maintenance");
    expect(status).toBe(404);
    expect(body).toMatchObject({ type: "urn:patronus:problem:unknown-path" });
  });

  test.each([
    ["POST", `${ROOT}/policies/1/enable`],
    ["POST", `${ROOT}/policies`],
    ["PUT", `${ROOT}/policies/1`],
    ["DELETE", `${ROOT}/policies/1`],
    ["PUT", "/api/v1/paths/fiber/maintenance"],
  ])("%s %s needs the token over TCP", async (method, path) => {
    expect((await send(method, path, {}, "tcp")).status).toBe(401);
    expect([...failover.commands, ...failover.writes]).toEqual([]);
    const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
    const request = { method, body: '{"author":"ann"}', headers };
    const allowed = await app.request(path, request, { transport: "tcp" });
    expect(allowed.status).toBeLessThan(300);
  });

  test("who does not sign is named by the way the order came", async () => {
    await send("POST", `${ROOT}/policies/1/enable`, { author: "  " });
    const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
    const request = { method: "POST", body: "{}", headers };
    await app.request(`${ROOT}/policies/1/enable`, request, { transport: "tcp" });
    expect(failover.commands.map(({ author }) => author)).toEqual(["unix socket", "api token"]);
  });

  test("GET is no order", async () => {
    const response = await app.request(`${ROOT}/policies/1/pin`);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    const policies = await app.request(
      `${ROOT}/policies/1`,
      { method: "PATCH" },
      {
        transport: "unix",
      },
    );
    expect(policies.status).toBe(415);
  });
});

describe("policies of the API", () => {
  test("a policy is made from its document, signed apart", async () => {
    const document = { name: "voice", primary_path_id: "lte", backup_path_ids: ["fiber"] };
    const sent = { ...document, author: "ann", reason: "voip" };
    const { status, body } = await send("POST", `${ROOT}/policies`, sent);
    expect(status).toBe(201);
    expect(body).toMatchObject({ policy_id: 9, origin: "api" });
    const by = { author: "ann", reason: "voip" };
    expect(failover.writes).toEqual([{ id: null, body: document, by }]);
  });

  test("it is replaced and deleted by its number", async () => {
    expect((await send("PUT", `${ROOT}/policies/9`, { name: "x" })).status).toBe(200);
    expect((await send("DELETE", `${ROOT}/policies/9`, "")).body).toEqual({
      policy_id: 9,
      deleted: true,
    });
    expect(failover.writes.map(({ id, body }) => [id, body])).toEqual([
      [9, { name: "x" }],
      [9, null],
    ]);
  });

  test("problems of a document name its fields", async () => {
    const problems = [{ field: "failback_threshold", message: "want at least 60" }];
    failover.policyOutcome = { kind: "invalid", problems };
    const { status, body } = await send("POST", `${ROOT}/policies`, {});
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: "urn:patronus:problem:bad-body",
      detail: expect.stringContaining("failback_threshold"),
      errors: problems,
    });
  });

  test("a policy of the configuration file is read-only here", async () => {
    const reason = "change it in the configuration file: policy 1 comes from there";
    failover.policyOutcome = { kind: "conflict", reason };
    failover.deleteOutcome = { kind: "conflict", reason };
    for (const method of ["PUT", "DELETE"]) {
      const { status, body } = await send(method, `${ROOT}/policies/1`, {});
      expect(status).toBe(409);
      expect(body).toMatchObject({ type: "urn:patronus:problem:policy-conflict", detail: reason });
    }
  });
});

describe("the page", () => {
  async function page(): Promise<string> {
    return (await app.request("/")).text();
  }

  test("shows the active path of each policy and the last events, escaped", async () => {
    failover.policies = [
      policyBody({ name: "<office>", active_path_id: "lte", using_primary: false }),
    ];
    failover.eventPage = { records: [recordedEvent(1, { reason: "<b>dead</b>" })], next: null };
    const text = await page();
    expect(text).toContain("&lt;office&gt;");
    expect(text).toContain('<span class="s degraded">lte</span>');
    expect(text).toContain("&lt;b&gt;dead&lt;/b&gt;");
    expect(failover.eventQueries[0]).toMatchObject({ order: "newest-first", limit: 10 });
  });

  test("has no such part without a policy", async () => {
    failover.policies = [];
    expect(await page()).not.toContain("Active path");
  });
});
