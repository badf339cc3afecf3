import { describe, expect, test } from "bun:test";
import { rejectOverload } from "../../../agent/config/load.ts";
import { createReport } from "../../../agent/config/problem.ts";
import { rootOf } from "../../support/config-text.ts";
import { HEALTH, pathConfig } from "../../support/configs.ts";

function problemsOf(count: number, health: Partial<typeof HEALTH>): string[] {
  const report = createReport();
  const path = { ...pathConfig("a", ["192.0.2.1", "192.0.2.2"]), health: { ...HEALTH, ...health } };
  rejectOverload(rootOf("paths: []", report), Array(count).fill(path));
  return report.problems.map(({ message }) => message);
}

describe("rejectOverload()", () => {
  test("takes 10,000 targets at the default pace and refuses two more", () => {
    expect(problemsOf(5_000, {})).toEqual([]);
    expect(problemsOf(5_001, {})).toEqual(["cannot probe 10002 targets: want at most 10000"]);
  });

  test("takes 50,000 probes per second and refuses more", () => {
    const second = { check_interval_secs: 1, window_probes: 50 };
    expect(problemsOf(250, { ...second, probes_per_check: 100 })).toEqual([]);
    expect(problemsOf(251, { ...second, probes_per_check: 100 })[0]).toContain("50200 probes");
  });

  test("takes windows of a million outcomes and refuses more", () => {
    expect(problemsOf(500, { window_probes: 1_000 })).toEqual([]);
    expect(problemsOf(501, { window_probes: 1_000 })[0]).toContain("1002000 outcomes");
  });
});
