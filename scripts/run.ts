/** `make run`: builds the file when its sources are newer, then becomes the agent. */

import { buildIfStale, FILE } from "./fresh-build.ts";

const built = buildIfStale();
if (built !== 0) process.exit(built);

const agent = Bun.spawn([FILE, "run", ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit"],
});
// Ctrl-C reaches the agent by itself (same terminal); a TERM to us is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => agent.kill("SIGTERM"));
process.exit(await agent.exited);
