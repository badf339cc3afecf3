import { describe, expect, test } from "bun:test";
import { planProbes, probeIntervalUs } from "../../../agent/controller/probe-table.ts";
import { parseAddress } from "../../../agent/domain/address.ts";
import type { PathConfig } from "../../../agent/domain/config.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";

const NOBODY = { known: new Map(), scopeOf: () => 0 };

function book(...hosts: string[]) {
  const known = new Map(
    hosts.flatMap((host) => {
      const address = parseAddress(host);
      return address === null ? [] : [[`any ${host}`, address] as const];
    }),
  );
  return { known, scopeOf: (zone: string | null) => Number(zone) };
}

function path(id: string, hosts: readonly string[], more: Partial<PathConfig> = {}): PathConfig {
  const base = pathConfig(id, hosts);
  return { ...base, ...more };
}

describe("planProbes()", () => {
  test("gives one series per path and target, contiguous per path", () => {
    const config = agentConfig([path("a", ["192.0.2.1", "192.0.2.2"]), path("b", ["2001:db8::1"])]);
    const plan = planProbes(config, book("192.0.2.1", "192.0.2.2", "2001:db8::1"));
    expect(plan.rows.map((row) => [row.path, row.type, row.family])).toEqual([
      [0, 1, 4],
      [0, 1, 4],
      [1, 1, 6],
    ]);
    expect(plan.layouts.map((layout) => [layout.firstSeries, layout.seriesCount])).toEqual([
      [0, 2],
      [2, 1],
    ]);
    expect(plan.series.map((series) => series.target.host)).toEqual([
      "192.0.2.1",
      "192.0.2.2",
      "2001:db8::1",
    ]);
  });

  test("holds the row of a name that is not resolved with type 0", () => {
    const config = agentConfig([path("a", ["name.example.net", "192.0.2.2"])]);
    const plan = planProbes(config, book("192.0.2.2"));
    expect(plan.rows.map((row) => row.type)).toEqual([0, 1]);
    expect(planProbes(config, NOBODY).rows.map((row) => row.type)).toEqual([0, 0]);
  });

  test("binds a link-local target to the device of its zone, and passes a number as the scope", () => {
    const named = planProbes(agentConfig([path("a", ["fe80::1%eth9"])]), book("fe80::1%eth9"));
    expect(named.rows[0]).toMatchObject({ device: "eth9", scopeId: 0 });
    const numbered = planProbes(agentConfig([path("a", ["fe80::1%9"])]), book("fe80::1%9"));
    expect(numbered.rows[0]).toMatchObject({ device: null, scopeId: 9 });
  });

  test("paces probes evenly over the check interval", () => {
    expect(probeIntervalUs(pathConfig("a", ["192.0.2.1"]))).toBe(2_000_000);
  });

  test("numbers the key files of STAMP targets, each once", () => {
    const config = agentConfig([path("a", ["192.0.2.1", "192.0.2.2"]), path("b", ["192.0.2.1"])]);
    const keys = [null, "/b", "/a"];
    const paths = config.paths.map((entry, i) => ({
      ...entry,
      targets: entry.targets.map((target, j) => ({
        ...target,
        probe: { ...target.probe, type: "stamp" as const, key_file: keys[i + j] ?? null },
      })),
    }));
    const plan = planProbes({ ...config, paths }, book("192.0.2.1", "192.0.2.2"));
    expect(plan.keyFiles).toEqual(["/b"]);
    expect(plan.rows.map(({ type, port, key }) => [type, port, key])).toEqual([
      [3, 862, undefined],
      [3, 862, 1],
      [3, 862, 1],
    ]);
  });

  test("spreads first sends over the interval", () => {
    const paths = Array.from({ length: 50 }, (_, i) => path(`p${i}`, ["192.0.2.1"]));
    const phases = planProbes(agentConfig(paths), book("192.0.2.1")).rows.map((row) => row.phase);
    const sorted = [...phases].sort((a, b) => a - b);
    const gaps = sorted.slice(1).map((phase, i) => phase - (sorted[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(0.005);
    expect(Math.max(...phases)).toBeLessThan(1);
  });

  test("stores no checks when persist_to_db is off", () => {
    const base = pathConfig("a", ["192.0.2.1"]);
    const off = { ...base, health: { ...base.health, persist_to_db: false } };
    const plan = planProbes(agentConfig([base, off]), NOBODY);
    expect(plan.enginePaths.map((entry) => entry.persistEvery)).toEqual([6, 0]);
  });
});
