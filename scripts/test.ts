/**
 * Runs the test suites. `bun scripts/test.ts SUITE...`; `ok` is everything CI runs. Each suite is
 * one process with its own summary; the last line adds them up.
 */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildCore } from "./build-wasm.ts";

const ROOT = join(import.meta.dir, "..");
const BIN = join(ROOT, "node_modules/.bin");

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** `bun test` prints counts; other commands count as one. */
  readonly counted: boolean;
}

function bunTest(name: string, folders: readonly string[], ...flags: string[]): Step {
  const command = [
    process.execPath,
    "test",
    ...flags,
    ...folders.map((folder) => `./tests/${folder}`),
  ];
  return { name, command, counted: true };
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
    bunTest("integration", ["integration"], "--timeout=60000"),
    bunTest("lab", ["lab"], "--timeout=120000"),
  ],
  e2e: [BUILD, bunTest("binary", ["binary"], "--timeout=60000")],
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
}

/** The number before `word` in a summary line of `bun test`, e.g. " 12 pass". */
function countOf(output: string, word: string): number {
  return Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
}

async function runStep(step: Step, tally: Tally): Promise<void> {
  console.log(`\n== ${step.name}`);
  const child = Bun.spawn([...step.command], {
    cwd: ROOT,
    env: { ...process.env, FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([echo(child.stdout), echo(child.stderr)]);
  const exitCode = await child.exited;
  if (!step.counted) {
    if (exitCode === 0) tally.passed++;
    else tally.failed++;
    return;
  }
  const output = `${out}\n${err}`;
  const failed = countOf(output, "fail");
  tally.passed += countOf(output, "pass");
  tally.skipped += countOf(output, "skip");
  tally.failed += exitCode !== 0 && failed === 0 ? 1 : failed;
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
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const core = join(ROOT, "build/core.wasm");
  if (!existsSync(core) || isOlder(core, "core-wasm/assembly")) buildCore();
  for (const step of suites.flatMap(stepsOf)) await runStep(step, tally);
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
