/** What the agent prints for the other side, before the tools of the other side. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { grafanaDashboard } from "../../agent/cli/shipped/dashboard.ts";
import { ANNOTATION, ROWS } from "../../agent/cli/shipped/panels.ts";
import {
  alertRules,
  collectorExample,
  prometheusExample,
} from "../../agent/cli/shipped/shipped.ts";
import { scrapeOfEverything } from "../support/full-scrape.ts";

const RULES_TEST = join(import.meta.dir, "../rules/patronus-rules.test.yaml");
const problem = Bun.which("promtool") === null ? "needs promtool" : null;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-rules-"));
  writeFileSync(join(folder, "patronus-rules.yaml"), alertRules);
  copyFileSync(RULES_TEST, join(folder, "test.yaml"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function promtool(...args: readonly string[]): { readonly ok: boolean; readonly said: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["promtool", ...args], { cwd: folder });
  return { ok: exitCode === 0, said: `${stdout.toString()}${stderr.toString()}` };
}

/** As the dashboard sends it: with variables and spans filled in. */
function filled(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__range", "6h")
    .replaceAll(/\$(job|instance|path)\b/g, ".*");
}

const expressions = [
  ANNOTATION,
  ...ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
];

const metricNames = (text: string) =>
  new Set(text.match(/(?<![a-z_:])patronus_(?:sdwan|agent|store|otlp|alerts)_[a-z0-9_]+/g) ?? []);

describe.skipIf(problem !== null)(`shipped content (${problem ?? "with promtool"})`, () => {
  test("rules: promtool finds nothing to complain about", () => {
    const { ok, said } = promtool(
      "check",
      "rules",
      "--lint=all",
      "--lint-fatal",
      "patronus-rules.yaml",
    );
    expect(said).toContain("SUCCESS");
    expect(ok).toBe(true);
  });

  test("rules: each says what it is meant to, and is silent otherwise", () => {
    const { ok, said } = promtool("test", "rules", "test.yaml");
    expect(said).toContain("SUCCESS");
    expect(ok).toBe(true);
  });

  test("dashboard: promtool parses every expression", () => {
    expect(expressions.length).toBeGreaterThan(20);
    const rules = expressions.map((expr, i) => ({ record: `panel:${i}`, expr: filled(expr) }));
    const file = join(folder, "dashboard-rules.yaml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    const { ok, said } = promtool("check", "rules", file);
    expect(said).toContain(`${expressions.length} rules found`);
    expect(ok).toBe(true);
  });

  test("Prometheus: the example is a configuration of it", () => {
    writeFileSync(join(folder, "prometheus.yml"), prometheusExample);
    const { ok, said } = promtool("check", "config", "prometheus.yml");
    expect(said).toContain("is valid prometheus config file syntax");
    expect(ok).toBe(true);
  });
});

test("every metric of rules and dashboard is in a scrape of the agent", async () => {
  const scraped = metricNames(await scrapeOfEverything());
  const used = metricNames([alertRules, ...expressions].join("\n").replaceAll(/path_id:\S+/g, ""));
  expect([...used].filter((name) => !scraped.has(name))).toEqual([]);
  expect(used.size).toBeGreaterThan(20);
});

test("dashboard: panels have ids of their own and lie beside and below each other", () => {
  const { panels } = grafanaDashboard() as {
    panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = new Set<string>();
  let area = 0;
  for (const { gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    area += gridPos.w * gridPos.h;
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) cells.add(`${x} ${y}`);
    }
  }
  expect(cells.size).toBe(area);
});

test("Collector: the example names every component that its pipelines use", () => {
  const { service, ...components } = Bun.YAML.parse(collectorExample) as {
    service: { pipelines: Record<string, Record<string, string[]>> };
  } & Record<string, Record<string, unknown>>;
  for (const pipeline of Object.values(service.pipelines)) {
    for (const [kind, names] of Object.entries(pipeline)) {
      for (const name of names) expect(Object.keys(components[kind] ?? {})).toContain(name);
    }
  }
});
