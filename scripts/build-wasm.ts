/** Compiles core-wasm to build/core.wasm; the flags are in core-wasm/asconfig.json. */

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** Answers with the size of the module, octets. Throws with the compiler's words. */
export function buildCore(): number {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const compiler = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
  const args = [compiler, "assembly/index.ts", "--config", "asconfig.json", "--target", "release"];
  const result = Bun.spawnSync([process.execPath, ...args], {
    cwd: join(ROOT, "core-wasm"),
    stderr: "pipe",
    stdout: "pipe",
  });
  if (result.exitCode !== 0) {
    throw new Error(`cannot build the core:\n${result.stderr}${result.stdout}`);
  }
  return statSync(join(ROOT, "build/core.wasm")).size;
}

if (import.meta.main) console.log(`build/core.wasm  ${buildCore()} octets`);
