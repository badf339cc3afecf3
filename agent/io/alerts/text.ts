/** Messages as people read them: one line, and the whole text of a mail. */

import type { Alert, Message } from "../../domain/alerts.ts";

/** Everything that could end a line, a header or a terminal's good behaviour. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const SUBJECT_MAX = 180;

/** Text from outside on one line. */
export function oneLine(text: string): string {
  return text.replace(CONTROL, " ").trim();
}

export function utcTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** `[FIRING:2] cpe-1: path fiber is down (and 1 more)`. */
export function subjectOf(message: Message): string {
  const { status, alerts, node_id } = message;
  const [first] = alerts;
  const more = alerts.length > 1 ? ` (and ${alerts.length - 1} more)` : "";
  const count = status === "test" ? "" : `:${alerts.length}`;
  const text = `[${status.toUpperCase()}${count}] ${node_id}: ${first?.summary ?? "test"}${more}`;
  return oneLine(text).slice(0, SUBJECT_MAX);
}

/** One line per alert, for chats. */
export function chatText(message: Message): string {
  const { node_id, site, status, alerts } = message;
  const where = oneLine(site === "" ? node_id : `${node_id} at ${site}`);
  const lines = alerts.map((alert) => `${oneLine(alert.summary)}, ${spanOf(alert)}`);
  return [`${status.toUpperCase()} ${where}`, ...lines].join("\n");
}

/** The body of a mail. */
export function fullText(message: Message): string {
  const { node_id, site, id } = message;
  const blocks = message.alerts.map(alertText);
  const from = oneLine(site === "" ? node_id : `${node_id} at ${site}`);
  const footer = `${from}, message ${id} of ${utcTime(message.created_at_ms)}`;
  return `${blocks.join("\n\n")}\n\n-- \n${footer}\n`;
}

function alertText(alert: Alert): string {
  const consequences = alert.consequences.map((text) => `  because of it: ${oneLine(text)}`);
  return [
    `${alert.status.toUpperCase()} (${alert.severity}): ${oneLine(alert.summary)}`,
    `  ${spanOf(alert)}`,
    ...consequences,
    `  rule ${alert.rule}, alert ${alert.id}`,
  ].join("\n");
}

function spanOf({ started_at_ms: from, resolved_at_ms: to }: Alert): string {
  if (to === null) return `since ${utcTime(from)}`;
  return `from ${utcTime(from)} to ${utcTime(to)} (${lengthOf(to - from)})`;
}

function lengthOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
