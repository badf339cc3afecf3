/** `paths`: the table of paths of the running agent. */

import type { PathHealth } from "../domain/path-health.ts";
import { pathTable } from "../io/table.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";
import { socketPath } from "./socket-path.ts";
import { useColor } from "./terminal.ts";

export interface Snapshot {
  readonly timestamp: number;
  readonly paths: readonly PathHealth[];
}

export async function showPaths(input: CommandInput): Promise<number> {
  const answer = await ask(await socketPath(input), "/api/v1/health/snapshot");
  if (answer.kind === "failed") {
    console.error(answer.message);
    return answer.exitCode;
  }
  const snapshot = answer.body as Snapshot; // the same program answers
  const missing = input.operands.filter(
    (id) => !snapshot.paths.some((path) => path.path_id === id),
  );
  if (missing.length > 0) {
    console.error(`cannot show ${missing.join(", ")}: no such path`);
    return EXIT.failure;
  }
  const wanted = new Set(input.operands);
  const paths = snapshot.paths.filter((path) => wanted.size === 0 || wanted.has(path.path_id));
  if (input.flag("json")) console.log(JSON.stringify({ ...snapshot, paths }));
  else console.log(pathTable(paths, useColor()));
  return EXIT.ok;
}
