import { expect, test } from "bun:test";
import { fixed, megabytes, milliseconds } from "../../../agent/domain/amount.ts";

const rows = [
  [0.0414, "0.041"],
  [0.9994, "0.999"],
  [1, "1.00"],
  [9.874, "9.87"],
  [20.34, "20.3"],
  [312.46, "312.5"],
  [null, "-"],
] as const;

test.each(rows)("milliseconds(%p) is %s", (value, want) => {
  expect(milliseconds(value)).toBe(want);
});

test("megabytes() keeps one decimal below ten", () => {
  expect([0, 250_000, 6_200_000, 114_048_000].map((octets) => megabytes(octets))).toEqual([
    "0.0",
    "0.3",
    "6.2",
    "114",
  ]);
});

test("a unit follows a number and not a dash", () => {
  expect([milliseconds(5, " ms"), fixed(1.25, 1, " %"), fixed(null, 1, " %")]).toEqual([
    "5.00 ms",
    "1.3 %",
    "-",
  ]);
});
