import { describe, expect, test } from "bun:test";
import type { Role } from "../../../../agent/domain/config.ts";
import { createGuard } from "../../../../agent/io/http/guard.ts";
import { OPENAPI } from "../../../../agent/io/http/openapi.ts";
import { mayAct, neededRole } from "../../../../agent/io/http/roles.ts";

const ROLES: readonly Role[] = ["read", "operate", "admin"];
const guard = createGuard({
  listen: "0.0.0.0:9477",
  token: "admin-token",
  clients: ROLES.map((role) => ({ name: `${role}er`, role, token: `${role}-secret` })),
  anonymousRead: false,
  allowedHosts: [],
});

function outcome(method: string, path: string, token: string): string {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const request = new Request(`http://localhost${path}`, { method, headers });
  return guard.check(request, "tcp")?.kind ?? "admitted";
}

describe("roles", () => {
  test("each may do what those before it may", () => {
    const table = ROLES.map((role) => ROLES.map((needed) => mayAct(role, needed)));
    expect(table).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  test("every route of the document needs the role that is meant", () => {
    const needed = Object.entries(OPENAPI.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => {
        const concrete = path.replace("{id}", "a%2Fb");
        return `${neededRole(method.toUpperCase(), concrete)} ${method} ${path}`;
      }),
    );
    const reads = needed.filter((line) => line.startsWith("read "));
    expect(reads.every((line) => line.startsWith("read get "))).toBe(true);
    expect(needed.filter((line) => line.startsWith("operate ")).sort()).toEqual([
      "operate delete /api/v1/paths/{id}/maintenance",
      "operate post /api/v1/alerts/test",
      "operate post /api/v1/failover/policies/{id}/disable",
      "operate post /api/v1/failover/policies/{id}/enable",
      "operate post /api/v1/failover/policies/{id}/hold",
      "operate post /api/v1/failover/policies/{id}/pin",
      "operate post /api/v1/failover/policies/{id}/release",
      "operate post /api/v1/failover/policies/{id}/switch",
      "operate post /api/v1/failover/policies/{id}/unpin",
      "operate put /api/v1/paths/{id}/maintenance",
    ]);
    expect(needed).toContain("admin post /api/v1/reload");
    expect(needed).toContain("admin delete /api/v1/failover/policies/{id}");
  });

  test("a path that only begins like an order needs admin", () => {
    for (const path of [
      "/api/v1/failover/policies/1/pin/x",
      "/api/v1/failover/policies//pin",
      "/x/api/v1/alerts/test",
      "/api/v1/alerts/test/",
    ]) {
      expect(neededRole("POST", path)).toBe("admin");
    }
  });
});

describe("guard with clients", () => {
  const order = "/api/v1/failover/policies/1/pin";

  test.each([
    ["read-secret", ["admitted", "forbidden", "forbidden"]],
    ["operate-secret", ["admitted", "admitted", "forbidden"]],
    ["admin-secret", ["admitted", "admitted", "admitted"]],
    ["admin-token", ["admitted", "admitted", "admitted"]],
    ["wrong", ["unauthorized", "unauthorized", "unauthorized"]],
  ])("%s reads, orders and reloads: %p", (token, outcomes) => {
    expect([
      outcome("GET", "/api/v1/status", token),
      outcome("POST", order, token),
      outcome("POST", "/api/v1/reload", token),
    ]).toEqual(outcomes);
  });

  test("clientOf() names whose token it was, for the audit", () => {
    const of = (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return guard.clientOf(new Request("http://localhost/", { headers }));
    };
    expect(of("operate-secret")).toBe("operateer");
    expect(of("admin-token")).toBe("api token");
    expect(of("wrong")).toBeNull();
  });
});
