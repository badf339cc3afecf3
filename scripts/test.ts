/**
 * Runs the test suites. `bun scripts/test.ts SUITE...`; `ok` is everything CI runs. Each suite is
 * one process with its own summary; the last line adds them up.
 */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildCore } from "./build-wasm.ts";
import type { FailedTest, TestOutput } from "./test-output.ts";
import { readTestOutput } from "./test-output.ts";

const ROOT = join(import.meta.dir, "..");
const BIN = join(ROOT, "node_modules/.bin");

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** `bun test` prints counts; other commands count as one. */
  readonly counted: boolean;
  /** Its tests depend on real time: files that failed run a second time. */
  readonly onceMore?: boolean;
}

/** More files than these failing is no matter of chance. */
const ONCE_MORE_MAX = 4;

function bunTest(name: string, folders: readonly string[], ...flags: string[]): Step {
  const command = [
    process.execPath,
    "test",
    ...flags,
    ...folders.map((folder) => `./tests/${folder}`),
  ];
  return { name, command, counted: true };
}

function timed(step: Step): Step {
  return { ...step, onceMore: true };
}

const CHECK: readonly Step[] = [
  { name: "format and lint", command: [join(BIN, "biome"), "ci", "."], counted: false },
  { name: "types", command: [join(BIN, "tsc"), "--noEmit", "-p", "."], counted: false },
  bunTest("architecture", ["architecture"]),
];

const UNIT: readonly Step[] = [
  bunTest("architecture", ["architecture"]),
  bunTest("unit and property", ["unit", "property", "wasm"], "--randomize"),
];

const BUILD: Step = {
  name: "build",
  command: [process.execPath, "scripts/build.ts"],
  counted: false,
};

const SUITES: Readonly<Record<string, readonly Step[]>> = {
  check: CHECK,
  unit: UNIT,
  lab: [
    BUILD,
    timed(bunTest("integration", ["integration"], "--timeout=60000")),
    timed(bunTest("lab", ["lab"], "--timeout=120000")),
  ],
  e2e: [BUILD, timed(bunTest("binary", ["binary"], "--timeout=60000"))],
  fuzz: [bunTest("fuzz", ["property"])],
};

function stepsOf(suite: string): readonly Step[] {
  if (suite === "ok") {
    const all = ["check", "unit", "lab", "e2e"].flatMap(stepsOf);
    return all.filter((step, i) => all.findIndex((other) => other.name === step.name) === i);
  }
  const steps = SUITES[suite];
  if (steps === undefined) throw new Error(`cannot run ${suite}: want ${Object.keys(SUITES)}, ok`);
  return steps;
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** What the last lines say again. */
  readonly remarks: string[];
}

async function runStep(step: Step, tally: Tally): Promise<void> {
  console.log(`\n== ${step.name}`);
  const first = await execute(step.command);
  if (!step.counted) {
    if (first.exitCode === 0) tally.passed++;
    else fail(tally, 1, `${step.name} failed`);
    return;
  }
  const run = readTestOutput(first.output);
  tally.passed += run.passed;
  tally.skipped += run.skipped;
  if (first.exitCode === 0) return;
  const files = [...new Set(run.failures.map((failure) => failure.file))];
  if (step.onceMore && files.length > 0 && files.length <= ONCE_MORE_MAX) {
    await runOnceMore(step, files, { run, tally });
    return;
  }
  fail(tally, Math.max(1, run.failed), ...run.failures.flatMap(describe));
  if (run.failures.length === 0) tally.remarks.push(`${step.name}: see its output`);
}

/**
 * A test against real time on a machine that others use fails now and then. The files that failed
 * run a second time, alone; what passes then is counted as passed and named at the end.
 */
async function runOnceMore(
  step: Step,
  files: readonly string[],
  { run, tally }: { readonly run: TestOutput; readonly tally: Tally },
): Promise<void> {
  console.log(`\n== ${step.name}, once more: ${files.join(" ")}`);
  const flags = step.command.filter((word) => word.startsWith("--"));
  const paths = files.map((file) => `./${file}`);
  const second = await execute([process.execPath, "test", ...flags, ...paths]);
  const again = readTestOutput(second.output);
  const names = run.failures.map(({ file, name }) => `${file}: ${name}`);
  if (second.exitCode === 0) {
    tally.passed += run.failed;
    tally.remarks.push(...names.map((name) => `passed at the second attempt: ${name}`));
    return;
  }
  const failed = Math.max(1, again.failed);
  tally.passed += Math.max(0, run.failed - failed);
  fail(tally, failed, ...again.failures.flatMap(describe));
}

function fail(tally: Tally, count: number, ...words: string[]): void {
  tally.failed += count;
  tally.remarks.push(...words);
}

function describe({ file, name, words }: FailedTest): string[] {
  return [`failed: ${file}: ${name}`, ...words.map((line) => `  ${line}`)];
}

async function execute(command: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    env: { ...process.env, FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([echo(child.stdout), echo(child.stderr)]);
  return { exitCode: await child.exited, output: `${out}\n${err}` };
}

/** Prints as it comes, without the line of every passed test, and answers with all of it. */
async function echo(stream: ReadableStream<Uint8Array>): Promise<string> {
  let all = "";
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const chunk = decoder.decode(bytes, { stream: true });
    all += chunk;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (!line.startsWith("(pass)")) console.log(line);
  }
  if (rest !== "") console.log(rest);
  return all;
}

async function main(): Promise<void> {
  const suites = process.argv.slice(2);
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, remarks: [] };
  const core = join(ROOT, "build/core.wasm");
  if (!existsSync(core) || isOlder(core, "core-wasm/assembly")) buildCore();
  for (const step of suites.flatMap(stepsOf)) await runStep(step, tally);
  if (tally.remarks.length > 0) console.log(`\n${tally.remarks.join("\n")}`);
  const skipped = tally.skipped === 0 ? "" : `, ${tally.skipped} skipped`;
  console.log(`\n${tally.passed} passed, ${tally.failed} failed${skipped}`);
  process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
}

function isOlder(file: string, folder: string): boolean {
  const built = statSync(file).mtimeMs;
  return [...new Bun.Glob("**/*").scanSync(join(ROOT, folder))].some(
    (path) => statSync(join(ROOT, folder, path)).mtimeMs > built,
  );
}

await main();
