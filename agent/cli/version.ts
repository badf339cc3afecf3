/** `version`: which build this is, down to the runtime and the core's ABI. */

import { GIT, TARGET, VERSION } from "../domain/version.ts";
import { CORE_ABI } from "../scoring/core-abi.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";

export async function showVersion(input: CommandInput): Promise<number> {
  const facts = {
    version: VERSION,
    git: GIT,
    bun: Bun.version,
    bun_revision: Bun.revision,
    target: TARGET,
    core_abi: CORE_ABI,
  };
  if (input.flag("json")) {
    console.log(JSON.stringify(facts));
  } else {
    console.log(`patronus-agent ${facts.version} (${facts.git}, ${facts.target})`);
    console.log(`bun ${facts.bun} ${facts.bun_revision}, core ABI ${facts.core_abi}`);
  }
  return EXIT.ok;
}
