// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax under test
import { describe, expect, test } from "bun:test";
import { effectiveTree } from "../../../agent/config/effective.ts";
import { effectiveJson, effectiveYaml } from "../../../agent/config/effective-text.ts";
import { referenceConfig } from "../../../agent/config/example.ts";
import { parseConfig } from "../../../agent/config/parse.ts";
import { createReport, formatProblem } from "../../../agent/config/problem.ts";
import { readRoot } from "../../../agent/config/root.ts";
import type { AgentConfig } from "../../../agent/domain/config.ts";

const complete = referenceConfig.replace(/^(\s*)# /gm, "$1");

function read(text: string, environment = {}): AgentConfig {
  const result = parseConfig([{ name: "a.yaml", text }], environment);
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config;
}

function effective(text: string, environment = {}) {
  const sources = [{ name: "a.yaml", text }];
  const root = readRoot({ sources, environment, overrides: [] }, createReport());
  if (root === null) throw new Error("no root");
  return effectiveTree(root, read(text, environment));
}

const SMALL = "paths: [{ id: a, targets: [192.0.2.1] }]\n";

describe("effectiveYaml()", () => {
  const rows = [
    ["the reference", referenceConfig],
    ["the reference with every key", complete],
    ["the least", SMALL],
    [
      "a fast path under common health",
      `health: { min_samples: 4 }\n${SMALL.replace("}", ", profile: fast }")}`,
    ],
    [
      "texts that look like something else",
      `node: { site: "true", labels: { a: "1", b: "~" } }\n${SMALL}`,
    ],
    ["a literal reference", `node: { site: "$\${env:NAME}" }\n${SMALL}`],
    ["separators of lines", `node: { labels: { a: "x # y", b: "- z", c: "'\\"" } }\n${SMALL}`],
  ] as const;
  test.each(rows)("of %s means the same when it is read again", (_, text) => {
    const printed = effectiveYaml(effective(text));
    expect(read(printed)).toEqual(read(text));
  });

  test("names the source of each value", () => {
    const text = `${SMALL.replace("}", ", profile: fast }")}http: { listen: ~ }\n`;
    const environment = { PATRONUS_STORAGE__MAX_SIZE_MB: "99" };
    const printed = effectiveYaml(effective(text, environment));
    expect(printed).toMatch(/listen: ~ +# a\.yaml:2/);
    expect(printed).toMatch(/max_size_mb: 99 +# PATRONUS_STORAGE__MAX_SIZE_MB/);
    expect(printed).toMatch(/probes_per_check: 100 +# profile fast/);
    expect(printed).toMatch(/flush_interval_secs: 300 +# default/);
  });

  test("shows no secret of a header or an address", () => {
    const otlp = `otlp: { headers: { authorization: "Bearer hunter2", x: "\${env:KEY}" } }\n`;
    const sources = [{ name: "a.yaml", text: SMALL + otlp }];
    const root = readRoot(
      { sources, environment: { KEY: "hunter3" }, overrides: [] },
      createReport(),
    );
    if (root === null) throw new Error("no root");
    const printed = effectiveYaml(effectiveTree(root, read(SMALL)));
    expect(printed).toContain("authorization:");
    expect(printed).not.toMatch(/hunter/);
  });
});

test("effectiveJson() has the values and, apart, their sources", () => {
  const json = effectiveJson(effective(SMALL));
  expect(json).toMatchObject({
    config: { paths: [{ id: "a", health: { window_probes: 50 } }], storage: { max_size_mb: 64 } },
    sources: { "paths[0].id": "a.yaml:1", "storage.max_size_mb": "default" },
  });
});
