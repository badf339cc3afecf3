/**
 * Messages as bodies: our own JSON, CloudEvents 1.0 in structured mode, the webhook of
 * Alertmanager (version 4), its API v2, and text put into a template.
 */

import type { Alert, Message, WebhookChannel } from "../../domain/alerts.ts";
import { unreachable } from "../../domain/invariant.ts";
import { chatText, oneLine, subjectOf } from "./text.ts";

export interface Formatted {
  readonly contentType: string;
  readonly text: string;
}

/** What Alertmanager writes for an end that is not known. */
const NEVER = "0001-01-01T00:00:00Z";
const FINGERPRINT_LENGTH = 16;

export function formatWebhook(
  message: Message,
  { format, template }: Pick<WebhookChannel, "format" | "template">,
): Formatted {
  switch (format) {
    case "native":
      return json({ version: 1, ...message });
    case "cloudevents":
      return { ...json(cloudEvent(message)), contentType: "application/cloudevents+json" };
    case "alertmanager":
      return json(alertmanagerWebhook(message));
    case "text":
      return fillTemplate(template, message);
    default:
      return unreachable(format);
  }
}

function json(value: object): Formatted {
  return { contentType: "application/json", text: JSON.stringify(value) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

// --- CloudEvents --------------------------------------------------------------------------------

function cloudEvent(message: Message): object {
  return {
    specversion: "1.0",
    id: message.id,
    source: `/patronus/${encodeURIComponent(message.node_id)}`,
    type: `patronus.alert.${message.status}`,
    subject: message.alerts[0]?.id ?? message.id,
    time: isoTime(message.created_at_ms),
    datacontenttype: "application/json",
    data: { version: 1, ...message },
  };
}

// --- Alertmanager -------------------------------------------------------------------------------

type Labels = Readonly<Record<string, string>>;

/** The same from the beginning to the end: they are the alert's identity over there. */
export function labelsOf(alert: Alert, { node_id, site }: Pick<Message, "node_id" | "site">) {
  const labels = {
    alertname: alert.rule,
    severity: alert.severity,
    type: alert.type,
    node: node_id,
    site,
    path: alert.path_id ?? "",
    policy: alert.policy_id === null ? "" : `${alert.policy_id}`,
    // Tells apart what has the same rule: one process from another, one family from another.
    subject: subjectOfKey(alert),
  };
  // An empty label is no label.
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== "")) as Labels;
}

/** `rule/type:subject/time`. */
function subjectOfKey({ id, rule, type }: Alert): string {
  const key = id.slice(rule.length + 1, id.lastIndexOf("/"));
  return key.slice(type.length + 1);
}

function annotationsOf(alert: Alert): Labels {
  const all = {
    summary: oneLine(alert.summary),
    description: alert.consequences.map(oneLine).join("\n"),
    cause: oneLine(alert.cause),
    alert_id: alert.id,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")) as Labels;
}

function alertmanagerWebhook(message: Message): object {
  const alerts = message.alerts.map((alert) => {
    const labels = labelsOf(alert, message);
    return {
      status: alert.status,
      labels,
      annotations: annotationsOf(alert),
      startsAt: isoTime(alert.started_at_ms),
      endsAt: alert.resolved_at_ms === null ? NEVER : isoTime(alert.resolved_at_ms),
      generatorURL: "",
      fingerprint: fingerprint(labels),
    };
  });
  const groupLabels = { node: message.node_id };
  return {
    version: "4",
    groupKey: `{}:{node=${JSON.stringify(message.node_id)}}`,
    truncatedAlerts: 0,
    status: message.status === "resolved" ? "resolved" : "firing",
    receiver: "patronus",
    groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: "",
    alerts,
  };
}

/** `endsAt`: when a firing one is to be forgotten unless it is sent again. */
export function alertmanagerAlerts(message: Message, endsAt: number): Formatted {
  const alerts = message.alerts.map((alert) => ({
    labels: labelsOf(alert, message),
    annotations: annotationsOf(alert),
    startsAt: isoTime(alert.started_at_ms),
    endsAt: isoTime(alert.resolved_at_ms ?? endsAt),
  }));
  return json(alerts);
}

function common(all: readonly Labels[]): Labels {
  const [first = {}, ...rest] = all;
  const same = Object.entries(first).filter(([name, value]) =>
    rest.every((labels) => labels[name] === value),
  );
  return Object.fromEntries(same);
}

function fingerprint(labels: Labels): string {
  const text = JSON.stringify(Object.entries(labels).toSorted());
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, FINGERPRINT_LENGTH);
}

// --- templates ----------------------------------------------------------------------------------

/** In a template of JSON a value cannot leave its string, whatever it holds. */
function fillTemplate(template: string, message: Message): Formatted {
  const values = new Map([
    ["text", chatText(message)],
    ["summary", subjectOf(message)],
    ["status", message.status],
    ["severity", message.severity],
    ["node", oneLine(message.node_id)],
    ["site", oneLine(message.site)],
    ["id", message.id],
  ]);
  const isJson = isJsonTemplate(template);
  const text = template.replace(/\{([a-z_]+)\}/g, (whole, name: string) => {
    const value = values.get(name);
    if (value === undefined) return whole;
    return isJson ? JSON.stringify(value).slice(1, -1) : value;
  });
  return { contentType: isJson ? "application/json" : "text/plain; charset=utf-8", text };
}

function isJsonTemplate(template: string): boolean {
  try {
    JSON.parse(template);
    return true;
  } catch {
    return false;
  }
}
