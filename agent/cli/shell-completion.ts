/** Completion for bash, zsh and fish, made from the command table. */

import type { Command, OptionSpec } from "./command.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const PROGRAM = "patronus-agent";
const HELP: readonly [string, OptionSpec] = [
  "help",
  { type: "boolean", short: "h", help: "this text" },
];

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return `${scripts[shell](commands)}\n`;
}

function optionsOf(command: Command): readonly (readonly [string, OptionSpec])[] {
  return [...Object.entries(command.options), HELP];
}

/** Words such as example|schema in the operands; other operands are files. */
export function wordsOf({ operands }: Command): readonly string[] {
  const [first = ""] = operands.split(" ");
  return first.includes("|") ? first.replace(/[[\]]/g, "").split("|") : [];
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const flags = optionsOf(command).map(([name]) => `--${name}`);
    return `    ${command.name}) words=${quoted([...flags, ...wordsOf(command)].join(" "))} ;;`;
  });
  return `# bash completion of ${PROGRAM}
_patronus_agent() {
  local current=\${COMP_WORDS[COMP_CWORD]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted(commands.map(({ name }) => name).join(" "))}
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
    *) words= ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _patronus_agent ${PROGRAM}`;
}

function zshScript(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${colons(summary)}`)}`);
  const cases = commands.map((command) => {
    const specs = optionsOf(command).map(
      ([name, spec]) => `        ${quoted(zshOption(name, spec))}`,
    );
    const words = wordsOf(command);
    const rest = words.length === 0 ? "*:file:_files" : `1:what:(${words.join(" ")})`;
    const lines = ["      _arguments", ...specs, `        ${quoted(rest)}`].join(" \\\n");
    return `      ${command.name})\n${lines} ;;`;
  });
  return `#compdef ${PROGRAM}
_patronus_agent() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_${PROGRAM}" ]; then
  _patronus_agent "$@"
else
  compdef _patronus_agent ${PROGRAM}
fi`;
}

function zshOption(name: string, { type, help, value }: OptionSpec): string {
  const text = help.replace(/[[\]\\]/g, "\\$&");
  const taken = type === "string" ? `:${colons(value ?? "value")}:_files` : "";
  return `--${name}${type === "string" ? "=" : ""}[${text}]${taken}`;
}

function colons(text: string): string {
  return text.replace(/[\\:]/g, "\\$&");
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const within = `-n ${quoted(`__fish_seen_subcommand_from ${command.name}`)}`;
    const options = optionsOf(command).map(([name, { type, short, help }]) => {
      const brief = short === undefined ? "" : ` -s ${short}`;
      const taken = type === "string" ? " -r" : "";
      return `complete -c ${PROGRAM} ${within} -l ${name}${brief}${taken} -d ${fishQuoted(help)}`;
    });
    const words = wordsOf(command).map((word) => `complete -c ${PROGRAM} ${within} -a ${word}`);
    const first = `complete -c ${PROGRAM} -n __fish_use_subcommand -f -a ${command.name}`;
    return [`${first} -d ${fishQuoted(command.summary)}`, ...options, ...words];
  });
  return [`# fish completion of ${PROGRAM}`, ...lines].join("\n");
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
