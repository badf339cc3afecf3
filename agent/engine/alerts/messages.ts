/** Messages of alerts: root causes first, one per channel and at most so many alerts in each. */

import type { Alert, AlertRule, Notification } from "../../domain/alerts.ts";
import { isAtLeast, SEVERITIES } from "../../domain/alerts.ts";
import type { UnixMillis } from "../../domain/units.ts";
import { unixMillis } from "../../domain/units.ts";
import { rankOf } from "./causes.ts";
import type { AlertChannel, AlertEffect } from "./input.ts";

/** Of one message; more are told in several. */
export const ALERTS_MAX = 100;

/** An alert, and the channels that it goes to. */
export interface Addressed {
  readonly alert: Alert;
  readonly channels: readonly string[];
}

/** Channels that hear when an alert of this rule begins. */
export function reachOf(rule: AlertRule, channels: readonly AlertChannel[]): ReadonlySet<string> {
  const wanted = channels.filter(
    ({ name, minSeverity }) =>
      (rule.channels.length === 0 || rule.channels.includes(name)) &&
      isAtLeast(rule.severity, minSeverity),
  );
  return new Set(wanted.map(({ name }) => name));
}

/** `sequence`: of the newest notification so far. Answers with the newest one now. */
export function messages(
  addressed: readonly Addressed[],
  wall: UnixMillis,
  sequence: number,
): { readonly effects: readonly AlertEffect[]; readonly sequence: number } {
  const effects: AlertEffect[] = [];
  let newest = sequence;
  const sorted = addressed.toSorted(
    ({ alert: a }, { alert: b }) =>
      rankOf(a.type) - rankOf(b.type) || a.started_at_ms - b.started_at_ms,
  );
  for (let from = 0; from < sorted.length; from += ALERTS_MAX) {
    newest++;
    effects.push(...oneMessage(sorted.slice(from, from + ALERTS_MAX), wall, newest));
  }
  return { effects, sequence: newest };
}

function oneMessage(part: readonly Addressed[], wall: UnixMillis, number: number): AlertEffect[] {
  const at = unixMillis(Math.floor(wall));
  const id = `${at.toString(36)}-${number}`;
  const all = part.map(({ alert }) => alert);
  const names = new Set(part.flatMap(({ channels }) => channels));
  const notices = [...names].map((channel): AlertEffect => {
    const own = part.filter(({ channels }) => channels.includes(channel));
    const alerts = own.map(({ alert }) => alert);
    return { kind: "notify", channel, notification: notification(id, at, alerts) };
  });
  return [{ kind: "record", notification: notification(id, at, all) }, ...notices];
}

function notification(id: string, at: UnixMillis, alerts: readonly Alert[]): Notification {
  const highest = Math.max(...alerts.map(({ severity }) => SEVERITIES.indexOf(severity)));
  return {
    id,
    status: alerts[0]?.status ?? "firing",
    severity: SEVERITIES[highest] ?? "info",
    created_at_ms: at,
    alerts,
  };
}
