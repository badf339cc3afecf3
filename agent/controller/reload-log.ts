/** The lines of a reload: which keys changed, and which of them wait for a restart. */

import type { AgentConfig } from "../domain/config.ts";
import type { ConfigChange } from "../domain/config-change.ts";
import { configChanges, needsRestart } from "../domain/config-change.ts";
import type { Log } from "./ports.ts";

/** A file that was exchanged as a whole should not fill a log of 64 KB. */
const LINES_MAX = 20;

export function logReload(before: AgentConfig, after: AgentConfig, log: Log): void {
  const changes = configChanges(before, after);
  if (changes.length === 0) {
    log.info("configuration reloaded: nothing changed");
    return;
  }
  for (const { key, from, to } of changes.slice(0, LINES_MAX)) {
    log.info("configuration changed", { key, from, to });
  }
  const more = changes.length - LINES_MAX;
  if (more > 0) log.info("configuration changed, more keys", { more });
  const waiting = changes.filter(needsRestart).map((change: ConfigChange) => change.key);
  if (waiting.length > 0) {
    log.warn("restart the agent for these keys to take effect", { keys: waiting.join(" ") });
  }
  log.info("configuration reloaded", { paths: after.paths.length, changes: changes.length });
}
