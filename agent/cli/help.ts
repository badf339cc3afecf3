/** Help texts, made from the command table: they cannot say what the parser does not know. */

import { VERSION } from "../domain/version.ts";
import type { Command, OptionSpec } from "./command.ts";

export function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return [
    `patronus-agent ${VERSION}: path health of this box's uplinks, as one file`,
    "",
    "Usage: patronus-agent COMMAND [OPTION...]",
    "",
    ...lines,
    "",
    "Help of one command: patronus-agent COMMAND --help",
    "Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 degraded, 4 not running",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const rows = Object.entries(command.options).map(([name, spec]) => [
    flagText(name, spec),
    spec.help,
  ]);
  const width = Math.max(0, ...rows.map(([flag = ""]) => flag.length));
  const operands = command.operands === "" ? "" : ` ${command.operands}`;
  return [
    `${command.summary}`,
    "",
    `Usage: patronus-agent ${command.name}${operands} [OPTION...]`,
    ...(rows.length > 0
      ? ["", ...rows.map(([flag = "", help]) => `  ${flag.padEnd(width)}  ${help}`)]
      : []),
    ...(command.notes === undefined ? [] : ["", command.notes]),
  ].join("\n");
}

function flagText(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? "    " : `-${spec.short}, `;
  const value = spec.type === "string" ? ` ${spec.value ?? "VALUE"}` : "";
  return `${short}--${name}${value}`;
}
