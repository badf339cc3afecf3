/** argv -> command: parsing, help, usage errors. Commands are loaded when they are called. */

import { parseArgs } from "node:util";
import { GIT, TARGET, VERSION } from "../domain/version.ts";
import type { Command, CommandInput, OptionSpec } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { commandHelp, generalHelp } from "./help.ts";

const HELP: OptionSpec = { type: "boolean", short: "h", help: "this text" };

/** Answers with the exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = args;
  if (name === "help" || name === "--help" || name === "-h") return showHelp(rest[0]);
  if (name === "--version" || name === "-V") return runCommand(["version"]);
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    console.error(`cannot run ${JSON.stringify(name)}: not a command\n\n${generalHelp(COMMANDS)}`);
    return EXIT.usage;
  }
  return dispatch(command, rest);
}

async function dispatch(command: Command, args: readonly string[]): Promise<number> {
  try {
    const input = parse(command, args);
    if (input.flag("help")) {
      console.log(commandHelp(command));
      return EXIT.ok;
    }
    return await command.run(input);
  } catch (error) {
    if (!(error instanceof UsageError)) return failed(command, error);
    console.error(`${error.message}\nTry: patronus-agent ${command.name} --help`);
    return EXIT.usage;
  }
}

/** What no command expects: in words first, then where, for those who mend it. */
function failed({ name }: Command, error: unknown): number {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(`cannot finish ${name}: ${message}`);
  // Faults of the box (no room, no such file) carry the name of the call.
  if (error instanceof Error && "syscall" in error) return EXIT.failure;
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  const build = `patronus-agent ${VERSION} (${GIT}, ${TARGET}), bun ${Bun.version}`;
  console.error(
    ["this is a defect; please report it with these lines:", build, ...frames].join("\n"),
  );
  return EXIT.failure;
}

function showHelp(topic: string | undefined): number {
  const command = COMMANDS.find((candidate) => candidate.name === topic);
  if (topic !== undefined && command === undefined) {
    console.error(`cannot help with ${JSON.stringify(topic)}: not a command`);
    return EXIT.usage;
  }
  console.log(command === undefined ? generalHelp(COMMANDS) : commandHelp(command));
  return EXIT.ok;
}

function parse(command: Command, args: readonly string[]): CommandInput {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, help: HELP }).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (command.operands === "" && parsed.positionals.length > 0) {
      throw new UsageError(
        `cannot use ${JSON.stringify(parsed.positionals[0])}: no operand wanted`,
      );
    }
    return {
      operands: parsed.positionals,
      text(name) {
        const value = parsed.values[name];
        return typeof value === "string" ? value : undefined;
      },
      flag: (name) => parsed.values[name] === true,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
