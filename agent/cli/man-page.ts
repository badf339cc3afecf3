/** The manual page as roff (man macros), made from the command table like the help texts. */

import { VERSION } from "../domain/version.ts";
import { USUAL_CONFIG } from "../io/config-files.ts";
import type { Command, OptionSpec } from "./command.ts";
import { EXIT } from "./command.ts";

const EXIT_TEXTS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "Done, and all is well.",
  failure: "It could not be done; the message says why.",
  usage: "A mistake on the command line or in the configuration.",
  degraded: "The agent runs or can run, but not all is well.",
  notRunning: "The agent does not run.",
};

export function manPage(commands: readonly Command[]): string {
  return `${[
    `.TH PATRONUS-AGENT 8 "" "patronus-agent ${escaped(VERSION)}"`,
    ".SH NAME",
    "patronus\\-agent \\- path health and failover of this box's uplinks",
    ".SH SYNOPSIS",
    ".B patronus\\-agent",
    "COMMAND [OPTION...]",
    ".SH DESCRIPTION",
    text("Probes hosts through each uplink of this box, scores the paths, and keeps traffic on a"),
    text("good one. One file; without a configuration it watches loopback addresses."),
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH EXIT STATUS",
    ...Object.entries(EXIT).flatMap(([name, code]) => [
      ".TP",
      `.B ${code}`,
      text(EXIT_TEXTS[name as keyof typeof EXIT]),
    ]),
    ".SH FILES",
    ".TP",
    `.I ${escaped(USUAL_CONFIG)}`,
    text(
      "Configuration; drop-ins are conf.d/*.yaml beside it. See: patronus-agent config example.",
    ),
    ".SH ENVIRONMENT",
    ".TP",
    ".B PATRONUS_CONFIG",
    text("The configuration file, unless --config names one."),
    ".TP",
    ".B PATRONUS_SOCKET",
    text("The control socket, unless --socket names one."),
    ".TP",
    ".B PATRONUS_SECTION__KEY",
    text("A single value over the files, such as PATRONUS_HTTP__LISTEN."),
  ].join("\n")}\n`;
}

function commandLines(command: Command): string[] {
  const operands = command.operands === "" ? "" : ` ${command.operands}`;
  return [
    `.SS ${quotedWord(`${command.name}${operands}`)}`,
    text(`${capital(command.summary)}.`),
    ...Object.entries(command.options).flatMap(([name, spec]) => [
      ".TP",
      optionLine(name, spec),
      text(capital(spec.help)),
    ]),
    ...(command.notes === undefined ? [] : [".PP", text(command.notes)]),
  ];
}

function optionLine(name: string, { type, short, value }: OptionSpec): string {
  const brief = short === undefined ? "" : `\\fB\\-${escaped(short)}\\fR, `;
  const taken = type === "string" ? ` \\fI${escaped(value ?? "VALUE")}\\fR` : "";
  return `${brief}\\fB\\-\\-${escaped(name)}\\fR${taken}`;
}

/** One line of text per line of the source; a control character in front is disarmed. */
function text(source: string): string {
  return source
    .split("\n")
    .map((line) => escaped(line.trim()).replace(/^[.']/, "\\&$&"))
    .filter((line) => line !== "")
    .join("\n.br\n");
}

function escaped(source: string): string {
  return source.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("^", "\\(ha");
}

/** An argument of a macro. */
function quotedWord(source: string): string {
  return `"${escaped(source).replaceAll('"', '""')}"`;
}

function capital(source: string): string {
  return `${source.slice(0, 1).toUpperCase()}${source.slice(1)}`;
}
