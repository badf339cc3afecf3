/** `init`: a first configuration from the default routes of this box. */

import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { firstConfig, targetFault } from "../config/first-config.ts";
import { parseConfig } from "../config/parse.ts";
import { formatProblem } from "../config/problem.ts";
import { invariant } from "../domain/invariant.ts";
import { readBoxUplinks } from "../io/box-uplinks.ts";
import { USUAL_CONFIG } from "../io/config-files.ts";
import { createFile, replaceFile } from "../io/replace-file.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";

export async function writeFirstConfig(input: CommandInput): Promise<number> {
  const output = input.text("output") ?? USUAL_CONFIG;
  const exists = output !== "-" && existsSync(output);
  if (exists && !input.flag("force")) {
    return failed(`cannot write ${output}: it exists; --force replaces it`);
  }
  const first = firstConfig(readBoxUplinks(), targetsOf(input));
  if (first.kind === "failed") return failed(first.reason);
  const parsed = parseConfig([{ name: output, text: first.text }], {});
  const problems = parsed.kind === "invalid" ? parsed.problems.map(formatProblem) : [];
  invariant(problems.length === 0, problems.join("\n"));
  if (output === "-") {
    process.stdout.write(first.text);
    return EXIT.ok;
  }
  const problem = exists ? replaceFile(output, first.text) : create(output, first.text);
  if (problem !== null) return failed(`cannot write ${output}: ${problem}`);
  const kept = exists ? `, the old text is in ${output}.old` : "";
  console.log(`${output}: written${kept}; look at it, then: patronus-agent run --config ${output}`);
  return EXIT.ok;
}

/** From --target, else from a person at the terminal; empty: the gateways. */
function targetsOf(input: CommandInput): readonly string[] {
  const isAsked = input.text("target") === undefined && process.stdin.isTTY === true;
  const question = "Hosts beyond the uplinks that always answer (empty: the gateways):";
  const text = isAsked ? (prompt(question) ?? "") : (input.text("target") ?? "");
  const hosts = text.split(/[\s,]+/).filter((host) => host !== "");
  for (const host of hosts) {
    const fault = targetFault(host);
    if (fault !== null) throw new UsageError(fault);
  }
  return [...new Set(hosts)];
}

function create(path: string, text: string): string | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return createFile(path, text);
}

function failed(message: string): number {
  console.error(message);
  return EXIT.failure;
}
