/**
 * Random configurations: what the parser takes the schema takes too, it means the same after
 * `config print`, and `config migrate` leaves its meaning alone. FULL=1 runs longer.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { parse } from "yaml";
import { effectiveTree } from "../../agent/config/effective.ts";
import { effectiveYaml } from "../../agent/config/effective-text.ts";
import { referenceConfig } from "../../agent/config/example.ts";
import { migrateConfig } from "../../agent/config/migrate.ts";
import { parseConfig } from "../../agent/config/parse.ts";
import { createReport } from "../../agent/config/problem.ts";
import { readRoot } from "../../agent/config/root.ts";
import { configSchema } from "../../agent/config/schema/json-schema.ts";
import type { AgentConfig } from "../../agent/domain/config.ts";
import { isValid } from "../support/json-schema.ts";
import { fc } from "../support/property.ts";

const numRuns = process.env["FULL"] === "1" ? 4_000 : 400;
setDefaultTimeout(120_000);
const schema = configSchema();
const lines = referenceConfig.replace(/^(\s*)# /gm, "$1").split("\n");
const keyed = lines.flatMap((line, i) => (/^\s*(- )?\w+:/.test(line) ? [i] : []));

function read(text: string): AgentConfig | null {
  const result = parseConfig([{ name: "a.yaml", text }], {});
  return result.kind === "ok" ? result.config : null;
}

const value = fc.oneof(
  fc.integer({ min: -1, max: 100 }).map(String),
  fc.constantFrom("~", "true", "false", "auto", "none", "1d", "0.5", "fast", "[]", "{}", '""'),
  fc.constantFrom("192.0.2.9", '"[::1]:99"', '"127.0.0.1:99"', "/tmp/x", "text", "0x10", "1e3"),
  fc.string({ maxLength: 20 }).map((text) => JSON.stringify(text)),
);

const change = fc.oneof(
  fc.tuple(fc.constantFrom(...keyed), value).map(([at, text]) => (all: readonly string[]) => {
    const key = /^\s*(- )?\w+:/.exec(all[at] ?? "")?.[0] ?? "";
    return key === "" ? all : all.with(at, `${key} ${text}`);
  }),
  fc.nat({ max: lines.length - 1 }).map((at) => (all: readonly string[]) => all.with(at, "")),
);

const texts = fc
  .array(change, { maxLength: 3 })
  .map((changes) =>
    changes.reduce((all: readonly string[], apply) => apply(all), lines).join("\n"),
  );

describe("of any configuration that the parser takes", () => {
  const taken = fc.sample(texts, numRuns).flatMap((text) => {
    const config = read(text);
    return config === null ? [] : [{ text, config }];
  });

  test("there are enough", () => expect(taken.length).toBeGreaterThan(numRuns / 20));

  test("the schema takes it too", () => {
    for (const { text } of taken) {
      expect([text, isValid(parse(text, { version: "1.2" }), schema)]).toEqual([text, true]);
    }
  });

  test("config print means the same", () => {
    for (const { text, config } of taken) {
      const sources = [{ name: "a.yaml", text }];
      const root = readRoot({ sources, environment: {}, overrides: [] }, createReport());
      if (root === null) throw new Error("no root");
      const printed = effectiveYaml(effectiveTree(root, config));
      expect([printed, read(printed)]).toEqual([printed, config]);
    }
  });

  test("config migrate leaves the meaning alone", () => {
    for (const { text, config } of taken) {
      const migration = migrateConfig(text);
      if (migration.kind === "failed") throw new Error(migration.reason);
      expect([text, read(migration.text)]).toEqual([text, config]);
    }
  });
});

test("a promise that is left open is none, for the parser and for the schema", () => {
  const text = `paths:
  - { id: a, targets: [192.0.2.1] }
  - { id: b, targets: [192.0.2.1] }
sla:
  objectives:
    - { path: a, loss_pct: 1, availability_pct: ~, latency_p95_ms: ~, jitter_ms: ~, mos: ~ }
    - { path: b, loss_pct: ~, mos: 4 }
`;
  expect(read(text)).not.toBeNull();
  expect(isValid(parse(text, { version: "1.2" }), schema)).toBe(true);
});

test("config migrate answers for any text, and what it writes is settled", () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.string({ unit: "binary" })), (text) => {
      const migration = migrateConfig(text);
      if (migration.kind === "failed") return;
      const again = migrateConfig(migration.text);
      if (again.kind === "migrated") expect(again.changes).toEqual([]);
    }),
    { numRuns },
  );
});
