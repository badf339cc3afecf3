/**
 * The last version of everything that is replaced as a whole, and what of it still has to be
 * written. Before the file was read for the first time it is not known what the API made in earlier
 * runs: until then nothing of that is written, and what is said meanwhile wins over the file.
 */

import type { Database } from "bun:sqlite";
import type { ApiPolicy, EffectivePolicy } from "../../controller/failover/ports.ts";
import type { RouteMemory } from "../../controller/failover/route-ports.ts";
import type { SavedState } from "./failover-tables.ts";
import {
  readApiPolicies,
  readRoutes,
  readSaved,
  writeApiPolicies,
  writeMirror,
  writeRoutes,
  writeSaved,
} from "./failover-tables.ts";

type Slot = "state" | "mirror" | "api" | "routes";

export class FailoverSlots {
  #saved: SavedState | null = null;
  #routes: RouteMemory | null = null;
  #policies: readonly EffectivePolicy[] | null = null;
  /** null: deleted before the file was read. */
  readonly #api = new Map<number, ApiPolicy | null>();
  #isRead = false;
  readonly #dirty = new Set<Slot>();

  /** As saved by us, or as found in the file. */
  get saved(): SavedState | null {
    return this.#saved;
  }

  /** As remembered by us, or as found in the file. */
  get routes(): RouteMemory | null {
    return this.#routes;
  }

  get apiPolicies(): readonly ApiPolicy[] {
    const policies = [...this.#api.values()].filter((policy) => policy !== null);
    return policies.sort((a, b) => a.id - b.id);
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  save(saved: SavedState): void {
    const before = this.#enabledText();
    this.#saved = saved;
    this.#dirty.add("state");
    if (this.#policies !== null && this.#enabledText() !== before) this.#dirty.add("mirror");
  }

  remember(routes: RouteMemory): void {
    this.#routes = routes;
    this.#dirty.add("routes");
  }

  sync(policies: readonly EffectivePolicy[]): void {
    this.#policies = policies;
    this.#dirty.add("mirror");
  }

  putApi(policy: ApiPolicy): void {
    this.#api.set(policy.id, policy);
    this.#dirty.add("api");
  }

  /** false: there is none. */
  deleteApi(id: number): boolean {
    const known = this.#api.get(id) ?? null;
    if (this.#isRead) this.#api.delete(id);
    else this.#api.set(id, null);
    this.#dirty.add("api");
    return known !== null;
  }

  /** A file was opened. True: it has policies of the API that were not known. */
  read(db: Database): boolean {
    this.#saved ??= readSaved(db);
    this.#routes ??= readRoutes(db);
    // It may be a new file: all that is known has to be in it.
    if (this.#policies !== null) this.#dirty.add("mirror");
    if (this.#isRead) {
      this.#dirty.add("state").add("api").add("routes");
      return false;
    }
    const found = readApiPolicies(db).filter(({ id }) => !this.#api.has(id));
    for (const policy of found) this.#api.set(policy.id, policy);
    this.#isRead = true;
    for (const [id, policy] of this.#api) if (policy === null) this.#api.delete(id);
    return found.length > 0;
  }

  /** Within the caller's transaction; `settle` once it is committed. */
  write(db: Database): void {
    const saved = this.#saved;
    if (this.#dirty.has("state") && saved !== null) writeSaved(db, saved);
    if (this.#dirty.has("routes") && this.#routes !== null) writeRoutes(db, this.#routes);
    if (this.#dirty.has("api") && this.#isRead) writeApiPolicies(db, this.apiPolicies);
    if (!this.#dirty.has("mirror") || this.#policies === null) return;
    writeMirror(db, this.#policies, saved?.state ?? null);
  }

  settle(): void {
    this.#dirty.clear();
  }

  #enabledText(): string {
    return JSON.stringify(this.#saved?.state.policies.map(({ id, enabled }) => [id, enabled]));
  }
}
