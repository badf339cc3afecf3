/** `make run`: builds the file when its sources are newer, then becomes the agent. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const FILE = join(ROOT, "dist", "patronus-agent");

function isStale(): boolean {
  if (!existsSync(FILE)) return true;
  const built = statSync(FILE).mtimeMs;
  const sources = new Bun.Glob("{agent,core-wasm,scripts}/**/*");
  return [...sources.scanSync(ROOT)].some((path) => statSync(join(ROOT, path)).mtimeMs > built);
}

if (isStale()) {
  const build = Bun.spawnSync([process.execPath, join(ROOT, "scripts/build.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (build.exitCode !== 0) process.exit(build.exitCode);
}

const agent = Bun.spawn([FILE, "run", ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit"],
});
// Ctrl-C reaches the agent by itself (same terminal); a TERM to us is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => agent.kill("SIGTERM"));
process.exit(await agent.exited);
