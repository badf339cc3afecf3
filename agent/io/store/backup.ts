/**
 * A copy of the database while it is in use: `VACUUM INTO` in the Worker, into a file beside it
 * that only we can read. One copy is kept: one that nobody fetched makes room for the next.
 */

import { chmodSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { BackupEnd } from "../../controller/ports.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import type { CheckpointEnd, Checkpointer } from "./checkpoint.ts";
import { databaseUri } from "./database.ts";
import { attempt } from "./fault.ts";

export async function backUp(
  checkpointer: Checkpointer,
  path: string,
  time: UnixSeconds,
): Promise<BackupEnd> {
  if (checkpointer.running) {
    return { kind: "failed", reason: "cannot back up: the database is being copied, try again" };
  }
  const copy = `${resolve(path)}.backup-${time}`;
  const cleared = attempt("cannot back up", () => deleteOlder(path));
  if (cleared.kind === "fault") return { kind: "failed", reason: cleared.fault.reason };
  const end = await new Promise<CheckpointEnd>((done) => {
    checkpointer.copy(databaseUri(path), copy, done);
  });
  if (end.kind === "ok") return measured(copy);
  attempt("cannot remove an unfinished backup", () => rmSync(copy, { force: true }));
  const reason = end.kind === "fault" ? end.fault.reason : `cannot back up: ${end.reason}`;
  return { kind: "failed", reason };
}

/** The copy is a file of its own: it may be opened, the database may not. */
function measured(copy: string): BackupEnd {
  const measure = attempt("cannot back up", () => {
    chmodSync(copy, 0o600);
    return statSync(copy).size;
  });
  if (measure.kind === "fault") return { kind: "failed", reason: measure.fault.reason };
  return { kind: "done", path: copy, octets: measure.value };
}

function deleteOlder(path: string): void {
  const folder = dirname(resolve(path));
  const prefix = `${basename(path)}.backup-`;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix)) rmSync(join(folder, name));
  }
}
