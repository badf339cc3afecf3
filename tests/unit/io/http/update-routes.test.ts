import { describe, expect, test } from "bun:test";
import { createApp } from "../../../../agent/io/http/app.ts";
import type { UpdateAnswer, UpdateView } from "../../../../agent/io/http/update-view.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeView } from "../../../support/fake-view.ts";
import { updateBody } from "../../../support/update-body.ts";

function serve(answer: UpdateAnswer = { kind: "started" }, isThere = true) {
  const calls: string[] = [];
  const updates: UpdateView = {
    body: () => Promise.resolve(updateBody()),
    check: () => Promise.resolve(updateBody({ activity: "checking" })),
    apply(anyPath) {
      calls.push(`apply ${anyPath}`);
      return Promise.resolve(answer);
    },
    rollBack(author) {
      calls.push(`roll back by ${author}`);
      return Promise.resolve(answer);
    },
    current: () => updateBody(),
  };
  const app = createApp(new FakeView(), {
    ...{ clock: new FakeClock(), log: new FakeLog(), listen: "127.0.0.1:9477" },
    ...{ token: "t".repeat(32), anonymousRead: false, allowedHosts: [] },
    clients: [{ name: "noc", token: "o".repeat(32), role: "operate" }],
    ...(isThere ? { updates } : {}),
  });
  const ask = (method: string, path: string, body = "{}", token: string | null = null) => {
    const headers = {
      "content-type": "application/json",
      "content-length": String(body.length),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const init = method === "GET" ? {} : { method, body, headers };
    const request = new Request(`http://localhost/api/v1/update${path}`, init);
    return app.fetch(request, { transport: token === null ? "unix" : "tcp" });
  };
  return { ask, calls };
}

describe("the routes about updates", () => {
  test("tell the state and start what is asked for", async () => {
    const { ask, calls } = serve();
    expect(await (await ask("GET", "")).json()).toEqual(updateBody());
    expect((await ask("POST", "/check")).status).toBe(200);
    expect((await ask("POST", "/apply")).status).toBe(202);
    expect((await ask("POST", "/apply", `{"any_path":true}`)).status).toBe(202);
    expect((await ask("POST", "/rollback", `{"author":"ann"}`)).status).toBe(202);
    expect((await ask("POST", "/rollback")).status).toBe(202);
    expect(calls).toEqual(["apply false", "apply true", "roll back by ann", "roll back by api"]);
  });

  test("say why not", async () => {
    const { ask } = serve({ kind: "refused", reason: "path lte is metered" });
    const response = await ask("POST", "/apply");
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ detail: "cannot do it: path lte is metered" });
  });

  test("refuse bodies and parameters that they do not know", async () => {
    const { ask, calls } = serve();
    for (const body of ["[]", "{", `{"force":true}`, `{"any_path":1}`]) {
      expect((await ask("POST", "/apply", body)).status).toBe(400);
    }
    expect((await ask("POST", "/rollback", `{"author":"a\\nb"}`)).status).toBe(400);
    expect((await ask("GET", "?x=1")).status).toBe(400);
    expect(calls).toEqual([]);
  });

  test("over TCP want an admin's token to change anything", async () => {
    const { ask, calls } = serve();
    expect((await ask("POST", "/apply", "{}", "o".repeat(32))).status).toBe(403);
    expect((await ask("POST", "/rollback", "{}", "x".repeat(32))).status).toBe(401);
    expect(calls).toEqual([]);
    expect((await ask("POST", "/apply", "{}", "t".repeat(32))).status).toBe(202);
  });

  test("are not there without updates", async () => {
    expect((await serve({ kind: "started" }, false).ask("GET", "")).status).toBe(501);
  });
});
