/** Where an agent keeps its socket when nothing else is said. */

import { tmpdir } from "node:os";
import { join } from "node:path";

export const DEFAULT_SOCKET = "/run/patronus/agent.sock";

/** Folder of a run without configuration, one per user. */
export function scratchFolder(uid: number): string {
  return join(tmpdir(), `patronus-${uid}`);
}
