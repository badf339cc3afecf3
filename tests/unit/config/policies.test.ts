import { describe, expect, test } from "bun:test";
import { readPolicies } from "../../../agent/config/policies.ts";
import { createReport } from "../../../agent/config/problem.ts";
import { rootOf } from "../../support/config-text.ts";

const PATHS = new Set(["fiber", "lte", "dsl"]);

function read(policies: string) {
  const report = createReport();
  const read = readPolicies(rootOf(`policies: ${policies}`, report), PATHS);
  return { policies: read, report };
}

describe("readPolicies()", () => {
  test("reads the policy of the design in full", () => {
    const { policies, report } = read(`
  - id: 1
    name: critical-traffic
    primary: fiber
    backups: [lte, dsl]
    failover_threshold: 50
    failback_threshold: 80
    failback_delay_secs: 60
    enabled: true
    route: { match: [{to: default}] }
    all_down: hold
    flows: reset-on-hard-down
`);
    expect(report.problems).toEqual([]);
    expect(policies).toEqual([
      {
        id: 1,
        name: "critical-traffic",
        primary: "fiber",
        backups: ["lte", "dsl"],
        failover_threshold: 50,
        failback_threshold: 80,
        failback_delay_secs: 60,
        backup_threshold: 50,
        min_improvement: 15,
        dwell_secs: 10,
        enabled: true,
        route: {
          match: [{ from: null, to: "default", fwmark: null, iif: null }],
          ipv6: "report",
        },
        all_down: "hold",
        flows: "reset-on-hard-down",
      },
    ]);
  });

  test.each([
    { failover: 70, problems: 0 },
    { failover: 71, problems: 1 },
  ])("failover $failover against failback 80 gives $problems problems", (row) => {
    const thresholds = `failover_threshold: ${row.failover}, failback_threshold: 80`;
    const { report } = read(`[{ id: 1, primary: fiber, backups: [lte], ${thresholds} }]`);
    expect(report.problems).toHaveLength(row.problems);
  });

  test.each([
    { count: 60, problems: 0 },
    { count: 61, problems: 1 },
  ])("$count policies give $problems problems", ({ count, problems }) => {
    const list = Array.from({ length: count }, (_, i) => {
      return `{ id: ${i + 1}, primary: fiber, backups: [lte] }`;
    });
    expect(read(`[${list.join(", ")}]`).report.problems).toHaveLength(problems);
  });

  test("takes one default among narrower selectors", () => {
    const policy = (id: number, match: string) =>
      `{ id: ${id}, primary: fiber, backups: [lte], route: { match: [${match}] } }`;
    const wide = "{ to: default }";
    const narrow = "{ to: default, from: 10.0.0.0/8 }, { iif: lan0 }, { fwmark: 1 }";
    const prefix = '{ to: "2001:db8::/32" }, { from: 192.0.2.0/24 }';
    const list = [policy(1, wide), policy(2, narrow), policy(3, prefix)];
    expect(read(`[${list.join(", ")}]`).report.problems).toEqual([]);
    const second = read(`[${[...list, policy(4, wide)].join(", ")}]`).report.problems;
    expect(second.map(({ key }) => key)).toEqual(["policies[3].route.match[0].to"]);
  });
});
