/** `completion` and `man`: what is made from the command table. */

import type { Command, CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { manPage } from "./man-page.ts";
import { completionScript, SHELLS } from "./shell-completion.ts";

export async function printCompletion(
  input: CommandInput,
  commands: readonly Command[],
): Promise<number> {
  const [name, second] = input.operands;
  const shell = SHELLS.find((one) => one === name);
  if (shell === undefined || second !== undefined) {
    throw new UsageError(
      `cannot complete for ${JSON.stringify(name ?? "")}: want ${SHELLS.join(", ")}`,
    );
  }
  process.stdout.write(completionScript(shell, commands));
  return EXIT.ok;
}

export async function printManPage(commands: readonly Command[]): Promise<number> {
  process.stdout.write(manPage(commands));
  return EXIT.ok;
}
