/**
 * `run` as the command table knows it: overrides of the configuration and how to speak. main.ts
 * starts the supervisor; only its help comes from here.
 */

import type { Command, OptionSpec } from "./command.ts";
import { CONFIG_OPTION, EXIT } from "./command.ts";

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

export const RUN_COMMAND: Command = {
  name: "run",
  summary: "run the agent (without a configuration: watch loopback)",
  operands: "",
  options: RUN_OPTIONS,
  notes: "Signals: TERM and INT stop, HUP reloads the configuration; a second TERM ends at once.",
  run: async () => EXIT.ok,
};
