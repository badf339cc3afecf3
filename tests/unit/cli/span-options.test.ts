import { describe, expect, test } from "bun:test";
import type { CommandInput } from "../../../agent/cli/command.ts";
import { UsageError } from "../../../agent/cli/command.ts";
import { aggregateParams, spanOf, startOf } from "../../../agent/cli/span-options.ts";

function input(options: Readonly<Record<string, string>>): CommandInput {
  return { operands: [], text: (name) => options[name], flag: () => false };
}

describe("spanOf()", () => {
  test("is the last day without options", () => {
    const span = spanOf(input({}));
    expect(aggregateParams(span)).toBe("?period=day");
    expect(startOf(span, 100_000)).toBe(13_600);
  });

  test("takes ISO 8601 and Unix seconds", () => {
    const span = spanOf(input({ from: "2026-01-31T06:00Z", to: "1769900000" }));
    expect(aggregateParams(span)).toBe("?period=custom&from=1769839200&to=1769900000");
    expect(startOf(span, 0)).toBe(1_769_839_200);
  });

  test.each<Readonly<Record<string, string>>>([
    { period: "year" },
    { period: "custom" },
    { to: "1700000000" },
    { from: "yesterday" },
    { from: "-1" },
    { period: "day", from: "1700000000" },
  ])("refuses %p", (options) => {
    expect(() => spanOf(input(options))).toThrow(UsageError);
  });
});
