/**
 * Reads what `bun test` prints: the counts, and which tests failed with what words. The end of a
 * long run has to say this again, because that end is often all that a reader gets.
 */

export interface FailedTest {
  /** As `bun test` names it, e.g. "tests/lab/stall.test.ts". */
  readonly file: string;
  readonly name: string;
  /** The lines printed before the verdict, the last of them. */
  readonly words: readonly string[];
}

export interface TestOutput {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly FailedTest[];
}

/** Lines of an error that are worth repeating. */
const WORDS_MAX = 30;

/** Behind this line every failure is named a second time. */
const RECAP = /^\d+ tests? failed:$/;

export function readTestOutput(output: string): TestOutput {
  return {
    passed: countOf(output, "pass"),
    failed: countOf(output, "fail"),
    skipped: countOf(output, "skip"),
    failures: failuresOf(output),
  };
}

/** The number before `word` in the summary, e.g. " 12 pass". */
function countOf(output: string, word: string): number {
  return Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
}

function failuresOf(output: string): FailedTest[] {
  const failures: FailedTest[] = [];
  let file = "";
  let words: string[] = [];
  for (const line of output.split("\n")) {
    if (RECAP.test(line)) break;
    const header = /^(?:::group::)?(tests\/\S+\.test\.ts):$/.exec(line);
    const verdict = /^\((pass|fail|skip)\) (.*)$/.exec(line);
    if (header !== null) file = header[1] ?? "";
    if (verdict?.[1] === "fail") {
      failures.push({ file, name: verdict[2] ?? "", words: words.slice(-WORDS_MAX) });
    }
    if (header !== null || verdict !== null) words = [];
    else if (line.trim() !== "") words.push(line);
  }
  return failures;
}
