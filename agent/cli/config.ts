/** `config`: what a configuration may hold, and what the one of this box means. */

import { referenceConfig } from "../config/example.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";

const ACTIONS = ["example", "schema", "keys", "print", "migrate"] as const;

export async function runConfig(input: CommandInput): Promise<number> {
  const [what, ...rest] = input.operands;
  const action = ACTIONS.find((one) => one === what);
  const operandsMax = action === "migrate" || action === "print" ? 1 : 0;
  if (action === undefined || rest.length > operandsMax) {
    const wrong = action === undefined ? (what ?? "") : (rest[operandsMax] ?? "");
    throw new UsageError(`cannot use ${JSON.stringify(wrong)}: want ${ACTIONS.join(", ")}`);
  }
  switch (action) {
    case "example":
      process.stdout.write(referenceConfig);
      return EXIT.ok;
    case "schema": {
      const { configSchema } = await import("../config/schema/json-schema.ts");
      console.log(JSON.stringify(configSchema(), null, 2));
      return EXIT.ok;
    }
    case "keys":
      return printKeys(input);
    case "print":
      return (await import("./config-print.ts")).printEffective(input, rest[0]);
    case "migrate":
      return (await import("./config-migrate.ts")).migrate(input, rest[0]);
  }
}

async function printKeys(input: CommandInput): Promise<number> {
  const { keyLines } = await import("../config/schema/key-list.ts");
  const lines = keyLines();
  if (input.flag("json")) {
    console.log(JSON.stringify(lines));
    return EXIT.ok;
  }
  for (const { key, type, default: value, help } of lines) {
    const standard = value === null ? "" : `, default ${JSON.stringify(value)}`;
    console.log(`${key}\n    ${type}${standard}: ${help}`);
  }
  return EXIT.ok;
}
