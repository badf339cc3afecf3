/**
 * Who may import whom. Each rule names a room, what it may reach, and why; a violation prints the
 * offending edge. Imports of types only are listed apart, because they vanish at run time.
 */

import { describe, expect, test } from "bun:test";
import { edges, sources } from "./sources.ts";

interface Rule {
  readonly room: string;
  /** Prefixes of repository paths or package names. */
  readonly may: readonly string[];
  readonly mayTypes?: readonly string[];
  readonly because: string;
}

const PURE = "agent/domain/";

const RULES: readonly Rule[] = [
  { room: "agent/domain/", may: [PURE], because: "nouns depend on nothing" },
  { room: "agent/wire/", may: [PURE, "agent/wire/"], because: "bytes <-> values, pure" },
  {
    room: "agent/engine/",
    may: [PURE, "agent/engine/"],
    mayTypes: ["agent/scoring/scorer.ts"],
    because: "decisions touch nothing of the world",
  },
  {
    room: "agent/routing/",
    may: [PURE, "agent/routing/"],
    because: "which rules and routes should exist is a function of what was read",
  },
  {
    room: "agent/scoring/",
    may: [PURE, "agent/scoring/", "agent/wire/frame.ts"],
    because: "the host side of the core knows frames and nouns",
  },
  {
    room: "agent/sla/",
    may: [PURE, "agent/sla/", "agent/scoring/aggregate.ts", "agent/scoring/rollup-merge.ts"],
    because: "what a month was is a function of what was stored",
  },
  {
    room: "agent/config/",
    may: [PURE, "agent/config/", "yaml"],
    because: "text -> typed configuration, pure",
  },
  {
    room: "agent/worker/",
    may: [PURE, "agent/worker/", "agent/wire/", "bun:ffi"],
    because: "the privileged process stays small",
  },
  {
    room: "agent/supervisor/",
    may: [
      PURE,
      "agent/supervisor/",
      "agent/wire/frame.ts",
      "agent/wire/update-frames.ts",
      "agent/update/",
      "agent/updater/protocol.ts",
      "agent/updater/hash.ts",
      "agent/worker/libc.ts",
      "agent/worker/text-pages.ts",
      "agent/io/clock.ts",
      "agent/io/process-log.ts",
      "agent/io/key-file.ts",
      "agent/io/frame-socket.ts",
      "node:fs",
      "node:path",
    ],
    mayTypes: ["bun", "agent/controller/ports.ts"],
    because: "no HTTP, no SQLite, no network in the process that keeps privileges",
  },
  {
    room: "agent/update/",
    may: [PURE, "agent/update/", "node:crypto", "node:zlib"],
    because: "what may be installed is a function of octets, memory and time",
  },
  {
    room: "agent/updater/",
    may: [PURE, "agent/update/", "agent/updater/", "node:fs", "node:path", "node:zlib"],
    because: "the process that builds new files has neither network nor capability",
  },
  {
    room: "agent/io/store/",
    may: [
      PURE,
      "agent/io/store/",
      "agent/scoring/rollup-merge.ts",
      "agent/engine/failover/persisted.ts",
      "agent/engine/alerts/persisted.ts",
      "bun:sqlite",
      "node:fs",
      "node:path",
      "node:worker_threads",
    ],
    mayTypes: [
      "agent/controller/ports.ts",
      "agent/controller/queue/ports.ts",
      "agent/controller/failover/ports.ts",
      "agent/controller/alerts/ports.ts",
      "agent/controller/failover/route-ports.ts",
      "agent/controller/sla/ports.ts",
      "agent/engine/failover/",
    ],
    because: "an adapter knows its technology and the ports",
  },
  {
    room: "agent/io/update/",
    may: [PURE, "agent/io/update/", "agent/update/", "node:fs", "node:path"],
    mayTypes: ["agent/controller/ports.ts", "agent/controller/update/ports.ts"],
    because: "an adapter knows its technology and the ports",
  },
  {
    room: "agent/io/telemetry/",
    may: [PURE, "agent/io/telemetry/", "@opentelemetry/", "node:"],
    mayTypes: [
      "agent/controller/ports.ts",
      "agent/controller/queue/ports.ts",
      "agent/controller/telemetry/ports.ts",
    ],
    because: "an adapter knows its technology and the ports",
  },
  {
    room: "agent/io/http/",
    may: [PURE, "agent/io/http/", "agent/sla/", "hono", "node:"],
    mayTypes: [
      "agent/controller/ports.ts",
      "agent/controller/failover/ports.ts",
      "agent/controller/queue/ports.ts",
      "agent/engine/failover/",
      "agent/scoring/scorer.ts",
      "agent/wire/frame.ts",
      "bun",
    ],
    because: "an adapter knows its technology and the ports",
  },
  {
    room: "agent/controller/driver.ts",
    may: [PURE, "agent/wire/"],
    mayTypes: ["agent/engine/", "agent/controller/", "agent/scoring/scorer.ts"],
    because: "the loop performs effects through ports, never through adapters",
  },
];

/** Names that only one place may import. */
const RESERVED: readonly { name: string; only: readonly string[] }[] = [
  { name: "bun:ffi", only: ["agent/worker/libc.ts"] },
  { name: "bun:sqlite", only: ["agent/io/store/"] },
  { name: "@opentelemetry", only: ["agent/io/telemetry/"] },
  { name: "hono", only: ["agent/io/http/", "agent/web/"] },
  { name: "yaml", only: ["agent/config/"] },
];

const program = sources("agent/**/*.ts");

/** The last rule whose room holds the file is the narrowest one. */
function ruleOf(path: string): Rule | undefined {
  return RULES.filter((rule) => path.startsWith(rule.room)).at(-1);
}

describe("imports", () => {
  test("sources() sees the program", () => {
    expect(program.length).toBeGreaterThan(30);
    expect(program.flatMap(edges).length).toBeGreaterThan(100);
  });

  test("every room imports only what its rule allows", () => {
    const offending = program.flatMap((source) => {
      const rule = ruleOf(source.path);
      if (rule === undefined) return [];
      const allowed = (to: string, typeOnly: boolean) =>
        [...rule.may, ...(typeOnly ? (rule.mayTypes ?? []) : [])].some((room) =>
          to.startsWith(room),
        );
      return edges(source)
        .filter((edge) => !/\.(yaml|sql|wasm|css|html)$/.test(edge.to))
        .filter((edge) => !allowed(edge.to, edge.typeOnly))
        .map((edge) => `${edge.from} imports ${edge.to}: ${rule.because}`);
    });
    expect(offending).toEqual([]);
  });

  test("reserved modules are imported in one place", () => {
    const offending = program.flatMap((source) =>
      edges(source).flatMap((edge) =>
        RESERVED.filter(({ name }) => edge.to === name || edge.to.startsWith(`${name}/`))
          .filter(({ only }) => !only.some((room) => source.path.startsWith(room)))
          .map(({ only }) => `${edge.from} imports ${edge.to}: only ${only.join(", ")} may`),
      ),
    );
    expect(offending).toEqual([]);
  });

  test("no cycles between modules", () => {
    const graph = new Map(
      program.map((source) => [
        source.path,
        edges(source)
          .filter((edge) => !edge.typeOnly)
          .map((edge) => edge.to),
      ]),
    );
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (state.get(path) === "done") return;
      if (state.get(path) === "open") {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
        return;
      }
      state.set(path, "open");
      for (const to of graph.get(path) ?? []) if (graph.has(to)) visit(to, [...trail, path]);
      state.set(path, "done");
    };
    for (const path of graph.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });
});
