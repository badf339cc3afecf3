import { describe, expect, test } from "bun:test";
import { readPaths } from "../../../agent/config/paths.ts";
import { createReport, formatProblem } from "../../../agent/config/problem.ts";
import type { PathConfig } from "../../../agent/domain/config.ts";
import { rootOf } from "../../support/config-text.ts";

function read(text: string): {
  paths: readonly PathConfig[];
  problems: string[];
  warned: string[];
} {
  const report = createReport();
  const paths = readPaths(rootOf(text, report));
  return {
    paths,
    problems: report.problems.map(formatProblem),
    warned: report.warnings.map(formatProblem),
  };
}

function onlyPath(body: string, rest = ""): PathConfig {
  const { paths, problems } = read(`paths: [{ id: a, targets: [192.0.2.1], ${body} }]\n${rest}`);
  expect(problems).toEqual([]);
  const [path] = paths;
  if (path === undefined) throw new Error("no path was read");
  return path;
}

describe("readPaths() profiles", () => {
  test("fast sends one probe per 100 ms and settles after 300 ms of silence", () => {
    const { health } = onlyPath("profile: fast");
    expect((health.check_interval_secs * 1000) / health.probes_per_check).toBe(100);
    expect(health.liveness).toMatchObject({ confirm_interval_ms: 40, silence_ms: 300 });
  });

  test("metered sends one probe of 8 octets per 30 s, and 16 where udp needs them", () => {
    const path = onlyPath("profile: metered");
    expect(path.health.check_interval_secs / path.health.probes_per_check).toBe(30);
    expect(path.metered).toBe(true);
    expect(path.targets[0]?.probe.size).toBe(8);
    expect(onlyPath("profile: metered, probe: { type: udp }").targets[0]?.probe.size).toBe(16);
  });

  test("satellite allows for the round trip", () => {
    const { health } = onlyPath("profile: satellite");
    expect(health.probe_timeout_ms).toBe(2500);
    expect(health.liveness.silence_ms).toBe(2000);
    expect(health.thresholds.latency_ms).toEqual({ max: 700, critical: 1500 });
  });

  test("balanced is the default", () => {
    expect(onlyPath("profile: balanced").health).toEqual(onlyPath("").health);
  });
});

describe("readPaths() order of health blocks", () => {
  const rest = "health: { probe_timeout_ms: 900, window_probes: 70 }";

  test("health of the file wins over the profile, and says so", () => {
    const text = `paths: [{ id: a, targets: [192.0.2.1], profile: satellite }]\n${rest}`;
    const { paths, warned } = read(text);
    expect(paths[0]?.health.probe_timeout_ms).toBe(900);
    expect(warned).toEqual([
      'test.yaml:2: health.probe_timeout_ms: wins over the 2500 of profile "satellite": ' +
        "give it to single paths instead",
    ]);
  });

  test("health of the path wins over the file", () => {
    const { health } = onlyPath("profile: satellite, health: { probe_timeout_ms: 800 }", rest);
    expect(health).toMatchObject({ probe_timeout_ms: 800, window_probes: 70 });
    expect(health.liveness.silence_ms).toBe(2000);
  });

  test("critical: null switches a cap off, and stays off", () => {
    const off = "health: { thresholds: { jitter_ms: { critical: ~ } } }";
    const { thresholds } = onlyPath("", off).health;
    expect(thresholds.jitter_ms).toEqual({ max: 10, critical: null });
  });
});

describe("readPaths() boundaries", () => {
  const rows = [
    { body: "health: { window_probes: 4 }", ok: false },
    { body: "health: { window_probes: 5, min_samples: 5 }", ok: true },
    { body: "health: { window_probes: 4096 }", ok: true },
    { body: "health: { window_probes: 4097 }", ok: false },
    { body: "health: { min_samples: 50, liveness: { up_after: 50 } }", ok: true },
    { body: "health: { min_samples: 51, liveness: { up_after: 51 } }", ok: false },
    { body: "health: { liveness: { up_after: 4 } }", ok: false },
    { body: "health: { probes_per_check: 1000 }", ok: true },
    { body: "health: { probes_per_check: 1001 }", ok: false },
    { body: "health: { thresholds: { latency_ms: { max: 400 } } }", ok: false },
    { body: "health: { thresholds: { latency_ms: { max: 399.9 } } }", ok: true },
    { body: "health: { weights: { latency: 0.33, loss: 0.33, jitter: 0.34 } }", ok: true },
    { body: "health: { weights: { latency: 0.400002 } }", ok: false },
    { body: "probe: { size: 7 }", ok: false },
    { body: "probe: { size: 8 }", ok: true },
    { body: "probe: { size: 1472 }", ok: true },
    { body: "probe: { size: 1473 }", ok: false },
    { body: "probe: { type: udp, size: 15 }", ok: false },
    { body: "probe: { type: udp, size: 16 }", ok: true },
    { body: "probe: { dscp: 63 }", ok: true },
    { body: "probe: { dscp: -1 }", ok: false },
    { body: "probe: { ttl: 0 }", ok: true },
    { body: "probe: { ttl: 255 }", ok: true },
    { body: "probe: { fwmark: 0xffffffff }", ok: true },
    { body: "reliability: 0", ok: false },
    { body: "reliability: 1", ok: true },
    { body: "reliability: 2", ok: false },
    { body: "interface: fifteen-letters", ok: true },
    { body: "interface: sixteen--letters", ok: false },
    { body: "interface: eth0.100", ok: true },
    { body: "interface: ..", ok: false },
    { body: "gateway: none", ok: true },
    { body: 'gateway: "fe80::1"', ok: true },
    { body: "gateway: 192.0.2.256", ok: false },
    { body: "capacity_mbps: { down: 1, up: 0.5 }", ok: true },
    { body: "cost: .nan", ok: false },
    { body: "cost: .inf", ok: false },
  ] as const;

  test.each(rows)("readPaths() takes { $body }: $ok", ({ body, ok }) => {
    const { problems } = read(`paths: [{ id: a, targets: [192.0.2.1], ${body} }]`);
    expect(problems.length === 0).toBe(ok);
  });

  test("takes ids of 63 characters and refuses 64", () => {
    const text = (length: number) => `paths: [{ id: ${"a".repeat(length)}, targets: [192.0.2.1] }]`;
    expect(read(text(63)).problems).toEqual([]);
    expect(read(text(64)).problems).toHaveLength(1);
  });

  test("takes 10,000 paths and refuses one more", () => {
    const path = (_: unknown, i: number) => `  - { id: p${i}, targets: [a.b] }`;
    const text = (length: number) => `paths:\n${Array.from({ length }, path).join("\n")}`;
    expect(read(text(10_000)).paths).toHaveLength(10_000);
    expect(read(text(10_001)).problems).toEqual([
      "test.yaml:1: paths: cannot use 10001 paths: want at most 10000",
    ]);
  });
});

describe("readPaths() warnings", () => {
  test.each([
    { window: 49, warnings: 1 },
    { window: 50, warnings: 0 },
  ])("one lost probe of $window against 2 % warns $warnings times", ({ window, warnings }) => {
    const text = `paths: [{ id: a, targets: [192.0.2.1] }]\nhealth: { window_probes: ${window} }`;
    expect(read(text).warned).toHaveLength(warnings);
  });
});
