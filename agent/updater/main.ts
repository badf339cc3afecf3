/** The updater process: one task, one answer. See protocol.ts. */

import { readFileSync } from "node:fs";
import { unreachable } from "../domain/invariant.ts";
import { rootKeys } from "../update/root-keys.ts";
import { hashFile } from "./hash.ts";
import { restore, thin } from "./keep.ts";
import type { UpdaterAnswer, UpdaterRequest } from "./protocol.ts";
import { stage } from "./stage.ts";

export async function runUpdater(): Promise<number> {
  // Written by the supervisor of the same file: typed there.
  const request: UpdaterRequest = JSON.parse(readFileSync("/dev/stdin", "utf8"));
  let answer: UpdaterAnswer;
  try {
    answer = await perform(request);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    answer = { kind: "refused", reason, file: null };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  return 0;
}

function perform({
  program,
  keysFile,
  task,
}: UpdaterRequest): Promise<UpdaterAnswer> | UpdaterAnswer {
  const roots = rootKeys(keysFile === null ? "" : readFileSync(keysFile, "utf8"));
  switch (task.kind) {
    case "survey":
      return {
        kind: "surveyed",
        sha256: hashFile(program),
        rootKeys: roots.map(({ text }) => text),
      };
    case "stage":
      return stage(program, task, roots);
    case "restore":
      return restore(program, task.previous);
    case "thin":
      return thin(program, task.previous, task.always);
    default:
      return unreachable(task);
  }
}
