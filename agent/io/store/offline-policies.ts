/**
 * The policies that the API made, for a command while no agent runs. An agent that runs holds the
 * file and is asked instead.
 */

import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import type { ApiPolicy } from "../../controller/failover/ports.ts";
import { databaseUri } from "./database.ts";
import { readApiPolicies } from "./failover-tables.ts";
import { attempt } from "./fault.ts";

export type OfflinePolicies =
  | { readonly kind: "ok"; readonly policies: readonly ApiPolicy[] }
  | { readonly kind: "failed"; readonly reason: string };

/** A file that is not there has none. */
export function readOfflinePolicies(path: string): OfflinePolicies {
  if (!existsSync(path)) return { kind: "ok", policies: [] };
  const opened = attempt("cannot open the database", () => {
    const flags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI;
    return new Database(databaseUri(path), flags);
  });
  if (opened.kind === "fault") return { kind: "failed", reason: opened.fault.reason };
  const read = attempt("cannot read the database", () => readApiPolicies(opened.value));
  opened.value.close();
  if (read.kind === "fault") return { kind: "failed", reason: read.fault.reason };
  return { kind: "ok", policies: read.value };
}
