/** `config print`: the files of this box as they take effect. */

import { effectiveTree } from "../config/effective.ts";
import { effectiveJson, effectiveYaml } from "../config/effective-text.ts";
import { createReport } from "../config/problem.ts";
import { readRoot } from "../config/root.ts";
import { readConfigFiles, USUAL_CONFIG } from "../io/config-files.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";
import { loadConfig, reportLines } from "./load-plan.ts";

export type Printed =
  | { readonly kind: "printed"; readonly text: string }
  | { readonly kind: "failed"; readonly lines: readonly string[] };

export function printEffective(input: CommandInput, operand: string | undefined): number {
  const printed = effectiveConfig(operand ?? input.text("config"), input.flag("json"));
  if (printed.kind === "failed") {
    for (const line of printed.lines) console.error(line);
    return EXIT.usage;
  }
  process.stdout.write(printed.text);
  return EXIT.ok;
}

/** `file`: as loadConfig() takes it. Secrets are masked. */
export function effectiveConfig(file: string | undefined, isJson: boolean): Printed {
  const loaded = loadConfig(file);
  if (loaded.kind === "none") {
    return {
      kind: "failed",
      lines: [`cannot print: there is no configuration at ${USUAL_CONFIG}`],
    };
  }
  if (loaded.kind === "invalid") {
    return { kind: "failed", lines: reportLines(loaded.problems, loaded.warnings) };
  }
  const files = readConfigFiles({ path: file ?? null, environment: process.env });
  const sources = files.kind === "files" ? files.sources : [];
  const parts = { sources, environment: process.env, overrides: [] };
  const root = readRoot(parts, createReport());
  if (root === null)
    return { kind: "failed", lines: ["cannot print: the files changed meanwhile"] };
  const tree = effectiveTree(root, loaded.config);
  const text = isJson ? `${JSON.stringify(effectiveJson(tree))}\n` : effectiveYaml(tree);
  return { kind: "printed", text };
}
