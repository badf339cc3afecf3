/** Flags of `run`: overrides of the configuration and how to speak. */

import type { OptionSpec } from "./command.ts";
import { CONFIG_OPTION } from "./command.ts";

export const RUN_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  config: CONFIG_OPTION,
  listen: { type: "string", value: "ADDR:PORT", help: "HTTP here instead of http.listen" },
  socket: { type: "string", value: "PATH", help: "control socket instead of http.socket" },
  storage: { type: "string", value: "FILE", help: "database instead of storage.path" },
  table: { type: "boolean", help: "print the table of paths every few seconds" },
  "log-level": {
    type: "string",
    value: "LEVEL",
    help: "debug, info, warn or error (default info)",
  },
  "print-plan": { type: "boolean", help: "print the effective plan as JSON and end" },
};
