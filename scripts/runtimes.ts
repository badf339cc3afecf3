/**
 * The Bun runtimes of other targets, as npm packages of the pinned version, unpacked once into
 * .tools/runtimes. The registry is the one npm is configured for.
 */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, ".tools", "runtimes");
const VERSION = readFileSync(join(ROOT, ".bun-version"), "utf8").trim();

const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "@oven/bun-linux-x64",
  "linux-arm64": "@oven/bun-linux-aarch64",
  "linux-x64-musl": "@oven/bun-linux-x64-musl",
  "linux-arm64-musl": "@oven/bun-linux-aarch64-musl",
};

/** Path of the runtime executable for a target, fetched when it is not there. */
export function runtimeFor(target: string): string {
  const name = PACKAGES[target];
  if (name === undefined) throw new Error(`cannot find a runtime for ${target}`);
  const folder = join(FOLDER, `${target}-${VERSION}`);
  const path = join(folder, "package", "bin", "bun");
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  run(["npm", "pack", "--silent", `${name}@${VERSION}`], folder);
  const [archive] = [...new Bun.Glob("*.tgz").scanSync(folder)];
  if (archive === undefined) throw new Error(`cannot fetch ${name}@${VERSION}`);
  run(["tar", "xzf", archive], folder);
  run(["rm", archive], folder);
  return path;
}

function run(command: string[], cwd: string): void {
  const result = Bun.spawnSync(command, { cwd, stderr: "pipe" });
  if (result.exitCode !== 0) throw new Error(`${command.join(" ")}: ${result.stderr}`);
}
