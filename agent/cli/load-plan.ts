/**
 * From command line, environment and files to what `run` shall do. Everything wrong is printed at
 * once; a configuration with a problem starts nothing.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseBuiltin } from "../config/builtin.ts";
import type { Override } from "../config/override.ts";
import { parseConfig } from "../config/parse.ts";
import type { Problem } from "../config/problem.ts";
import { formatProblem } from "../config/problem.ts";
import type { AgentConfig } from "../domain/config.ts";
import type { Display, RunPlan } from "../domain/run-plan.ts";
import { defaultNodeId, readConfigFiles, USUAL_CONFIG } from "../io/config-files.ts";
import { secretFileWarnings } from "../io/secret-files.ts";
import type { PlanResult } from "../supervisor/main.ts";
import { EXIT } from "./command.ts";
import { commandHelp } from "./help.ts";
import { scratchFolder } from "./places.ts";
import { RUN_COMMAND, RUN_OPTIONS } from "./run-command.ts";

export type LoadedConfig =
  | { readonly kind: "config"; readonly config: AgentConfig; readonly warnings: readonly Problem[] }
  /** No file was named, and there is none in the usual place. */
  | { readonly kind: "none" }
  | {
      readonly kind: "invalid";
      readonly problems: readonly Problem[];
      readonly warnings: readonly Problem[];
    };

type ConfigFound = Extract<LoadedConfig, { kind: "config" }>;

/** `file`: from the command line; undefined: PATRONUS_CONFIG, then the usual place. */
export function loadConfig(
  file: string | undefined,
  overrides: readonly Override[] = [],
): LoadedConfig {
  const files = readConfigFiles({ path: file ?? null, environment: process.env });
  if (files.kind === "none") return files;
  if (files.kind === "unreadable") {
    return { kind: "invalid", problems: files.problems, warnings: [] };
  }
  const parsed = parseConfig(files.sources, process.env, overrides, defaultNodeId());
  const warnings = [...files.warnings, ...parsed.warnings];
  if (parsed.kind === "invalid") return { ...parsed, warnings };
  const { config } = parsed;
  const open = secretFileWarnings(config, config.origin);
  return { kind: "config", config, warnings: [...warnings, ...open] };
}

/** Problems and warnings, one a line, and how many problems there are. */
export function reportLines(problems: readonly Problem[], warnings: readonly Problem[]): string[] {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    ...warnings.map((warning) => `warning: ${formatProblem(warning)}`),
    ...problems.map(formatProblem),
    ...(problems.length === 0 ? [] : [count]),
  ];
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** `args`: everything behind `run`. */
export async function loadPlan(args: readonly string[]): Promise<PlanResult> {
  const flags = parseFlags(args);
  if (flags === null) return { kind: "stop", exitCode: EXIT.usage };
  if (flags["help"] === true) {
    console.log(commandHelp(RUN_COMMAND));
    return { kind: "stop", exitCode: EXIT.ok };
  }
  const config = text(flags, "config");
  const overrides = overridesOf(flags);
  const found = loadConfig(config, overrides);
  const loaded = found.kind === "none" ? loadBuiltin(overrides) : found;
  if (loaded.kind === "invalid") {
    console.error(reportLines(loaded.problems, loaded.warnings).join("\n"));
    return { kind: "stop", exitCode: EXIT.usage };
  }
  const plan = planOf(loaded, flags, found.kind === "none");
  if (flags["print-plan"] === true) {
    process.stdout.write(JSON.stringify(plan));
    return { kind: "stop", exitCode: EXIT.ok };
  }
  for (const line of plan.warnings) console.error(line);
  return { kind: "plan", plan };
}

/** null: a mistake, already explained. */
function parseFlags(args: readonly string[]): Flags | null {
  const options = Object.fromEntries(
    Object.entries(RUN_OPTIONS).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
  try {
    const known = { ...options, help: { type: "boolean" as const, short: "h" } };
    const values: Flags = parseArgs({ args: [...args], options: known, strict: true }).values;
    const level = values["log-level"];
    if (level === undefined || isLevel(level)) return values;
    throw new Error(`cannot use --log-level ${JSON.stringify(level)}: want ${LEVELS.join(", ")}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error("Try: patronus-agent run --help");
    return null;
  }
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

function isLevel(value: unknown): value is Display["level"] {
  return LEVELS.some((level) => level === value);
}

function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

const OVERRIDING = {
  listen: "http.listen",
  socket: "http.socket",
  storage: "storage.path",
} as const;

function overridesOf(flags: Flags): Override[] {
  return Object.entries(OVERRIDING).flatMap(([flag, key]) => {
    const value = text(flags, flag);
    return value === undefined ? [] : [{ name: `--${flag}`, key, value }];
  });
}

function displayOf(flags: Flags, table: boolean): Display {
  const terminal = process.stderr.isTTY === true;
  const level = flags["log-level"];
  return {
    terminal,
    color: terminal && (process.env["NO_COLOR"] ?? "") === "",
    table: table || flags["table"] === true,
    level: isLevel(level) ? level : "info",
  };
}

function planOf(loaded: ConfigFound, flags: Flags, builtin: boolean): RunPlan {
  const { config } = loaded;
  const introduced = builtin ? introduction(config) : [];
  const warnings = [...introduced, ...reportLines([], loaded.warnings)];
  return { config, warnings, display: displayOf(flags, builtin) };
}

function loadBuiltin(overrides: readonly Override[]): Exclude<LoadedConfig, { kind: "none" }> {
  const folder = scratchFolder(process.getuid?.() ?? 0);
  const parsed = parseBuiltin(process.env, overrides, {
    nodeId: defaultNodeId(),
    storagePath: join(folder, "patronus.db"),
    socket: join(folder, "agent.sock"),
  });
  return parsed.kind === "invalid" ? parsed : { ...parsed, kind: "config" };
}

function introduction({ http }: AgentConfig): string[] {
  const page =
    http.listen === null
      ? `Page:        none over TCP (http.listen is null), only ${http.socket}`
      : `Page:        http://${http.listen}/   metrics: http://${http.listen}/metrics`;
  return [
    `No configuration at ${USUAL_CONFIG}: watching loopback addresses.`,
    page,
    "Your own:    patronus-agent init, or by hand from patronus-agent config example;",
    "             then: patronus-agent check-config && patronus-agent run",
  ];
}
