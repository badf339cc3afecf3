import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OUTCOME, OUTCOME_KINDS } from "../../../../../agent/domain/outcome.ts";
import type { Chunk } from "../../../../../agent/io/http/metrics/exposition.ts";
import { Exposition } from "../../../../../agent/io/http/metrics/exposition.ts";
import type { Syntax } from "../../../../../agent/io/http/metrics/negotiation.ts";
import { FakeMetrics, pathLabels } from "../../../../support/fake-view.ts";

const GOLDEN = join(import.meta.dir, "../../../../golden");

/** The chunks of a scrape, the returned one last; each copied while it is valid. */
function chunksOf(run: Generator<Chunk, Chunk>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const next = run.next();
    chunks.push(next.value.slice());
    if (next.done === true) return chunks;
  }
}

function textOf(run: Generator<Chunk, Chunk>): string {
  return Buffer.concat(chunksOf(run)).toString("utf8");
}

function render(metrics: FakeMetrics, syntax: Syntax = "text", own = ""): string {
  return textOf(new Exposition(metrics).render(syntax, own));
}

/** The value of a series; undefined: no such line. */
function sampleOf(text: string, series: string): string | undefined {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line?.slice(series.length + 1);
}

/** Up, degraded with two targets, down without a reply, unknown. */
function fourPaths(): FakeMetrics {
  const metrics = new FakeMetrics([
    pathLabels(0, { id: "fiber", name: "Fiber uplink", interface: "eth1" }),
    pathLabels(1, {
      id: "lte",
      name: 'LTE "backup" \\ B',
      targets: ["192.0.2.1", "resolver.example.net"],
      probes: ["icmp", "stamp"],
      interface: null,
      seriesCount: 2,
    }),
    pathLabels(2, { id: "dsl", firstSeries: 3 }),
    pathLabels(3, { id: "sat", name: "Z\u00fcrich", firstSeries: 4 }),
  ]);
  const { series, paths } = metrics.scorer;
  metrics.set(0, "up", 98.76543);
  metrics.set(1, "degraded", 61);
  metrics.set(2, "down", 0);
  paths.chosen.set([0, 2, 3, -1]);
  series.latencyMs.set([12.3456, 1, 48.5]);
  series.jitterMs.set([0.0004, 1, 3.25]);
  series.lossPct.set([0, 1, 2.04, 100]);
  series.mos.set([4.39, 1, 3.9]);
  for (const [at, replied] of [1_000, 10, 20].entries()) {
    series.totals[at * OUTCOME_KINDS.length + OUTCOME.replied] = replied;
  }
  series.totals[3 * OUTCOME_KINDS.length + OUTCOME.lost] = 7;
  series.totals[3 * OUTCOME_KINDS.length + OUTCOME.expired] = 8;
  return metrics;
}

describe("Exposition.render()", () => {
  test("writes the golden text", () => {
    const golden = readFileSync(join(GOLDEN, "metrics.txt"), "utf8");
    expect(render(fourPaths())).toBe(golden);
  });

  test("writes the golden OpenMetrics text", () => {
    const golden = readFileSync(join(GOLDEN, "metrics.openmetrics.txt"), "utf8");
    expect(render(fourPaths(), "openmetrics")).toBe(golden);
  });

  test("leaves out what does not exist, and never writes 0 or NaN for it", () => {
    const text = render(fourPaths());
    const labels = '{path_id="dsl",path_name="Path 2"}';
    expect(sampleOf(text, `patronus_sdwan_path_health_score${labels}`)).toBe("0");
    expect(sampleOf(text, `patronus_sdwan_path_status${labels}`)).toBe("0");
    expect(sampleOf(text, `patronus_sdwan_path_latency_ms${labels}`)).toBeUndefined();
    expect(sampleOf(text, `patronus_sdwan_path_jitter_ms${labels}`)).toBeUndefined();
    const gauges = text.split("\n").filter((line) => line.includes('path_id="sat"'));
    expect(gauges.filter((line) => !/path_state|path_info|probes_total/.test(line))).toEqual([]);
    expect(text).not.toContain("NaN");
  });

  test("says unknown for a path whose status is, although the cache has numbers", () => {
    const metrics = fourPaths();
    metrics.statuses[0] = "unknown";
    const text = render(metrics);
    expect(text).not.toContain('latency_ms{path_id="fiber"');
    const series =
      'patronus_sdwan_path_state{state="unknown",path_id="fiber",path_name="Fiber uplink"}';
    expect(sampleOf(text, series)).toBe("1");
  });

  test("sums the outcomes of a path's targets and counts final outcomes only", () => {
    const text = render(fourPaths());
    expect(sampleOf(text, 'patronus_sdwan_probes_total{outcome="replied",path_id="lte"}')).toBe(
      "30",
    );
    expect(sampleOf(text, 'patronus_sdwan_probes_total{outcome="lost",path_id="dsl"}')).toBe("7");
    expect(text).not.toContain("expired");
  });

  test("is one chunk for a hundred paths and bounded chunks for thousands, line by line", () => {
    const of = (count: number) => {
      const metrics = new FakeMetrics(Array.from({ length: count }, (_, row) => pathLabels(row)));
      metrics.fill();
      return metrics;
    };
    expect(chunksOf(new Exposition(of(100)).render("text", "")).length).toBe(1);
    const chunks = chunksOf(new Exposition(of(3_000)).render("text", "own 1\n"));
    const filled = chunks.filter((chunk) => chunk.byteLength > 0);
    expect(filled.length).toBeGreaterThan(10);
    for (const chunk of filled) {
      expect(chunk.byteLength).toBeLessThanOrEqual(256 * 1024);
      expect(chunk.at(-1)).toBe(10);
    }
    const lines = Buffer.concat(filled).toString("utf8").split("\n");
    expect(lines.filter((line) => line.startsWith("#")).length).toBe(2 * 12);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBe(3_000 * (9 + 4 + 1 + 6) + 2 * 12 + 2);
  });

  test("keeps two scrapes that are under way apart", () => {
    const metrics = new FakeMetrics(Array.from({ length: 3_000 }, (_, row) => pathLabels(row)));
    metrics.fill();
    const exposition = new Exposition(metrics);
    const whole = textOf(exposition.render("text", "end\n"));
    const runs = [exposition.render("text", "end\n"), exposition.render("text", "end\n")];
    const parts = runs.map((): Uint8Array[] => []);
    const ended = new Set<number>();
    while (ended.size < runs.length) {
      for (const [i, run] of runs.entries()) {
        if (ended.has(i)) continue;
        const next = run.next();
        parts[i]?.push(next.value.slice());
        if (next.done === true) ended.add(i);
      }
    }
    for (const part of parts) expect(Buffer.concat(part).toString("utf8")).toBe(whole);
  });

  test("takes a new table, and ends the path families of a scrape that it meets", () => {
    const metrics = new FakeMetrics(Array.from({ length: 3_000 }, (_, row) => pathLabels(row)));
    metrics.fill();
    const exposition = new Exposition(metrics);
    expect(chunksOf(exposition.render("text", "")).length).toBeGreaterThan(10);
    const run = exposition.render("text", "own 1\n");
    const first = run.next();
    metrics.paths = [pathLabels(0, { id: "other" })];
    const rest = textOf(run);
    expect(first.done).toBe(false);
    expect(rest).toBe("own 1\n");
    const text = textOf(exposition.render("text", ""));
    expect(text).toContain('path_id="other"');
    expect(text).not.toContain('path_id="path-1"');
  });

  test("survives labels longer than a chunk and a table without paths", () => {
    const long = new FakeMetrics([pathLabels(0, { name: "x".repeat(300_000) })]);
    long.fill();
    expect(render(long).match(/x{300000}/g)?.length).toBe(9 + 4 + 1);
    expect(render(new FakeMetrics([]), "openmetrics", "own 1\n")).toEndWith("own 1\n# EOF\n");
  });
});
