/** What a command is, and the one table that dispatch, help and completion are made from. */

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** status: the agent runs, but not all is well. */
  degraded: 3,
  notRunning: 4,
} as const;

export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** Name of the value in help; strings only. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Behind the name, e.g. "TARGET..." */
  readonly operands: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Further text of --help: examples, exit codes. */
  readonly notes?: string;
  run(input: CommandInput): Promise<number>;
}

export interface CommandInput {
  readonly operands: readonly string[];
  text(option: string): string | undefined;
  flag(option: string): boolean;
}

export const SOCKET_OPTION: OptionSpec = {
  type: "string",
  value: "PATH",
  help: "control socket of the agent (default: from the configuration)",
};

export const CONFIG_OPTION: OptionSpec = {
  type: "string",
  short: "c",
  value: "FILE",
  help: "configuration file (default: $PATRONUS_CONFIG, then /etc/patronus/agent.yaml)",
};

export const JSON_OPTION: OptionSpec = { type: "boolean", help: "machine-readable output" };

/** A mistake on the command line: the message is shown with the usage, exit 2. */
export class UsageError extends Error {}

/** A number option within bounds. Throws UsageError naming option, value and bounds. */
export function numberOption(
  input: CommandInput,
  name: string,
  fallback: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  const text = input.text(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === "" || !(value >= bounds.min && value <= bounds.max)) {
    throw new UsageError(
      `cannot use --${name} ${JSON.stringify(text)}: want a number from ${bounds.min} to ${bounds.max}`,
    );
  }
  return value;
}
