/** Who hears of failovers as they happen: hooks, alerts, telemetry, metrics. None may throw. */

import type { Micros, UnixMillis } from "../../domain/units.ts";
import type { AuditRecord, FailoverEffect, FailoverEvent } from "../../engine/failover/effect.ts";

export type AllDownEffect = Extract<FailoverEffect, { kind: "all-down" }>;

export interface FailoverListener {
  /** `id`: of the record. */
  event(event: FailoverEvent, id: number, at: UnixMillis): void;
  allDown(effect: AllDownEffect): void;
  audited(record: AuditRecord): void;
  /** From the order to the route that was read back. */
  switched(duration: Micros): void;
}

/** Tells several, in their order. */
export function listeners(all: readonly FailoverListener[]): FailoverListener {
  return {
    event(event, id, at) {
      for (const one of all) one.event(event, id, at);
    },
    allDown(effect) {
      for (const one of all) one.allDown(effect);
    },
    audited(record) {
      for (const one of all) one.audited(record);
    },
    switched(duration) {
      for (const one of all) one.switched(duration);
    },
  };
}
