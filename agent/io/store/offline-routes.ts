/**
 * What the database remembers of routing, for a command while no agent runs: slots, settings of
 * devices, policies of the API. An agent that runs holds the file; nothing is read then.
 */

import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import type { ApiPolicy } from "../../controller/failover/ports.ts";
import type { RouteMemory } from "../../controller/failover/route-ports.ts";
import { databaseUri } from "./database.ts";
import { readApiPolicies, readRoutes, writeRoutes } from "./failover-tables.ts";
import { attempt } from "./fault.ts";

export interface OfflineRoutes {
  readonly memory: RouteMemory | null;
  readonly apiPolicies: readonly ApiPolicy[];
}

const NOTHING: OfflineRoutes = { memory: null, apiPolicies: [] };
const FORGOTTEN: RouteMemory = { paths: [], policies: [], links: [] };

export type OfflineAnswer =
  | { readonly kind: "ok"; readonly value: OfflineRoutes }
  | { readonly kind: "failed"; readonly reason: string };

/** A file that is not there remembers nothing. */
export function readOffline(path: string): OfflineAnswer {
  return withDatabase(path, (db) => ({
    memory: readRoutes(db),
    apiPolicies: readApiPolicies(db),
  }));
}

/** Everything was removed and restored. null, or why that could not be noted. */
export function forgetRoutes(path: string): string | null {
  const answer = withDatabase(path, (db) => {
    writeRoutes(db, FORGOTTEN);
    return NOTHING;
  });
  return answer.kind === "ok" ? null : answer.reason;
}

function withDatabase(path: string, body: (db: Database) => OfflineRoutes): OfflineAnswer {
  if (!existsSync(path)) return { kind: "ok", value: NOTHING };
  const opened = attempt("cannot open the database", () => {
    const flags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI;
    return new Database(databaseUri(path), flags);
  });
  if (opened.kind === "fault") return { kind: "failed", reason: opened.fault.reason };
  const read = attempt("cannot read the database", () => body(opened.value));
  opened.value.close();
  if (read.kind === "fault") return { kind: "failed", reason: read.fault.reason };
  return { kind: "ok", value: read.value };
}
