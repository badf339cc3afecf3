/** The bearer token of the API, from its file. */

import { readFileSync, statSync } from "node:fs";
import type { Log } from "../controller/ports.ts";

/** null: no file named, or not usable (said in the log); writes over TCP are then refused. */
export function readToken(path: string | null, log: Log): string | null {
  if (path === null) return null;
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      log.warn("the token file is readable by others, use mode 0600", { path });
    }
    const token = readFileSync(path, "utf8").trim();
    if (token !== "") return token;
    log.warn("the token file is empty", { path });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn("cannot read the token file", { path, reason });
  }
  return null;
}
