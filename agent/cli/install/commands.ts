/** `install` and `uninstall` in the table of commands. */

import type { Command } from "../command.ts";

const COMMON = {
  root: { type: "string", value: "DIR", help: "a folder that becomes a box (images); default /" },
  "dry-run": { type: "boolean", help: "say what would be done, change nothing" },
  json: { type: "boolean", help: "machine-readable output" },
} as const;

export const INSTALL_COMMANDS: readonly Command[] = [
  {
    name: "install",
    summary: "put this file onto the box: users, folders, service; starts nothing",
    operands: "",
    options: {
      systemd: { type: "boolean", help: "with hardened units for systemd" },
      openwrt: { type: "boolean", help: "with an init script for procd" },
      auto: { type: "boolean", help: "whichever of them the box has (default)" },
      prefix: { type: "string", value: "DIR", help: "of the program (default /opt/patronus)" },
      ...COMMON,
    },
    notes:
      "A second run repairs what was changed. A configuration is never touched. Exit codes: 0\n" +
      "installed, 1 not possible here (nothing was changed), 2 usage.",
    run: async (input) => (await import("./install.ts")).install(input),
  },
  {
    name: "uninstall",
    summary: "stop the service, clear rules and routes, remove program and units",
    operands: "",
    options: {
      purge: { type: "boolean", help: "configuration, history and users as well" },
      ...COMMON,
    },
    notes: "Exit codes: 0 removed, 1 nothing was installed, 2 usage.",
    run: async (input) => (await import("./uninstall.ts")).uninstall(input),
  },
];
