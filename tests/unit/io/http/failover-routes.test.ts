/** Reading the failover over HTTP: shapes, filters, refusals, the page. */

import { beforeEach, describe, expect, test } from "bun:test";
import type { HttpApp } from "../../../../agent/io/http/app.ts";
import { answerOf, failoverApp, get, members, ROOT } from "../../../support/failover-app.ts";
import {
  explanationBody,
  FakeFailoverView,
  policyBody,
  recordedEvent,
} from "../../../support/fake-failover-view.ts";

let failover: FakeFailoverView;
let app: HttpApp;

beforeEach(() => {
  failover = new FakeFailoverView();
  app = failoverApp(failover);
});

const ask = (path: string) => get(app, path);

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
    const { body } = await ask(`${ROOT}/events`);
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
    await ask(`${ROOT}/events`);
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
    await ask(`${ROOT}/events?${filters}&order=oldest-first`);
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
    const { status, body } = await ask(`${ROOT}/events?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: "urn:patronus:problem:bad-parameters",
      errors: [{ parameter }],
    });
  });

  test("audit records have author, reason and outcome", async () => {
    const { body } = await ask("/api/v1/audit?policy_id=1&action=pin%20safe");
    const [record] = body["records"] as [object];
    expect(record).toMatchObject({ audit_id: 3, author: "ann", outcome: "done" });
    expect(Object.keys(record).sort()).toEqual(members("AuditRecord"));
    expect(failover.auditQueries[0]).toMatchObject({ policy: 1, action: "pin safe" });
  });

  test("explain says what holds a move back, in the family asked for", async () => {
    const { body } = await ask(`${ROOT}/policies/1/explain?family=6`);
    expect(body).toEqual({ ...explanationBody() });
    expect(Object.keys(body).sort()).toEqual(members("Explanation"));
    await ask(`${ROOT}/policies/1/explain`);
    expect(failover.explained).toEqual([
      { id: 1, family: 6 },
      { id: 1, family: null },
    ]);
    expect((await ask(`${ROOT}/policies/1/explain?family=5`)).status).toBe(400);
  });

  test.each(["2", "0x1", "-1", "1e0", "99999999999", "a"])("policy %p is unknown", async (id) => {
    for (const path of [`${ROOT}/policies/${id}`, `${ROOT}/policies/${id}/explain`]) {
      const { status, body } = await ask(path);
      expect(status).toBe(404);
      expect(body).toMatchObject({ type: "urn:patronus:problem:unknown-policy" });
    }
  });

  test("an agent without failover says so, and has its health all the same", async () => {
    app = failoverApp(undefined);
    expect((await ask(`${ROOT}/snapshot`)).status).toBe(501);
    expect((await app.request("/metrics")).status).toBe(200);
    expect((await app.request("/")).status).toBe(200);
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
