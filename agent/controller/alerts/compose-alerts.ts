/** Builds the alerts part of the controller; decides nothing. */

import type { AlertsView } from "../../io/http/alerts-view.ts";
import type { LazyAlertParts } from "./lazy-alerts.ts";
import { LazyAlerts } from "./lazy-alerts.ts";
import type { SourceParts } from "./sources.ts";
import { alertSources } from "./sources.ts";
import { alertsView } from "./view.ts";

export interface AlertsPart {
  readonly alerts: LazyAlerts;
  readonly view: AlertsView;
}

export function composeAlerts(outside: Omit<LazyAlertParts, "sources"> & SourceParts): AlertsPart {
  const alerts = new LazyAlerts({ ...outside, sources: alertSources(outside) });
  return { alerts, view: alertsView(() => alerts.current) };
}
