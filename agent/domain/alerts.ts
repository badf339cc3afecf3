/** Alerts: what may be told, to whom, and the values that every channel is made from. */

import type { UnixMillis } from "./units.ts";

/** Least first. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

/** What a rule may watch. */
export const ALERT_TYPES = [
  "all-down",
  "link-down",
  "path-down",
  "path-degraded",
  "failover",
  "failover-failed",
  "budget-burn",
  "worker-restart",
  "store-trouble",
  "update-trouble",
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

export interface AlertRule {
  readonly name: string;
  readonly on: AlertType;
  /** How long it must last before it is told. */
  readonly for_secs: number;
  /** How long it must be over before its end is told; back within, it is the same alert. */
  readonly keep_secs: number;
  readonly severity: Severity;
  /** Only of these paths; empty: of all. */
  readonly paths: readonly string[];
  /** Only of these policies; empty: of all. */
  readonly policies: readonly number[];
  /** Names of channels; empty: all. */
  readonly channels: readonly string[];
}

export interface QuietHours {
  /** Minutes of the local day. */
  readonly from: number;
  /** Before or at `from`: of the next day. */
  readonly to: number;
  /** Of the day on which they begin, 0 is Sunday; empty: every day. */
  readonly days: readonly number[];
  /** Name in the time zone database. */
  readonly time_zone: string;
  /** This severity and those above are told all the same. */
  readonly pass: Severity;
}

interface ChannelBase {
  readonly name: string;
  readonly min_severity: Severity;
  readonly send_resolved: boolean;
  /** Of one attempt. */
  readonly timeout_secs: number;
}

/** Where an HTTP request goes, and what it proves itself with. */
interface HttpPlace {
  /** null: it is in the file, because it is a secret itself. */
  readonly url: string | null;
  readonly url_file: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Lines "name: value". */
  readonly headers_file: string | null;
  readonly ca_file: string | null;
  /** Also link-local addresses, where clouds keep their credentials. */
  readonly allow_link_local: boolean;
}

export const WEBHOOK_FORMATS = ["native", "cloudevents", "alertmanager", "text"] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export interface WebhookChannel extends ChannelBase, HttpPlace {
  readonly type: "webhook";
  readonly format: WebhookFormat;
  /** Of format text: a JSON body with `{text}` and the like in it. */
  readonly template: string;
  /** HMAC-SHA256 key; null: not signed. */
  readonly secret_file: string | null;
}

export interface AlertmanagerChannel extends ChannelBase, HttpPlace {
  readonly type: "alertmanager";
  /** It forgets what is not sent again. */
  readonly resend_secs: number;
}

export interface MailChannel extends ChannelBase {
  readonly type: "mail";
  readonly server: string;
  readonly port: number;
  /** none: in the clear, for a relay on the box itself. */
  readonly security: "tls" | "starttls" | "none";
  readonly user: string | null;
  readonly password_file: string | null;
  readonly ca_file: string | null;
  readonly from: string;
  readonly to: readonly string[];
}

export interface ExecChannel extends ChannelBase {
  readonly type: "exec";
  readonly exec: readonly string[];
}

export type ChannelConfig = WebhookChannel | AlertmanagerChannel | MailChannel | ExecChannel;

export interface AlertsConfig {
  readonly channels: readonly ChannelConfig[];
  readonly rules: readonly AlertRule[];
  /** What happens within this span is told as one message, its root cause first. */
  readonly group_secs: number;
  readonly quiet_hours: readonly QuietHours[];
  /** Records of the history. */
  readonly history: number;
  readonly max_age_secs: number;
}

/** One alert as it is told; plain JSON. */
export interface Alert {
  /** Stable: the same from its firing to its end, over restarts. */
  readonly id: string;
  readonly rule: string;
  readonly type: AlertType;
  readonly severity: Severity;
  readonly status: "firing" | "resolved";
  readonly summary: string;
  readonly path_id: string | null;
  readonly policy_id: number | null;
  /** Why, in one word or sentence; empty: nothing is known. */
  readonly cause: string;
  /** What it led to that is not told by itself. */
  readonly consequences: readonly string[];
  /** When it began, not when it could be told. */
  readonly started_at_ms: UnixMillis;
  readonly resolved_at_ms: UnixMillis | null;
}

/** What goes to a channel in one message. */
export interface Notification {
  /** Stable over retries and restarts: receivers recognise a second delivery by it. */
  readonly id: string;
  readonly status: "firing" | "resolved" | "test";
  /** The highest of its alerts. */
  readonly severity: Severity;
  readonly created_at_ms: UnixMillis;
  /** Root causes first. */
  readonly alerts: readonly Alert[];
}

/** A message as it left, with who sends it. */
export interface Message extends Notification {
  readonly node_id: string;
  readonly site: string;
}
