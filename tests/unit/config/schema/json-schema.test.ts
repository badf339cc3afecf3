/** The schema against the parser: what the table says is what the parser does. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax under test

import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { KEYS } from "../../../../agent/config/keys.ts";
import { parseConfig } from "../../../../agent/config/parse.ts";
import { configSchema } from "../../../../agent/config/schema/json-schema.ts";
import type { NumberSpec, SectionName, Spec } from "../../../../agent/config/schema/spec.ts";
import { TABLE } from "../../../../agent/config/schema/table.ts";
import { isValid } from "../../../support/json-schema.ts";

const schema = configSchema();
const sections = Object.keys(KEYS) as SectionName[];

test.each(sections)("every key of section %s is described in schema/table.ts", (section) => {
  const specs = TABLE[section] ?? {};
  const keys: readonly string[] = KEYS[section];
  const missing = keys.filter((key) => specs[key] === undefined);
  expect({ "add to agent/config/schema/table.ts": missing }).toEqual({
    "add to agent/config/schema/table.ts": [],
  });
  expect(Object.keys(specs).filter((key) => !keys.includes(key))).toEqual([]);
});

type Tree = Record<string, unknown>;

/** A configuration with `value` at a key, and all that its sections need. */
interface Place {
  readonly key: string;
  readonly spec: Spec;
  build(value: unknown): Tree;
}

function minimal(): Tree {
  return {
    paths: [
      { id: "a", interface: "eth0", targets: ["192.0.2.1"] },
      { id: "b", interface: "eth1", targets: ["192.0.2.2"] },
    ],
  };
}

const POLICY = { id: 1, primary: "a", backups: ["b"] };
/** What a section needs besides the key under test, and where it stands. */
const HOMES: Readonly<Record<string, (entry: Tree) => Tree>> = {
  root: (entry) => ({ ...minimal(), ...entry }),
  node: (node) => ({ ...minimal(), node }),
  health: (health) => ({ ...minimal(), health }),
  liveness: (liveness) => ({ ...minimal(), health: { liveness } }),
  threshold: (latency) => ({ ...minimal(), health: { thresholds: { latency_ms: latency } } }),
  weights: (weights) => ({ ...minimal(), health: { weights } }),
  path: (entry) => ({ paths: [{ id: "a", targets: ["192.0.2.1"], ...entry }] }),
  probe: (probe) => ({ paths: [{ id: "a", targets: ["192.0.2.1"], probe: withType(probe) }] }),
  capacity: (entry) => ({
    paths: [{ id: "a", targets: ["192.0.2.1"], capacity_mbps: { down: 1, up: 1, ...entry } }],
  }),
  policy: (entry) => ({ ...minimal(), policies: [{ ...POLICY, ...entry }] }),
  storage: (storage) => ({ ...minimal(), storage }),
  retention: (retention) => ({ ...minimal(), storage: { retention } }),
  http: (http) => ({ ...minimal(), http }),
  otlp: (otlp) => ({ ...minimal(), otlp }),
  queue: (queue) => ({ ...minimal(), otlp: { queue } }),
  otlpDestination: (entry) => ({
    ...minimal(),
    otlp: { destinations: [{ name: "c", endpoint: "http://192.0.2.1:4318", ...entry }] },
  }),
  otlpTls: (tls) => ({ ...minimal(), otlp: { tls } }),
  tls: (tls) => ({ ...minimal(), http: { tls: { cert_file: "/c", key_file: "/k", ...tls } } }),
  match: (match) => ({ ...minimal(), policies: [{ ...POLICY, route: { match: [match] } }] }),
  hook: (entry) => ({
    ...minimal(),
    policies: [POLICY],
    hooks: [{ on: ["failed"], exec: "/bin/true", ...entry }],
  }),
  trackFile: (entry) => ({ ...minimal(), coordination: { track_file: trackFile(entry) } }),
  trackValues: (values) => ({ ...minimal(), coordination: { track_file: trackFile({ values }) } }),
  reflector: (entry) => ({ ...minimal(), reflector: { listen: "127.0.0.1:9862", ...entry } }),
};

function trackFile(entry: Tree): Tree {
  const subject = "of_policy" in entry || "of_path" in entry ? {} : { of_path: "a" };
  return { path: "/run/x", ...subject, ...entry };
}

function withType(probe: Tree): Tree {
  return "port" in probe || "accept_unreachable" in probe ? { type: "udp", ...probe } : probe;
}

const places: readonly Place[] = Object.entries(HOMES).flatMap(([section, home]) =>
  Object.entries(TABLE[section as SectionName] ?? {}).map(([key, spec]) => ({
    key: `${section}.${key}`,
    spec,
    build: (value: unknown) => home({ [key]: value }),
  })),
);

/** Problems that are about the value at the key itself, not about how it goes with others. */
function isRefused({ key, build }: Place, value: unknown): boolean {
  const text = stringify(build(value));
  const result = parseConfig([{ name: "t.yaml", text }], {});
  const last = key.split(".").at(-1) ?? "";
  return (
    result.kind === "invalid" &&
    result.problems.some(
      (problem) =>
        problem.key.endsWith(last) && /^cannot use .*: want (a |one of|true)/.test(problem.message),
    )
  );
}

const numbers = places.filter(({ spec }) => spec.kind === "integer" || spec.kind === "number");

/** Bounds that depend on other keys: the table has the widest. */
const DEPENDENT = new Set([
  "path.reliability",
  "probe.size",
  "threshold.max",
  "threshold.critical",
]);

describe("a number of the table", () => {
  test("there are some", () => expect(numbers.length).toBeGreaterThan(30));

  test.each(numbers.map((place) => [place.key, place] as const))(
    "%s has the range of the parser",
    (key, place) => {
      const { min, max, kind } = place.spec as NumberSpec;
      const step = kind === "integer" ? 1 : 0.0001;
      const rows = [min, max, min - step, max + step].filter(
        (value) => !(DEPENDENT.has(key) && value >= max),
      );
      for (const value of rows) {
        const accepted = value >= min && value <= max;
        expect([key, value, isRefused(place, value)]).toEqual([key, value, !accepted]);
        expect([key, value, isValid(place.build(value), schema)]).toEqual([key, value, accepted]);
      }
      expect(isRefused(place, "many")).toBe(true);
      expect(isValid(place.build("many"), schema)).toBe(false);
    },
  );
});

const worded = places.filter(({ spec }) => ["choice", "flag", "duration"].includes(spec.kind));

describe("a word of the table", () => {
  test.each(worded.map((place) => [place.key, place] as const))(
    "%s takes what the parser takes",
    (_, place) => {
      const { spec } = place;
      const good =
        spec.kind === "choice" ? spec.choices : spec.kind === "flag" ? [true, false] : ["8d"];
      for (const value of good) {
        expect([value, isRefused(place, value)]).toEqual([value, false]);
        expect([value, isValid(place.build(value), schema)]).toEqual([value, true]);
      }
      for (const value of ["nonsense", 7.5]) {
        expect([value, isRefused(place, value)]).toEqual([value, true]);
        expect([value, isValid(place.build(value), schema)]).toEqual([value, false]);
      }
    },
  );
});

test.each(places.map((place) => [place.key, place] as const))(
  "%s without a value is taken by the schema where the parser takes it",
  (_, { build }) => {
    const result = parseConfig([{ name: "t.yaml", text: stringify(build(null)) }], {});
    if (result.kind === "ok") expect(isValid(build(null), schema)).toBe(true);
  },
);

test("a default of the table is what the parser takes without the key", () => {
  const configOf = (tree: Tree) => {
    const result = parseConfig([{ name: "t.yaml", text: stringify(tree) }], {});
    return result.kind === "ok" ? JSON.stringify(result.config) : result.problems;
  };
  const given = places.filter(
    ({ spec, key }) => "default" in spec && spec.default !== undefined && key !== "probe.port",
  );
  expect(given.length).toBeGreaterThan(40);
  for (const { key, spec, build } of given) {
    const value = "default" in spec ? spec.default : null;
    // A key of a type that the block does not have is refused even with its default.
    if (key === "probe.key_file" || key === "probe.accept_unreachable") continue;
    const tree = build(value);
    const bare = structuredClone(tree);
    remove(bare, key.split(".").at(-1) ?? "");
    expect([key, configOf(tree)]).toEqual([key, configOf(bare)]);
  }
});

/** Removes every key of this name, at any depth. */
function remove(value: unknown, name: string): void {
  if (typeof value !== "object" || value === null) return;
  const map = value as Tree;
  delete map[name];
  for (const one of Object.values(map)) remove(one, name);
}

test("an unknown key is refused, a variable stands for any value", () => {
  expect(isValid({ ...minimal(), htpp: {} }, schema)).toBe(false);
  expect(isValid({ ...minimal(), health: { window_probes: "${env:N}" } }, schema)).toBe(true);
  expect(isValid({}, schema)).toBe(false);
});
