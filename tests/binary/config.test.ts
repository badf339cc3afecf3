import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FILE, scratchFolder } from "../support/agent.ts";

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const result = Bun.spawnSync([FILE, ...args], { cwd: "/", env: { PATH: "/usr/bin:/bin" } });
  return { code: result.exitCode, out: result.stdout.toString(), err: result.stderr.toString() };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const WRONG = `paths:
  - id: fiber
    targets: [127.0.0.1]
    interfac: eth1
  - id: fiber
    targets: []
health: { window_probes: many }
health: {}
`;

describe("configuration of the compiled file", () => {
  test("config example passes check-config", () => {
    const example = run("config", "example");
    expect(example.code).toBe(0);
    const check = run("check-config", file("example.yaml", example.out));
    expect(check.err).toBe("");
    expect(check.code).toBe(0);
  });

  test("check-config lists every problem with file, line and key, and ends with 2", () => {
    const { code, err } = run("check-config", file("wrong.yaml", WRONG));
    expect(code).toBe(2);
    expect(err).toMatch(/wrong\.yaml:4: paths\[0\]\.interfac: .*interface/);
    expect(err).toMatch(/wrong\.yaml:5: paths\[1\]\.id/);
    expect(err).toMatch(/wrong\.yaml:8: .*health/);
  });

  test("run refuses a wrong configuration with the same list and exit code", () => {
    const path = file("wrong.yaml", WRONG);
    const { code, err } = run("run", "--config", path);
    expect(code).toBe(2);
    expect(err).toMatch(/paths\[0\]\.interfac/);
  });

  test("check-config --json is machine-readable", () => {
    const { code, out } = run("check-config", file("wrong.yaml", WRONG), "--json");
    expect(code).toBe(2);
    const report = JSON.parse(out);
    expect(report.ok).toBe(false);
    expect(report.problems.length).toBeGreaterThanOrEqual(3);
    expect(report.problems[0]).toHaveProperty("line");
  });

  test("a missing file is a problem that names the file", () => {
    const { code, err } = run("check-config", join(folder, "absent.yaml"));
    expect(code).toBe(2);
    expect(err).toContain("absent.yaml");
  });
});
