import { describe, expect, test } from "bun:test";
import { referenceConfig } from "../../../agent/config/example.ts";
import { migrateConfig } from "../../../agent/config/migrate.ts";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { RENAMED } from "../../../agent/config/renamed.ts";

const OLD = `# Written by hand, in another year.
health:
  interval_seconds: 20   # s
  window_size: 40
paths:
  # the good one
  - id: fiber
    device: eth1         # the left socket
    target: 192.0.2.1    # one was enough
  - { id: lte, device: wwan0, target: "198.51.100.7" }
policies:
  - id: 1
    primary: fiber
    backup: lte
    failback_delay: 90
storage: { database: /tmp/x.db }
`;
const NEW = `# Written by hand, in another year.
version: 1
health:
  check_interval_secs: 20   # s
  window_probes: 40
paths:
  # the good one
  - id: fiber
    interface: eth1         # the left socket
    targets: ["192.0.2.1"]    # one was enough
  - { id: lte, interface: wwan0, targets: ["198.51.100.7"] }
policies:
  - id: 1
    primary: fiber
    backups: ["lte"]
    failback_delay_secs: 90
storage: { path: /tmp/x.db }
`;

function migrated(text: string) {
  const migration = migrateConfig(text);
  if (migration.kind === "failed") throw new Error(migration.reason);
  return migration;
}

describe("migrateConfig()", () => {
  test("renames old keys and keeps every comment in its place", () => {
    expect(migrated(OLD).text).toBe(NEW);
    expect(migrated(OLD).changes).toContain("paths[0].interface: was device");
  });

  test("makes a file that parses of one that does not", () => {
    const problemsOf = (text: string) => {
      const result = parseConfig([{ name: "a.yaml", text }], {});
      return result.kind === "invalid" ? result.problems.map(formatProblem) : [];
    };
    expect(problemsOf(OLD).join("\n")).toContain("renamed to check_interval_secs");
    expect(problemsOf(migrated(OLD).text)).toEqual([]);
  });

  test("changes nothing a second time", () => {
    expect(migrated(NEW)).toEqual({ kind: "migrated", text: NEW, changes: [] });
  });

  test("adds only the version to the reference configuration", () => {
    const { text, changes } = migrated(referenceConfig);
    expect(changes).toEqual(["version: added 1"]);
    expect(text.replace("version: 1\n", "")).toBe(referenceConfig);
  });

  test("adds the version inside of braces", () => {
    expect(migrated("{ paths: [] }").text).toBe("{ version: 1,  paths: [] }");
    expect(migrated("{}").text).toBe("{ version: 1}");
  });

  test("leaves a key alone whose new spelling is there too", () => {
    const text = "version: 1\npaths: [{ id: a, device: eth0, interface: eth1, targets: [a] }]\n";
    expect(migrated(text).text).toBe(text);
  });

  test("refuses a file of a later agent, a broken one and one that is no map", () => {
    expect(migrateConfig("version: 99")).toMatchObject({ kind: "failed" });
    expect(migrateConfig("a: [")).toMatchObject({ kind: "failed" });
    expect(migrateConfig("- a")).toMatchObject({ kind: "failed" });
  });

  test("no spelling of today is an old one too", () => {
    for (const [old, { to }] of RENAMED) expect(RENAMED.has(to) ? old : "").toBe("");
  });
});
