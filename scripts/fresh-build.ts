/** Builds the file for this machine when its sources are newer than it. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
export const FILE = join(ROOT, "dist", "patronus-agent");

function isStale(): boolean {
  if (!existsSync(FILE)) return true;
  const built = statSync(FILE).mtimeMs;
  const sources = new Bun.Glob("{agent,core-wasm,scripts}/**/*");
  return [...sources.scanSync(ROOT)].some((path) => statSync(join(ROOT, path)).mtimeMs > built);
}

/** The exit code of the build; 0 also when there was nothing to do. */
export function buildIfStale(): number {
  if (!isStale()) return 0;
  const build = Bun.spawnSync([process.execPath, join(ROOT, "scripts/build.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return build.exitCode;
}
