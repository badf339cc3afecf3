/** Whatever the text, parseConfig() answers; what it accepts holds what the program relies on.
 * FULL=1 runs longer. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax under test

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { referenceConfig } from "../../agent/config/example.ts";
import { parseConfig } from "../../agent/config/parse.ts";
import { formatProblem } from "../../agent/config/problem.ts";
import { fc } from "../support/property.ts";

const isFull = process.env["FULL"] === "1";
const runs = { numRuns: isFull ? 20_000 : 300 };
if (isFull) setDefaultTimeout(600_000);
const lines = referenceConfig.replace(/^(\s*)# /gm, "$1").split("\n");

function answer(text: string): void {
  const result = parseConfig([{ name: "random.yaml", text }], { NAME: "value" });
  if (result.kind === "invalid") {
    expect(result.problems.length).toBeGreaterThan(0);
    for (const line of result.problems.map(formatProblem)) expect(line).not.toContain("\n");
    return;
  }
  expect(result.config.paths.length).toBeGreaterThan(0);
  for (const path of result.config.paths) {
    expect(path.targets.length).toBeGreaterThan(0);
    expect(path.reliability).toBeLessThanOrEqual(path.targets.length);
    expect(path.health.min_samples).toBeLessThanOrEqual(path.health.window_probes);
    expect(path.health.liveness.up_after).toBeGreaterThanOrEqual(path.health.min_samples);
  }
}

const token = fc.constantFrom(
  ...["paths: ", "- ", "id: ", "a", "targets: ", "[", "]", "{", "}", ", ", "\n", "  ", "health: "],
  ...["&a ", "*a ", "!t ", "? ", ": ", "# ", '"', "'", ">\n", "~", "1", ".nan"],
  "|\n",
  "---\n",
  "${env:NAME}",
  "${env:",
  "<<: ",
  "__proto__: ",
  "constructor: ",
  "192.0.2.1",
  "\t",
  "\0",
  "\u2028",
);

describe("parseConfig() never throws", () => {
  test("for texts made of YAML's own words", () => {
    const texts = fc.array(token, { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(fc.property(texts, answer), runs);
  });

  test("for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), answer), runs);
  });

  test("for the reference configuration with lines lost, doubled or changed", () => {
    const change = fc.record({
      at: fc.nat({ max: lines.length - 1 }),
      how: fc.constantFrom("drop", "double", "indent", "outdent"),
    });
    const mutated = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
      changes
        .reduce((text: string[], { at, how }) => {
          const line = text[at] ?? "";
          const by = { drop: [], double: [line, line], indent: [`  ${line}`] };
          const replacement = how === "outdent" ? [line.slice(2)] : by[how as keyof typeof by];
          return [...text.slice(0, at), ...replacement, ...text.slice(at + 1)];
        }, lines)
        .join("\n"),
    );
    fc.assert(fc.property(mutated, answer), runs);
  });

  test("for any value at any key of the reference configuration", () => {
    const keyed = lines.flatMap((line, i) => (/^\s*(- )?\w+:/.test(line) ? [i] : []));
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((one) => JSON.stringify(one)),
      token,
    );
    const mutated = fc.tuple(fc.constantFrom(...keyed), value).map(([at, text]) => {
      const key = /^\s*(- )?\w+:/.exec(lines[at] ?? "")?.[0] ?? "";
      return lines.with(at, `${key} ${text}`).join("\n");
    });
    fc.assert(fc.property(mutated, answer), runs);
  });
});
