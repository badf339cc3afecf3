/** `config migrate`: the current spelling of a file, to standard output or into its place. */

import { migrateConfig } from "../config/migrate.ts";
import { USUAL_CONFIG } from "../io/config-files.ts";
import { readSmallFile, replaceFile } from "../io/replace-file.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";

export function migrate(input: CommandInput, operand: string | undefined): number {
  const file = operand ?? input.text("config") ?? process.env["PATRONUS_CONFIG"] ?? USUAL_CONFIG;
  const read = readSmallFile(file);
  if (read.kind === "failed") return failed(`cannot read ${file}: ${read.reason}`);
  const migration = migrateConfig(read.text);
  if (migration.kind === "failed") return failed(`${file}: ${migration.reason}`);
  for (const change of migration.changes) console.error(`${file}: ${change}`);
  if (!input.flag("write")) {
    process.stdout.write(migration.text);
    return EXIT.ok;
  }
  if (migration.changes.length === 0) {
    console.error(`${file}: is current`);
    return EXIT.ok;
  }
  const problem = replaceFile(file, migration.text);
  if (problem !== null) return failed(`cannot write ${file}: ${problem}`);
  console.error(`${file}: written, the old text is in ${file}.old`);
  return EXIT.ok;
}

function failed(message: string): number {
  console.error(message);
  return EXIT.failure;
}
