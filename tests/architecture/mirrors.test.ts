/**
 * Unit tests mirror the program: tests/unit/x/y.test.ts tests agent/x/y.ts, and
 * tests/unit/scripts/z.test.ts tests scripts/z.ts.
 */

import { expect, test } from "bun:test";
import { sources } from "./sources.ts";

const program = new Set(
  [...sources("agent/**/*.{ts,tsx}"), ...sources("scripts/*.ts")].map(({ path }) => path),
);

test("every unit test has the module that it is named after", () => {
  const orphans = sources("tests/unit/**/*.test.ts")
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("tests/unit/support"))
    .filter((path) => {
      const module = path
        .replace("tests/unit/scripts/", "scripts/")
        .replace("tests/unit/", "agent/")
        .replace(/\.test\.ts$/, "");
      return !program.has(`${module}.ts`) && !program.has(`${module}.tsx`);
    });
  expect(orphans).toEqual([]);
});

/** Rooms of decisions: here a module without a test of its own is a gap. */
const TESTED_ROOMS = [
  "agent/engine/",
  "agent/routing/",
  "agent/wire/",
  "agent/scoring/",
  "agent/update/",
];
/** Types only, or covered by the test of the module that they are part of. */
const WITHOUT_OWN_TEST = new Set([
  "agent/engine/effect.ts",
  "agent/engine/input.ts",
  "agent/engine/alerts/input.ts",
  "agent/engine/path-state.ts",
  "agent/routing/operation.ts",
  "agent/engine/failover/command.ts",
  "agent/engine/failover/decision.ts",
  "agent/engine/failover/effect.ts",
  "agent/engine/failover/input.ts",
  "agent/engine/failover/standings.ts",
  "agent/engine/failover/turn.ts",
]);

test("every module of a pure room has a unit test", () => {
  const tests = new Set(sources("tests/unit/**/*.test.ts").map(({ path }) => path));
  const missing = [...program]
    .filter((path) => TESTED_ROOMS.some((room) => path.startsWith(room)))
    .filter((path) => !WITHOUT_OWN_TEST.has(path))
    .filter(
      (path) => !tests.has(path.replace("agent/", "tests/unit/").replace(/\.tsx?$/, ".test.ts")),
    );
  expect(missing).toEqual([]);
});
