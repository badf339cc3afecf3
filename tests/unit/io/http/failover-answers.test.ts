/** Orders to the failover over HTTP, and the policies that the API makes. */

import { beforeEach, describe, expect, test } from "bun:test";
import type { HttpApp } from "../../../../agent/io/http/app.ts";
import { failoverApp, ROOT, send, TOKEN } from "../../../support/failover-app.ts";
import { FakeFailoverView } from "../../../support/fake-failover-view.ts";

let failover: FakeFailoverView;
let app: HttpApp;

beforeEach(() => {
  failover = new FakeFailoverView();
  app = failoverApp(failover);
});

const give = (method: string, path: string, body: unknown = {}) =>
  send(app, { method, path, body });

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
    const { status, body: answered } = await give("POST", `${ROOT}/policies/1/${name}`, sent);
    expect(status).toBe(200);
    expect(answered).toMatchObject({ policy_id: 1, active_path_id: "fiber" });
    expect(failover.commands).toHaveLength(1);
    expect(failover.commands[0]).toMatchObject({ ...command, author: "ann", reason: "works" });
  });

  test("maintenance begins with PUT and ends with DELETE", async () => {
    const path = "/api/v1/paths/a%20b/maintenance";
    expect((await give("PUT", path, { expires_secs: 7_200 })).body).toEqual({
      path_id: "a b",
      maintenance: true,
    });
    expect((await give("DELETE", path, "")).body).toEqual({ path_id: "a b", maintenance: false });
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
    const { status, body: problem } = await give("POST", `${ROOT}/policies/1/${name}`, body);
    expect(status).toBe(400);
    expect(problem).toMatchObject({ type: "urn:patronus:problem:bad-body" });
    const errors = problem["errors"] as { field: string }[];
    expect(errors.map(({ field }) => field).sort()).toEqual([...fields].sort());
    expect(failover.commands).toEqual([]);
  });

  test.each(["[]", "7", "{", "null"])("the body %p is no object", async (text) => {
    const { status, body } = await give("POST", `${ROOT}/policies/1/enable`, text);
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: "urn:patronus:problem:bad-body" });
  });

  test("a refusal of the engine comes in its words", async () => {
    failover.commandOutcome = { kind: "refused", reason: "unpin the policy first" };
    const { status, body } = await give("POST", `${ROOT}/policies/1/switch`, { path_id: "lte" });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: "urn:patronus:problem:order-refused",
      detail: "unpin the policy first",
    });
  });

  test("an unknown policy or path is 404 and orders nothing", async () => {
    expect((await give("POST", `${ROOT}/policies/7/enable`)).status).toBe(404);
    expect(failover.commands).toEqual([]);
    failover.commandOutcome = { kind: "unknown-path" };
    const { status, body } = await give("PUT", "/api/v1/paths/dsl/maintenance");
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
    expect((await send(app, { method, path, transport: "tcp" })).status).toBe(401);
    expect([...failover.commands, ...failover.writes]).toEqual([]);
    const allowed = await send(app, { method, path, transport: "tcp", token: TOKEN });
    expect(allowed.status).toBeLessThan(300);
  });

  test("who does not sign is named by the way the order came", async () => {
    await give("POST", `${ROOT}/policies/1/enable`, { author: "  " });
    const path = `${ROOT}/policies/1/enable`;
    await send(app, { method: "POST", path, transport: "tcp", token: TOKEN });
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
    const { status, body } = await give("POST", `${ROOT}/policies`, sent);
    expect(status).toBe(201);
    expect(body).toMatchObject({ policy_id: 9, origin: "api" });
    const by = { author: "ann", reason: "voip" };
    // The view has them under the names of the configuration.
    const named = { name: "voice", primary: "lte", backups: ["fiber"] };
    expect(failover.writes).toEqual([{ id: null, body: named, by }]);
  });

  test("the names of the configuration are taken too, but not both", async () => {
    const both = { primary: "lte", primary_path_id: "lte", backups: ["fiber"] };
    const { status, body } = await give("POST", `${ROOT}/policies`, both);
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ field: "primary_path_id" }] });
    expect(failover.writes).toEqual([]);
  });

  test("problems come under the names that the body used", async () => {
    const problems = [
      { field: "primary", message: "missing" },
      { field: "backups[1]", message: "given twice" },
    ];
    failover.policyOutcome = { kind: "invalid", problems };
    const fields = async (document: object) => {
      const { body } = await give("POST", `${ROOT}/policies`, document);
      return (body["errors"] as { field: string }[]).map(({ field }) => field);
    };
    expect(await fields({ backup_path_ids: [] })).toEqual([
      "primary_path_id",
      "backup_path_ids[1]",
    ]);
    expect(await fields({ backups: [] })).toEqual(["primary_path_id", "backups[1]"]);
  });

  test("a number that is not the one of the URL is refused", async () => {
    const { status, body } = await give("PUT", `${ROOT}/policies/9`, { policy_id: 8 });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ field: "policy_id" }] });
    expect((await give("PUT", `${ROOT}/policies/9`, { policy_id: 9 })).status).toBe(200);
  });

  test("it is replaced and deleted by its number", async () => {
    expect((await give("PUT", `${ROOT}/policies/9`, { name: "x" })).status).toBe(200);
    expect((await give("DELETE", `${ROOT}/policies/9`, "")).body).toEqual({
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
    const { status, body } = await give("POST", `${ROOT}/policies`, {});
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
      const { status, body } = await give(method, `${ROOT}/policies/1`, {});
      expect(status).toBe(409);
      expect(body).toMatchObject({ type: "urn:patronus:problem:policy-conflict", detail: reason });
    }
  });
});
