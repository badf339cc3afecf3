/** Who is told when something is wrong, by which rules and when. */

import { ALERT_TYPES, SEVERITIES, WEBHOOK_FORMATS } from "../../domain/alerts.ts";
import { age, FILE, file, text } from "./forms.ts";
import type { SectionName, SectionSpecs, Spec } from "./spec.ts";

const NAME = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
const CHANNEL: Spec = { kind: "section", of: "alertChannel", help: "a channel" };
const CHANNELS: Spec = { kind: "list", of: CHANNEL, help: "who is told", most: 16 };
const QUIET: Spec = { kind: "section", of: "quietHours", help: "when only the worst is told" };

function severity(help: string, value?: string): Spec {
  const base = { kind: "choice", help, choices: SEVERITIES } as const;
  return value === undefined ? base : { ...base, default: value };
}

function seconds(help: string, min: number, max: number, value: number): Spec {
  return { kind: "integer", help, min, max, unit: "s", default: value };
}

const names = (help: string): Spec => ({ kind: "list", of: text("name"), help });

/** A list is the channels alone. */
export const ALERTS_KEY: Spec = {
  kind: "forms",
  forms: [CHANNELS, { kind: "section", of: "alerts", help: "channels, rules, quiet hours" }],
  help: "alerts: channels, or a map",
  nullable: true,
};

export const ALERT_TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  alerts: {
    channels: CHANNELS,
    rules: {
      kind: "list",
      of: { kind: "section", of: "alertRule", help: "a rule" },
      help: "what is told; default: one of each kind",
      most: 100,
    },
    group_secs: seconds("what follows from a cause within is told with it", 0, 300, 5),
    quiet_hours: {
      kind: "forms",
      forms: [QUIET, { kind: "list", of: QUIET, help: "several" }],
      help: "when only the worst is told",
      nullable: true,
    },
    history: { kind: "integer", help: "messages kept", min: 10, max: 10_000, default: 500 },
    max_age: age("older messages are given up", "3d"),
  },
  alertRule: {
    name: text("on every surface; default: its kind", NAME),
    on: { kind: "choice", help: "what it watches", choices: ALERT_TYPES, required: true },
    for: { kind: "duration", help: "how long before it is told" },
    keep: { kind: "duration", help: "how long it is over before that is told" },
    severity: severity("default: by its kind"),
    paths: names("of these only"),
    policies: {
      kind: "list",
      of: { kind: "integer", help: "id", min: 1, max: 2 ** 31 - 1 },
      help: "of these only",
    },
    channels: names("by these only"),
  },
  alertChannel: {
    name: { kind: "text", help: "in metrics and status", pattern: NAME, required: true },
    type: {
      kind: "choice",
      help: "what it is",
      choices: ["webhook", "alertmanager", "mail", "exec"],
      required: true,
    },
    min_severity: severity("less is not told", "info"),
    send_resolved: { kind: "flag", help: "ends are told too", default: true },
    timeout_secs: seconds("of one attempt", 1, 60, 10),
    url: { kind: "text", help: "where to", nullable: true },
    url_file: file("the URL, when it is a secret itself"),
    headers: {
      kind: "map",
      of: { kind: "text", help: "value", secret: true },
      help: "sent along; values are secrets",
    },
    headers_file: file("lines of name: value, read at every attempt"),
    ca_file: file("authorities to trust, PEM"),
    allow_link_local: { kind: "flag", help: "also to link-local addresses" },
    format: { kind: "choice", help: "webhook: body", choices: WEBHOOK_FORMATS },
    template: text("webhook, text: body with {text} and the like"),
    secret_file: file("webhook: HMAC-SHA256 key"),
    resend_secs: {
      kind: "integer",
      help: "alertmanager: between reminders",
      min: 10,
      max: 3_600,
      unit: "s",
    },
    server: text("mail: name or address"),
    port: { kind: "integer", help: "mail: default by security", min: 1, max: 65_535 },
    security: {
      kind: "choice",
      help: "mail",
      choices: ["starttls", "tls", "none"],
    },
    user: { kind: "text", help: "mail: login", nullable: true },
    password_file: file("mail: password"),
    from: text("mail: sender"),
    to: { kind: "list", of: text("address"), help: "mail: recipients", most: 32 },
    exec: {
      kind: "forms",
      forms: [
        { kind: "text", help: "program", pattern: FILE },
        { kind: "list", of: text("argument"), help: "program and arguments", least: 1 },
      ],
      help: "exec: program, or program and arguments; no shell between",
    },
  },
  quietHours: {
    from: { kind: "text", help: "hh:mm", pattern: "^\\d\\d:\\d\\d$", required: true },
    to: {
      kind: "text",
      help: "hh:mm, maybe of the next day",
      pattern: "^\\d\\d:\\d\\d$",
      required: true,
    },
    days: {
      kind: "list",
      of: {
        kind: "choice",
        help: "day",
        choices: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
      },
      help: "on which they begin",
    },
    time_zone: { kind: "text", help: "such as Europe/Berlin", default: "UTC" },
    still_tell: severity("this and above is told all the same", "critical"),
  },
};
