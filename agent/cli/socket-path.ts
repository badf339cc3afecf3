/** Where the agent listens: the flag, the environment, the configuration, then the usual places. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CommandInput } from "./command.ts";
import { loadConfig } from "./load-plan.ts";
import { DEFAULT_SOCKET, scratchFolder } from "./places.ts";

export async function socketPath(input: CommandInput): Promise<string> {
  const named = input.text("socket") ?? process.env["PATRONUS_SOCKET"];
  if (named !== undefined) return named;
  const loaded = loadConfig(input.text("config"));
  if (loaded.kind === "config") return loaded.config.http.socket;
  const scratch = join(scratchFolder(process.getuid?.() ?? 0), "agent.sock");
  if (existsSync(dirname(DEFAULT_SOCKET)) && existsSync(DEFAULT_SOCKET)) return DEFAULT_SOCKET;
  return existsSync(scratch) ? scratch : DEFAULT_SOCKET;
}
