/**
 * Everybody who is told of what happens and decides nothing about it: hooks, service levels, alerts
 * and the clients of the stream. Builds the last two and tells all of them.
 */

import type { AlertsView } from "../io/http/alerts-view.ts";
import type { LazyAlertParts } from "./alerts/lazy-alerts.ts";
import { LazyAlerts } from "./alerts/lazy-alerts.ts";
import type { SourceParts } from "./alerts/sources.ts";
import { alertSources } from "./alerts/sources.ts";
import { alertsView } from "./alerts/view.ts";
import type { FailoverListener } from "./failover/listener.ts";
import type { LazyNotices } from "./hooks/lazy-notices.ts";
import type { StatusChange } from "./ports.ts";
import type { SlaPart } from "./sla/compose-sla.ts";
import { StreamHub } from "./stream/hub.ts";

export interface FollowerParts
  extends Omit<LazyAlertParts, "sources" | "handle" | "queue" | "onMessage">,
    SourceParts {
  readonly journal: SourceParts["journal"] & Pick<LazyAlertParts, "handle">;
  readonly telemetry: { readonly openQueue: LazyAlertParts["queue"] };
  readonly notices: LazyNotices;
  readonly sla: Pick<SlaPart, "listener" | "statusChanged" | "watchBudgets">;
}

export interface Followers {
  readonly alerts: LazyAlerts;
  readonly alertsView: AlertsView;
  readonly stream: StreamHub;
  readonly listeners: readonly FailoverListener[];
  statusChanged(change: StatusChange): void;
}

export function composeFollowers(parts: FollowerParts): Followers {
  const { notices, journal, telemetry, failovers, sla } = parts;
  const stream = new StreamHub(parts);
  const alerts = new LazyAlerts({
    ...parts,
    sources: alertSources(parts),
    handle: journal.handle,
    queue: (config) => telemetry.openQueue(config),
    onMessage: (message) => stream.alerted(message),
  });
  sla.watchBudgets({
    isListening: () => alerts.current !== null,
    take: (news) => alerts.take(news),
  });
  return {
    alerts,
    alertsView: alertsView(() => alerts.current),
    stream,
    listeners: [notices, sla.listener, alerts, stream],
    statusChanged(change) {
      notices.statusChanged(change, failovers().failover);
      sla.statusChanged(change);
      alerts.statusChanged(change);
      stream.statusChanged(change);
    },
  };
}
