import { expect, test } from "bun:test";
import { createApp } from "../../../../agent/io/http/app.ts";
import { OPENAPI } from "../../../../agent/io/http/openapi.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../../../support/fake-view.ts";

const OPTIONS = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };

function appOf(view: FakeView) {
  return createApp(view, { ...OPTIONS, clock: new FakeClock(), log: new FakeLog() });
}

test("OPENAPI has every route of the app, and no other", () => {
  const routed = appOf(new FakeView())
    .routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const described = Object.entries(OPENAPI.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(routed.sort());
});

test("OPENAPI refers only to schemas that it has", () => {
  const names = [...JSON.stringify(OPENAPI).matchAll(/#\/components\/schemas\/(\w+)/g)];
  const missing = names.map(([, name]) => name ?? "").filter((name) => !(name in schemas()));
  expect(names.length).toBeGreaterThan(5);
  expect(missing).toEqual([]);
});

function schemas(): Record<string, unknown> {
  return OPENAPI.components.schemas;
}

interface ObjectSchema {
  readonly required: readonly string[];
}

function requiredOf(name: string): string[] {
  return [...(schemas()[name] as ObjectSchema).required].sort();
}

test("OPENAPI describes the very members that are sent", async () => {
  const metrics = new FakeMetrics([pathLabels(0)]);
  metrics.fill();
  const view = new FakeView(metrics);
  const app = appOf(view);
  const snapshot = (await (await app.request("/api/v1/health/snapshot")).json()) as {
    paths: [Record<string, unknown>];
  };
  expect(Object.keys(snapshot.paths[0]).sort()).toEqual(requiredOf("PathHealth"));
  const status = (await (await app.request("/api/v1/status")).json()) as Record<string, unknown>;
  expect(Object.keys(status).sort()).toEqual(requiredOf("AgentStatus"));
  const problem = (await (await app.request("/nothing")).json()) as Record<string, unknown>;
  expect(Object.keys(problem).sort()).toEqual(requiredOf("Problem"));
});
