import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../agent/cli/commands.ts";
import { completionScript, SHELLS } from "../../../agent/cli/shell-completion.ts";

/** What bash offers for these words, the last one being typed. */
function bash(...words: string[]): string[] {
  const script = completionScript("bash", COMMANDS);
  const list = words.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(patronus-agent ${list}); COMP_CWORD=${words.length}; _patronus_agent`;
  const code = `${script}\n${ask}\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const { exitCode, stdout, stderr } = Bun.spawnSync(["bash", "--norc", "-c", code]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout
    .toString()
    .split("\n")
    .filter((word) => word !== "");
}

describe("bash", () => {
  test("offers every command", () => {
    expect(bash("")).toEqual(COMMANDS.map(({ name }) => name));
    expect(bash("che")).toEqual(["check-config"]);
  });

  test("offers the options and words of a command", () => {
    for (const { name, options } of COMMANDS) {
      const wanted = [...Object.keys(options), "help"].map((option) => `--${option}`);
      expect(bash(name, "--")).toEqual(wanted);
    }
    expect(bash("config", "sch")).toEqual(["schema"]);
    expect(bash("completion", "z")).toEqual(["zsh"]);
  });
});

describe("all shells", () => {
  test.each(SHELLS)("%s names every command and option", (shell) => {
    const script = completionScript(shell, COMMANDS);
    for (const { name, options } of COMMANDS) {
      expect(script).toContain(name);
      const flag = shell === "fish" ? "-l " : "--";
      for (const option of Object.keys(options)) expect(script).toContain(flag + option);
    }
  });

  test.each(SHELLS)("%s runs nothing that a help text holds", (shell) => {
    const help = "it's $(touch /nonexistent/x) `id` \\ [a]:b";
    const odd = { name: "odd", summary: help, operands: "", run: async () => 0 };
    const script = completionScript(shell, [{ ...odd, options: { x: { type: "boolean", help } } }]);
    // Within single quotes no shell expands anything; a quote in the text is written outside of
    // them, but fish escapes it inside.
    const within = shell === "fish" ? /'(?:[^'\\]|\\.)*'/g : /'[^']*'|\\'/g;
    const bare = script.replace(within, "");
    if (shell !== "bash") expect(script).toContain("touch");
    expect(bare).not.toContain("touch");
  });
});
