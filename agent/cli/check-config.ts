/** `check-config`: every problem of the configuration at once, and what watching will cost. */

import { dataCostPerMonth } from "../config/data-cost.ts";
import { megabytes } from "../domain/amount.ts";
import type { AgentConfig } from "../domain/config.ts";
import { USUAL_CONFIG } from "../io/config-files.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { loadConfig, reportLines } from "./load-plan.ts";

export async function checkConfig(input: CommandInput): Promise<number> {
  const [operand, ...more] = input.operands;
  if (more.length > 0) throw new UsageError("cannot check several files: want one");
  const loaded = loadConfig(operand ?? input.text("config"));
  if (loaded.kind === "none") {
    console.error(`cannot check: no file named, and there is none at ${USUAL_CONFIG}`);
    return EXIT.usage;
  }
  const problems = loaded.kind === "invalid" ? loaded.problems : [];
  const ok = loaded.kind === "config";
  if (input.flag("json")) {
    console.log(JSON.stringify({ ok, problems, warnings: loaded.warnings }));
  } else {
    for (const line of reportLines(problems, loaded.warnings)) console.error(line);
    if (ok) console.log(summary(loaded.config).join("\n"));
  }
  return ok ? EXIT.ok : EXIT.usage;
}

function summary(config: AgentConfig): string[] {
  const targets = config.paths.reduce((sum, path) => sum + path.targets.length, 0);
  const counts = [
    counted(config.paths.length, "path"),
    counted(targets, "target"),
    config.policies.length === 1 ? "1 policy" : `${config.policies.length} policies`,
  ].join(", ");
  return [
    `${config.origin}: ok, ${counts}`,
    ...config.paths.map((path) => {
      const cost = megabytes(dataCostPerMonth(path));
      const own = counted(path.targets.length, "target");
      return `  ${path.id}: ${own}, ${path.profile}, ${cost} MB a month`;
    }),
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
