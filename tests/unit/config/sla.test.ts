import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";

const PATHS = "paths: [{ id: fiber, targets: [192.0.2.1] }]\n";

function parse(sla: string) {
  return parseConfig([{ name: "a.yaml", text: `${PATHS}sla: ${sla}\n` }], {});
}

describe("readSla()", () => {
  test("reads objectives; what is not promised is null", () => {
    const read = parse("{ timezone: Europe/Berlin, objectives: [{ path: fiber, loss_pct: 1 }] }");
    expect(read).toMatchObject({
      kind: "ok",
      config: {
        sla: {
          timezone: "Europe/Berlin",
          objectives: [
            {
              subject: { kind: "path", id: "fiber" },
              targets: { availability_pct: null, loss_pct: 1, mos: null },
            },
          ],
        },
      },
    });
  });

  test("without a section months are those of UTC and nothing is promised", () => {
    expect(parse("~")).toMatchObject({ config: { sla: { timezone: "UTC", objectives: [] } } });
  });

  test.each([
    ["{ timezone: Berlin }", "want a time zone such as UTC or Europe/Berlin"],
    ["{ objectives: [{ loss_pct: 1 }] }", "missing: want path or policy"],
    ["{ objectives: [{ path: fiber, policy: 1, mos: 4 }] }", "cannot use both"],
    ["{ objectives: [{ path: lte, mos: 4 }] }", 'unknown path "lte": known are fiber'],
    ["{ objectives: [{ path: fiber }] }", "want at least one of availability_pct"],
    ["{ objectives: [{ path: fiber, availability_pct: 100 }] }", "from 1 to 99.9999 %"],
    ["{ objectives: [{ path: fiber, mos: 5 }] }", "from 1 to 4.5"],
    [
      "{ objectives: [{ path: fiber, mos: 4 }, { path: fiber, mos: 3 }] }",
      "has objectives already",
    ],
  ])("refuses %s", (text, want) => {
    const read = parse(text);
    const problems = read.kind === "invalid" ? read.problems.map(formatProblem) : [];
    expect(problems.join("\n")).toContain(want);
    expect(problems).toHaveLength(1);
  });
});
