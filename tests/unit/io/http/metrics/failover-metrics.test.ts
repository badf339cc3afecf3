import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FailoverMetrics } from "../../../../../agent/io/http/failover-view.ts";
import { failoverMetrics } from "../../../../../agent/io/http/metrics/failover-metrics.ts";

const GOLDEN = join(import.meta.dir, "../../../../golden");

const METRICS: FailoverMetrics = {
  policies: [
    {
      id: 1,
      name: 'office "east"',
      active: "lte",
      usingPrimary: false,
      paths: ["fiber", "lte"],
      failovers: 3,
    },
    { id: 2, name: "voice", active: null, usingPrimary: false, paths: ["lte"], failovers: 0 },
    { id: 7, name: "guests", active: "dsl", usingPrimary: true, paths: ["fiber"], failovers: 1 },
  ],
  switches: { bounds: [0.0005, 0.001, 1], counts: [2, 3, 4], count: 4, sum: 0.1234 },
  pendingRecords: 2,
  droppedRecords: 1,
};

test.each([
  ["failover-metrics.txt", false],
  ["failover-metrics.openmetrics.txt", true],
])("failoverMetrics() writes the golden %s", (name, openMetrics) => {
  const golden = readFileSync(join(GOLDEN, name), "utf8");
  expect(failoverMetrics(METRICS, openMetrics)).toBe(golden);
});

test("failoverMetrics() has no line for what is not known, and the three given names", () => {
  const lines = failoverMetrics(METRICS, false).split("\n");
  expect(lines).toContain("patronus_sdwan_failover_policies_total 3");
  const active = lines.filter((line) => line.startsWith("patronus_sdwan_failover_active_path{"));
  expect(active.map((line) => line.at(-1))).toEqual(["0", "1"]);
  expect(active.join()).not.toContain('policy_id="2"');
  const count = 'patronus_sdwan_failover_count_total{policy_id="2",policy_name="voice"} 0';
  expect(lines).toContain(count);
  const empty = { ...METRICS, policies: [] };
  expect(failoverMetrics(empty, false)).not.toContain("failover_active_path");
});
