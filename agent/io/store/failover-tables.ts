/**
 * What the failover keeps besides its records: the engine's state, the policies in force as the
 * given table shows them, and the documents of those that the API made. Of each only the last
 * version counts, so it is written whole and a failed write is simply written again.
 */

import type { Database } from "bun:sqlite";
import type {
  ApiPolicy,
  EffectivePolicy,
  PolicyDocument,
  Restored,
} from "../../controller/failover/ports.ts";
import type { RouteMemory } from "../../controller/failover/route-ports.ts";
import type { Instant } from "../../domain/units.ts";
import { micros } from "../../domain/units.ts";
import type { PersistedState } from "../../engine/failover/persisted.ts";
import { parsePersisted } from "../../engine/failover/persisted.ts";
import { readState, writeState } from "./state-rows.ts";

const STATE_NAME = "failover";
const ROUTES_NAME = "routes";
/** What readBootId says where the kernel does not. */
const UNKNOWN_BOOT = "unknown";

export interface SavedState {
  readonly state: PersistedState;
  readonly bootId: string;
  readonly monotonicUs: number;
}

/** null: there is none, or not one of ours. */
export function readSaved(db: Database): SavedState | null {
  const value = parseJson(readState(db, STATE_NAME));
  if (typeof value !== "object" || value === null) return null;
  if (!("state" in value && "boot_id" in value && "monotonic_us" in value)) return null;
  const { boot_id: bootId, monotonic_us: monotonicUs } = value;
  const state = parsePersisted(value.state);
  if (state === null || typeof bootId !== "string" || typeof monotonicUs !== "number") return null;
  return { state, bootId, monotonicUs };
}

export function writeSaved(db: Database, { state, bootId, monotonicUs }: SavedState): void {
  const value = { boot_id: bootId, monotonic_us: monotonicUs, state };
  writeState(db, STATE_NAME, JSON.stringify(value));
}

/** Ages go on within a boot only; a clock that went back belongs to another one. */
export function restored(saved: SavedState, bootId: string, now: Instant): Restored {
  const { state, monotonicUs } = saved;
  const isSameBoot = bootId === saved.bootId && bootId !== UNKNOWN_BOOT && now >= monotonicUs;
  return { state, elapsed: isSameBoot ? micros(now - monotonicUs) : "reboot" };
}

/** null: there are none, or not of our form. */
export function readRoutes(db: Database): RouteMemory | null {
  const value = parseJson(readState(db, ROUTES_NAME));
  return isRouteMemory(value) ? value : null;
}

export function writeRoutes(db: Database, routes: RouteMemory): void {
  writeState(db, ROUTES_NAME, JSON.stringify(routes));
}

function isRouteMemory(value: unknown): value is RouteMemory {
  if (typeof value !== "object" || value === null) return false;
  const { paths, policies, links } = Object.fromEntries(Object.entries(value));
  const isLink = (link: unknown) =>
    typeof link === "object" &&
    link !== null &&
    "device" in link &&
    typeof link.device === "string";
  return (
    isPairs(paths, "string") && isPairs(policies, "number") && isList(links) && links.every(isLink)
  );
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Of a key and a slot. */
function isPairs(value: unknown, key: "string" | "number"): boolean {
  if (!isList(value)) return false;
  return value.every(
    (pair) => isList(pair) && typeof pair[0] === key && Number.isSafeInteger(pair[1]),
  );
}

interface ApiRow {
  policy_id: number;
  document: string;
}

export function readApiPolicies(db: Database): ApiPolicy[] {
  const sql = "SELECT policy_id, document FROM failover_api_policy ORDER BY policy_id";
  return db
    .query<ApiRow, []>(sql)
    .all()
    .flatMap(({ policy_id, document }) => {
      const value = parseJson(document);
      return isDocument(value) ? [{ id: policy_id, document: value }] : [];
    });
}

function isDocument(value: unknown): value is PolicyDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function writeApiPolicies(db: Database, policies: readonly ApiPolicy[]): void {
  db.run("DELETE FROM failover_api_policy");
  const insert = db.query("INSERT INTO failover_api_policy (policy_id, document) VALUES (?, ?)");
  for (const { id, document } of policies) insert.run(id, JSON.stringify(document));
}

const INSERT_POLICY = `INSERT INTO sdwan_failover_policies (policy_id, name, primary_path_id,
  backup_path_ids, failover_threshold, failback_threshold, failback_delay_secs, enabled, origin)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** `state` has what the operator said last about `enabled`. */
export function writeMirror(
  db: Database,
  policies: readonly EffectivePolicy[],
  state: PersistedState | null,
): void {
  db.run("DELETE FROM sdwan_failover_policies");
  const insert = db.query(INSERT_POLICY);
  for (const { config, origin } of policies) {
    const said = state?.policies.find(({ id }) => id === config.id)?.enabled ?? null;
    insert.run(
      config.id,
      config.name,
      config.primary,
      JSON.stringify(config.backups),
      config.failover_threshold,
      config.failback_threshold,
      config.failback_delay_secs,
      (said ?? config.enabled) ? 1 : 0,
      origin,
    );
  }
}

/** undefined: no JSON. */
function parseJson(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
