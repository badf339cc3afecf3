/** Failover events for tests of what listens to them. */

import { pathId } from "../../agent/domain/ids.ts";
import { micros } from "../../agent/domain/units.ts";
import type { FailoverEvent } from "../../agent/engine/failover/effect.ts";

export function failoverEvent(facts: Partial<FailoverEvent> = {}): FailoverEvent {
  return {
    type: "completed",
    policy: 1,
    family: 4,
    order: 7,
    from: pathId("fiber"),
    to: pathId("lte"),
    cause: "hard-down",
    reason: "fiber is down: carrier lost",
    primaryScore: 0,
    backupScore: 96.25,
    evidence: [],
    duration: micros(812.4),
    ...facts,
  };
}
