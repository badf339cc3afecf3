/** From the configuration to what the engine wants to know, and the message of a test. */

import type { Alert, AlertsConfig, Notification } from "../../domain/alerts.ts";
import type { AgentConfig } from "../../domain/config.ts";
import { pathId } from "../../domain/ids.ts";
import type { UnixMillis } from "../../domain/units.ts";
import type { AlertSettings } from "../../engine/alerts/input.ts";

/** After a reload that took the alerts away: what was told ends, and nobody hears it. */
const NOBODY: AlertsConfig = {
  channels: [],
  rules: [],
  group_secs: 0,
  quiet_hours: [],
  history: 500,
  max_age_secs: 60,
};

export function alertsOf({ alerts }: AgentConfig): AlertsConfig {
  return alerts ?? NOBODY;
}

export function settingsOf(agent: AgentConfig): AlertSettings {
  const { paths, policies } = agent;
  const config = alertsOf(agent);
  return {
    rules: config.rules,
    channels: config.channels.map(({ name, min_severity, send_resolved }) => ({
      name,
      minSeverity: min_severity,
      sendResolved: send_resolved,
    })),
    paths: paths.map(({ id, name }) => ({ id: pathId(id), name })),
    policies: policies.map(({ id, name, primary, backups }) => ({
      id,
      name,
      primary: pathId(primary),
      paths: [primary, ...backups].map(pathId),
    })),
    groupSecs: config.group_secs,
    quietHours: config.quiet_hours,
  };
}

export function testNotification(channel: string, wall: UnixMillis): Notification {
  const id = `${wall.toString(36)}-test`;
  const alert: Alert = {
    id: `test/path-down:${channel}/${wall}`,
    rule: "test",
    type: "path-down",
    severity: "info",
    status: "firing",
    summary: `a test of the channel ${channel}: nothing is wrong`,
    path_id: null,
    policy_id: null,
    cause: "",
    consequences: [],
    started_at_ms: wall,
    resolved_at_ms: null,
  };
  return { id, status: "test", severity: "info", created_at_ms: wall, alerts: [alert] };
}
