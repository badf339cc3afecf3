/** A book of failovers that keeps everything in memory, for tests. */

import type {
  ApiPolicy,
  AuditQuery,
  BookState,
  EffectivePolicy,
  EventQuery,
  FailoverBook,
  RecordedAudit,
  RecordedEvent,
  RecordPage,
  Restored,
} from "../../agent/controller/failover/ports.ts";
import type { UnixMillis } from "../../agent/domain/units.ts";
import type { AuditRecord, FailoverEvent } from "../../agent/engine/failover/effect.ts";
import type { PersistedState } from "../../agent/engine/failover/persisted.ts";

export class FakeFailoverBook implements FailoverBook {
  readonly recorded: RecordedEvent[] = [];
  readonly audited: RecordedAudit[] = [];
  readonly api = new Map<number, ApiPolicy>();
  synced: readonly EffectivePolicy[] = [];
  saved: PersistedState | null = null;
  restored: Restored | null = null;
  readonly state: BookState = { store: { kind: "ok" }, pending: 0, dropped: 0 };
  #id = 0;

  together<T>(write: () => T): T {
    return write();
  }

  record(event: FailoverEvent, at: UnixMillis): number {
    this.recorded.push({ ...event, id: ++this.#id, at });
    return this.#id;
  }

  audit(record: AuditRecord, at: UnixMillis): number {
    this.audited.push({ ...record, id: ++this.#id, at });
    return this.#id;
  }

  saveState(state: PersistedState): void {
    this.saved = state;
  }

  loadState(): Restored | null {
    return this.restored;
  }

  syncPolicies(policies: readonly EffectivePolicy[]): void {
    this.synced = policies;
  }

  apiPolicies(): readonly ApiPolicy[] {
    return [...this.api.values()];
  }

  putApiPolicy(policy: ApiPolicy): void {
    this.api.set(policy.id, policy);
  }

  deleteApiPolicy(id: number): boolean {
    return this.api.delete(id);
  }

  events(_: EventQuery): RecordPage<RecordedEvent> {
    return { records: this.recorded, next: null };
  }

  audits(_: AuditQuery): RecordPage<RecordedAudit> {
    return { records: this.audited, next: null };
  }

  close(): void {}
}
