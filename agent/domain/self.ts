/** How a process of ours starts another one of the same program, compiled or from source. */

import { invariant } from "./invariant.ts";

/** Entry modules of the compiled file live in Bun's virtual folder. */
const COMPILED_ROOT = "/$bunfs";

export function isCompiled(mainModule: string): boolean {
  return mainModule.startsWith(COMPILED_ROOT);
}

/** The command without role: the file itself, or bun and the entry module. */
export function selfCommand(
  execPath: string,
  mainModule: string,
): readonly [string, ...(readonly string[])] {
  invariant(execPath !== "", "no path of the executable");
  return isCompiled(mainModule) ? [execPath] : [execPath, mainModule];
}
