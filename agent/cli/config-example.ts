/** `config example`: the commented reference configuration. */

import { referenceConfig } from "../config/example.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";

export async function printConfig(input: CommandInput): Promise<number> {
  const [what, ...rest] = input.operands;
  if (what !== "example" || rest.length > 0) {
    throw new UsageError(`cannot print ${JSON.stringify(what ?? "")}: want "example"`);
  }
  process.stdout.write(referenceConfig);
  return EXIT.ok;
}
