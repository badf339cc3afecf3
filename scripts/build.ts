/**
 * Builds the one file. `bun scripts/build.ts` for this machine, `--all` for every target with
 * SHA256SUMS. Two builds of the same commit are byte-identical: constant outfile name, no clock.
 */

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buildCore } from "./build-wasm.ts";
import { runtimeFor } from "./runtimes.ts";

const ROOT = join(import.meta.dir, "..");
const DIST = join(ROOT, "dist");
const FILE = "patronus-agent";

export interface Target {
  readonly name: string;
  readonly bun: Bun.Build.CompileTarget;
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", bun: "bun-linux-x64" },
  { name: "linux-arm64", bun: "bun-linux-arm64" },
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl" },
  { name: "linux-arm64-musl", bun: "bun-linux-arm64-musl" },
];

/** The target of this machine. */
export function hostTarget(): Target {
  const musl = existsSync(`/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`);
  const glibc =
    existsSync("/lib64/ld-linux-x86-64.so.2") || existsSync("/lib/ld-linux-aarch64.so.1");
  const name = `linux-${process.arch}${musl && !glibc ? "-musl" : ""}`;
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`cannot build on ${name}: not a target`);
  return target;
}

interface Stamp {
  readonly version: string;
  readonly git: string;
}

function stamp(): Stamp {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const git = (...args: string[]) =>
    Bun.spawnSync(["git", ...args], { cwd: ROOT })
      .stdout.toString()
      .trim();
  const commit = git("rev-parse", "--short=12", "HEAD");
  const dirty = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "-dirty";
  return { version, git: commit === "" ? "unknown" : `${commit}${dirty}` };
}

/** What makes a build a release; without it the file is release 0 and knows no root key. */
export interface Edition {
  readonly version: string;
  readonly release: number;
  /** Lines of public key files. */
  readonly rootKeys: readonly string[];
}

/** Builds one target into `folder`/patronus-agent and answers with its path. */
export async function buildTarget(
  target: Target,
  folder: string,
  edition?: Edition,
): Promise<string> {
  const { version, git } = { ...stamp(), ...(edition && { version: edition.version }) };
  const native = target.name === hostTarget().name;
  mkdirSync(folder, { recursive: true });
  const fresh = join(folder, `.${FILE}.new`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const outfile = join(fresh, FILE);
  const args = [
    ...["build", "--compile", "--splitting", "--bytecode", "--format=esm", "--minify"],
    ...["--no-compile-autoload-bunfig", "--no-compile-autoload-dotenv"],
    `--define=PATRONUS_VERSION=${JSON.stringify(version)}`,
    `--define=PATRONUS_GIT=${JSON.stringify(git)}`,
    `--define=PATRONUS_TARGET=${JSON.stringify(target.name)}`,
    ...(edition === undefined
      ? []
      : [
          `--define=PATRONUS_RELEASE=${edition.release}`,
          `--define=PATRONUS_ROOT_KEYS=${JSON.stringify(edition.rootKeys.join("\n"))}`,
        ]),
    ...(native
      ? []
      : [`--target=${target.bun}`, `--compile-executable-path=${runtimeFor(target.name)}`]),
    `--outfile=${outfile}`,
    // A Worker is named by its path below the root: the second entry of the file.
    ...["--root=agent", "agent/main.ts", "agent/io/store/checkpoint-worker.ts"],
  ];
  const built = Bun.spawnSync([process.execPath, ...args], { cwd: ROOT, stderr: "pipe" });
  if (built.exitCode !== 0) {
    throw new Error(`cannot build ${target.name}:\n${built.stderr.toString()}${built.stdout}`);
  }
  const path = join(folder, FILE);
  renameSync(outfile, path); // a running agent keeps its old file
  rmSync(fresh, { recursive: true });
  return path;
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

async function main(): Promise<void> {
  buildCore();
  if (!process.argv.includes("--all")) {
    const path = await buildTarget(hostTarget(), DIST);
    console.log(`dist/${FILE}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);
    return;
  }
  const sums: string[] = [];
  for (const target of TARGETS) {
    const folder = join(DIST, target.name);
    const path = await buildTarget(target, folder);
    sums.push(`${sha256(path)}  ${target.name}/${FILE}`);
    console.log(`${target.name}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  }
  writeFileSync(join(DIST, "SHA256SUMS"), `${sums.join("\n")}\n`);
}

if (import.meta.main) await main();
