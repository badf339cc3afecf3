/**
 * What the supervisor hands to the controller: the configuration, already read and typed (the
 * controller may not be able to read the file, and needs no YAML), and how to speak to the
 * terminal.
 */

import type { AgentConfig } from "./config.ts";

export interface Display {
  readonly terminal: boolean;
  readonly color: boolean;
  /** Print a table of the paths again and again. */
  readonly table: boolean;
  readonly level: "debug" | "info" | "warn" | "error";
}

export interface RunPlan {
  readonly config: AgentConfig;
  readonly warnings: readonly string[];
  readonly display: Display;
}
