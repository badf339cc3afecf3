/** Updates built from the controller's parts: what they may ask of paths and policies. */

import { dirname, join } from "node:path";
import type { AgentConfig } from "../../domain/config.ts";
import type { PathHealth } from "../../domain/path-health.ts";
import type { AlertInput } from "../../engine/alerts/input.ts";
import type { AuditRecord } from "../../engine/failover/effect.ts";
import type { UpdateOrder } from "../../wire/update-frames.ts";
import type { Whereabouts } from "../hooks/notices.ts";
import type { Clock, Log, Timers } from "../ports.ts";
import { LazyUpdates } from "./lazy-updates.ts";
import type { Way } from "./ports.ts";

export interface UpdateSurroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  config(): AgentConfig;
  orderUpdate(order: UpdateOrder): void;
  isReady(): boolean;
  readonly health: { all(): readonly PathHealth[] };
  readonly failovers: { readonly failover: Whereabouts & { audit(record: AuditRecord): void } };
  readonly alerts: { take(input: AlertInput): void };
}

export function composeUpdates(parts: UpdateSurroundings): LazyUpdates {
  const { clock, timers, log, config, orderUpdate, alerts } = parts;
  return new LazyUpdates({
    ...{ clock, timers, log, config },
    folder: join(dirname(config().storage.path), "update"),
    order: orderUpdate,
    ways: () => waysOf(parts),
    health: () => ({
      ready: parts.isReady(),
      answering: parts.health.all().filter(isAnswering).length,
    }),
    audit: (record) => parts.failovers.failover.audit(record),
    trouble: (fault) => alerts.take({ kind: "update", fault }),
  });
}

/** Where policies have chosen, those paths; else any of them may be what traffic takes. */
function waysOf(parts: UpdateSurroundings): readonly Way[] {
  const { policies, paths } = parts.config();
  const chosen = policies
    .filter(({ enabled }) => enabled)
    .map(({ id }) => parts.failovers.failover.decisionOf(id)?.choice ?? null)
    .filter((choice) => choice !== null)
    .flatMap((choice) => [choice[4].active, choice[6].active]);
  const health = parts.health.all();
  return paths
    .filter(({ id }) => chosen.length === 0 || chosen.some((path) => path === id))
    .map(({ id, metered }) => ({
      id,
      isUp: health.some(({ path_id, status }) => path_id === id && status === "up"),
      isMetered: metered,
    }));
}

function isAnswering({ status }: PathHealth): boolean {
  return status === "up" || status === "degraded";
}
