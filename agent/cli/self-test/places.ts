/** What the agent needs of this box beside the kernel: its core, its folder, its port. */

import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AgentConfig } from "../../domain/config.ts";
import { coreBytes } from "../../io/core-asset.ts";
import { parseListen } from "../../io/http/listen.ts";
import { CORE_ABI, openCore } from "../../scoring/core-abi.ts";
import { ask } from "../agent-client.ts";
import type { Check } from "./check.ts";
import { degraded, failed, ok } from "./check.ts";

/** Below this not even the database at its usual size fits. */
const FREE_MB_MIN = 80;

export function coreCheck(): Check {
  try {
    openCore(coreBytes());
    return ok("core", `ABI ${CORE_ABI}`);
  } catch (error) {
    return failed("core", messageOf(error), "install the file again: it is damaged");
  }
}

/** Writes a file where the database lies, or will lie. */
export function storeCheck({ storage }: AgentConfig): Check {
  const folder = nearest(dirname(storage.path));
  try {
    const trial = mkdtempSync(join(folder, ".patronus-trial-"));
    try {
      writeFileSync(join(trial, "octets"), "trial");
    } finally {
      rmSync(trial, { recursive: true, force: true });
    }
    const { bavail, bsize } = statfsSync(folder);
    const free = Math.floor((bavail * bsize) / 1e6);
    if (free >= FREE_MB_MIN) return ok("store", `${folder} is writable, ${free} MB free`);
    const advice = "free some space, or lower storage.max_size_mb";
    return degraded("store", `${folder} has ${free} MB left`, advice);
  } catch (error) {
    const advice = "mount it writable or change storage.path: history is lost at a restart";
    return degraded("store", `cannot write into ${folder}: ${messageOf(error)}`, advice);
  }
}

/** The folder itself is made at the first start. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

export async function listenCheck({ http }: AgentConfig): Promise<Check> {
  if (http.listen === null) return ok("port", "no TCP listener wanted");
  const address = parseListen(http.listen);
  if (address === null) return failed("port", `cannot read ${http.listen}`, "mend http.listen");
  try {
    const listener = Bun.listen({ ...address, socket: { data() {} } });
    listener.stop(true);
    return ok("port", `${http.listen} is free`);
  } catch (error) {
    const running = await ask(http.socket, "/healthz", { timeoutMs: 2_000 });
    if (running.kind === "ok") return ok("port", `${http.listen} is served by the running agent`);
    const advice = "end the other program or change http.listen";
    return degraded("port", `${http.listen} cannot be had: ${messageOf(error)}`, advice);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
