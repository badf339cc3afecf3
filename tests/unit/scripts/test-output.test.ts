import { describe, expect, test } from "bun:test";
import { readTestOutput } from "../../../scripts/test-output.ts";

const OUTPUT = `
tests/lab/a.test.ts:
(pass) one [1ms]
error: expect(received).toBe(expected)
Expected: 2
(fail) group > two [0.31ms]

tests/lab/b.test.ts:
(skip) three

2 tests failed:
(fail) group > two [0.31ms]

 1 pass
 1 skip
 1 fail
`;

describe("readTestOutput", () => {
  test("reads the counts of the summary", () => {
    const { passed, failed, skipped } = readTestOutput(OUTPUT);
    expect({ passed, failed, skipped }).toEqual({ passed: 1, failed: 1, skipped: 1 });
  });

  test("names each failed test once, with its file and the words before the verdict", () => {
    expect(readTestOutput(OUTPUT).failures).toEqual([
      {
        file: "tests/lab/a.test.ts",
        name: "group > two [0.31ms]",
        words: ["error: expect(received).toBe(expected)", "Expected: 2"],
      },
    ]);
  });

  test("finds nothing in the output of a run that did not start", () => {
    expect(readTestOutput("cannot find bun")).toEqual({
      passed: 0,
      failed: 0,
      skipped: 0,
      failures: [],
    });
  });
});
