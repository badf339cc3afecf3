/** `backup`: the agent makes the copy, we put it where it is wanted. */

import { chmodSync, constants, copyFileSync, existsSync, rmSync } from "node:fs";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { socketPath } from "./socket-path.ts";

/** 64 MB from and to slow flash. */
const TIMEOUT_MS = 300_000;

interface Copied {
  readonly path: string;
  readonly octets: number;
}

export async function backUp(input: CommandInput): Promise<number> {
  const [file, second] = input.operands;
  if (file === undefined || second !== undefined) throw new UsageError("want one FILE");
  if (existsSync(file)) {
    console.error(`cannot back up to ${file}: it exists`);
    return EXIT.failure;
  }
  const socket = await socketPath(input);
  const answer = await ask(socket, "/api/v1/backup", { method: "POST", timeoutMs: TIMEOUT_MS });
  if (answer.kind === "failed") {
    console.error(answer.message);
    return answer.exitCode;
  }
  return fetchCopy(answer.body as Copied, file, input.flag("json")); // the same program answers
}

function fetchCopy({ path, octets }: Copied, file: string, isJson: boolean): number {
  try {
    copyFileSync(path, file, constants.COPYFILE_EXCL);
    chmodSync(file, 0o600);
    rmSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`cannot put the backup at ${file}: ${reason}\nit lies at ${path}`);
    return EXIT.failure;
  }
  if (isJson) console.log(JSON.stringify({ file, octets }));
  else console.log(`${file}  ${(octets / 1e6).toFixed(1)} MB`);
  return EXIT.ok;
}
