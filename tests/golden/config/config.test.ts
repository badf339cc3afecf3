/**
 * One broken configuration per file, beside it the problems (and warnings) that an operator reads.
 * To write the expected texts anew after a change of wording: PATRONUS_WRITE_GOLDEN=1.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";

const folder = import.meta.dir;
const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const environment = { GOLDEN_SECRET: "hunter2" };

function reportOf(name: string): string {
  const text = readFileSync(join(folder, name), "utf8");
  const result = parseConfig([{ name, text }], environment);
  const problems = result.kind === "invalid" ? result.problems.map(formatProblem) : [];
  const warnings = result.warnings.map((warning) => `warning: ${formatProblem(warning)}`);
  return `${[...problems, ...warnings].join("\n")}\n`;
}

describe("parseConfig() of a broken file", () => {
  test("there are files to try", () => {
    expect(names.length).toBeGreaterThan(20);
  });

  test.each(names)("lists the problems of %s", (name) => {
    const expected = join(folder, name.replace(/\.yaml$/, ".txt"));
    const report = reportOf(name);
    if (Bun.env["PATRONUS_WRITE_GOLDEN"] === "1") writeFileSync(expected, report);
    expect(existsSync(expected)).toBe(true);
    expect(report).toBe(readFileSync(expected, "utf8"));
    expect(report).toContain(name);
  });

  test("no message tells what a variable held", () => {
    expect(names.map(reportOf).join("")).not.toContain("hunter2");
  });
});
