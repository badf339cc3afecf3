import { expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { adoptedPath, surprise } from "../../../../agent/engine/failover/adoption.ts";

const PATHS = ["a", "b", "c"].map(pathId);

function path(name: string | null) {
  return name === null ? null : pathId(name);
}

test.each([
  { table: "a", main: "b", active: "c", isOwnWord: true, want: "a" },
  { table: null, main: "b", active: "c", isOwnWord: false, want: "b" },
  { table: null, main: "b", active: "c", isOwnWord: true, want: "c" },
  { table: null, main: null, active: "c", isOwnWord: false, want: "c" },
  { table: "x", main: "y", active: null, isOwnWord: false, want: null },
  { table: null, main: "b", active: null, isOwnWord: true, want: "b" },
])("rule 4: adoptedPath() of table $table, main $main, belief $active is $want", (row) => {
  const kernel = { table: path(row.table), main: path(row.main) };
  const belief = { active: path(row.active), isOwnWord: row.isOwnWord };
  expect(adoptedPath(kernel, PATHS, belief)).toBe(path(row.want));
});

test("surprise() names both paths", () => {
  const { detail, outcome } = surprise(1, pathId("a"), pathId("b"));
  expect([outcome, detail]).toEqual(["noted", "the kernel uses a where b was expected"]);
});
