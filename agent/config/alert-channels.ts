/** The channels of alerts: each type has keys of its own, and those of another are problems. */

import { parseAddress } from "../domain/address.ts";
import type {
  AlertmanagerChannel,
  ChannelConfig,
  ExecChannel,
  MailChannel,
  WebhookChannel,
} from "../domain/alerts.ts";
import { SEVERITIES, WEBHOOK_FORMATS } from "../domain/alerts.ts";
import { unreachable } from "../domain/invariant.ts";
import { FILE_FORM, isHostName } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { HEADER_NAME, HEADER_VALUE, NAME_FORM, OWN_HEADERS, URL_FORM } from "./otlp-forms.ts";
import { quote } from "./raw.ts";
import type { Item, Section, TextForm } from "./section.ts";
import {
  complain,
  has,
  isEmptyList,
  itemAt,
  openSection,
  readChoice,
  readEntries,
  readFlag,
  readInteger,
  readList,
  readText,
  readTexts,
  rejectKey,
  requireText,
  textForm,
  warnKey,
} from "./section.ts";

type ChannelSection = Section<KeyOf<"alertChannel">>;
type Key = KeyOf<"alertChannel">;

const COMMON: readonly Key[] = ["name", "type", "min_severity", "send_resolved", "timeout_secs"];
const HTTP: readonly Key[] = [
  "url",
  "url_file",
  "headers",
  "headers_file",
  "ca_file",
  "allow_link_local",
];
const OF_TYPE: Readonly<Record<ChannelConfig["type"], readonly Key[]>> = {
  webhook: [...HTTP, "format", "template", "secret_file"],
  alertmanager: [...HTTP, "resend_secs"],
  mail: ["server", "port", "security", "user", "password_file", "ca_file", "from", "to"],
  exec: ["exec"],
};
const TYPES = ["webhook", "alertmanager", "mail", "exec"] as const;
const PORT = { min: 1, max: 65_535 };
const TIMEOUT = { min: 1, max: 60, unit: "s" };
const RESEND = { min: 10, max: 3_600, unit: "s" };
const HEADERS_MAX = 32;
const RECIPIENTS_MAX = 32;
const TEMPLATE_MAX = 8_192;
/** Slack, Mattermost and others. */
const TEMPLATE = `{"text":"{text}"}`;
/** No more than this may be in an address: nothing of it can end a header. */
const MAIL_FORM = textForm(
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/,
  "a mail address such as noc@example.net",
);
const HOST_FORM: TextForm = {
  want: "a name or an address",
  accepts: (text) => isHostName(text) || parseAddress(text) !== null,
};
const USER_FORM = textForm(/^[^\p{Cc}]{1,255}$/u, "1 to 255 printable characters");
const ARGUMENT = textForm(/^[^\0]{0,4000}$/, "text");
const TEMPLATE_FORM: TextForm = {
  want: `text of at most ${TEMPLATE_MAX} characters with {text} or another value in it`,
  accepts: (text) => text.length <= TEMPLATE_MAX && /\{[a-z_]+\}/.test(text),
};

export function readChannels(items: readonly Item[], report: ChannelSection["report"]) {
  const names = new Set<string>();
  return items.flatMap((item): ChannelConfig[] => {
    const section = openSection(item, KEYS.alertChannel, report);
    const name = requireText(section, "name", NAME_FORM);
    if (!has(section, "type")) rejectKey(section, "type", `missing: want ${TYPES.join(", ")}`);
    const type = readChoice(section, "type", TYPES, "webhook");
    const base = {
      name: name ?? "",
      min_severity: readChoice(section, "min_severity", SEVERITIES, "info"),
      send_resolved: readFlag(section, "send_resolved", true),
      timeout_secs: readInteger(section, "timeout_secs", TIMEOUT, 10),
    };
    if (has(section, "type")) rejectOthers(section, type);
    const channel = readChannel(section, type, base);
    if (name === null) return [];
    if (names.has(name)) rejectKey(section, "name", `cannot use ${quote(name)} twice`);
    names.add(name);
    return [channel];
  });
}

type Base = Omit<ExecChannel, "type" | "exec">;

function readChannel(section: ChannelSection, type: ChannelConfig["type"], base: Base) {
  switch (type) {
    case "webhook":
      return readWebhook(section, base);
    case "alertmanager":
      return readAlertmanager(section, base);
    case "mail":
      return readMail(section, base);
    case "exec":
      return { ...base, type, exec: readCommand(section) };
    default:
      return unreachable(type);
  }
}

function rejectOthers(section: ChannelSection, type: ChannelConfig["type"]): void {
  const known = [...COMMON, ...OF_TYPE[type]];
  for (const key of section.keys) {
    if (known.includes(key) || !has(section, key)) continue;
    rejectKey(section, key, `remove it: a channel of type ${type} has no ${key}`);
  }
}

function readWebhook(section: ChannelSection, base: Base): WebhookChannel {
  return {
    ...base,
    ...readPlace(section),
    type: "webhook",
    format: readChoice(section, "format", WEBHOOK_FORMATS, "native"),
    template: readText(section, "template", TEMPLATE_FORM, TEMPLATE),
    secret_file: readText(section, "secret_file", FILE_FORM, null),
  };
}

function readAlertmanager(section: ChannelSection, base: Base): AlertmanagerChannel {
  const resend_secs = readInteger(section, "resend_secs", RESEND, 60);
  return { ...base, ...readPlace(section), type: "alertmanager", resend_secs };
}

function readPlace(section: ChannelSection) {
  const url = readText(section, "url", URL_FORM, null);
  const url_file = readText(section, "url_file", FILE_FORM, null);
  if (has(section, "url") === has(section, "url_file")) {
    rejectKey(section, "url", "cannot choose: want either url or url_file");
  }
  return {
    url,
    url_file,
    headers: readHeaders(section),
    headers_file: readText(section, "headers_file", FILE_FORM, null),
    ca_file: readText(section, "ca_file", FILE_FORM, null),
    allow_link_local: readFlag(section, "allow_link_local", false),
  };
}

function readHeaders(section: ChannelSection): Readonly<Record<string, string>> {
  const entries = readEntries(section, "headers");
  if (entries.length > HEADERS_MAX) {
    rejectKey(section, "headers", `cannot use ${entries.length}: want at most ${HEADERS_MAX}`);
  }
  const headers: [string, string][] = [];
  for (const [name, { raw, key }] of entries) {
    const value = raw.kind === "scalar" && typeof raw.value === "string" ? raw.value : null;
    const isFree = HEADER_NAME.test(name) && !OWN_HEADERS.includes(name.toLowerCase());
    if (!isFree) {
      const message = `cannot use the name ${quote(name)}: want a header that is free to set`;
      complain(section.report, raw.place, key, message);
    } else if (value !== null && HEADER_VALUE.test(value)) {
      headers.push([name.toLowerCase(), value]);
    } else if (raw.kind !== "rejected") {
      // Not shown: it may be a token.
      complain(section.report, raw.place, key, "cannot use the value: want text of one line");
    }
  }
  return Object.fromEntries(headers);
}

function readMail(section: ChannelSection, base: Base): MailChannel {
  const security = readChoice(section, "security", ["starttls", "tls", "none"], "starttls");
  const port = { tls: 465, starttls: 587, none: 25 }[security];
  const user = readText(section, "user", USER_FORM, null);
  const password_file = readText(section, "password_file", FILE_FORM, null);
  if ((user === null) !== (password_file === null)) {
    rejectKey(section, "user", "want user and password_file together, or neither");
  }
  if (security === "none" && user !== null) {
    warnKey(section, "security", "none: anybody on the way can read the password");
  }
  const to = readTexts(section, "to", MAIL_FORM);
  if (isEmptyList(itemAt(section, "to")))
    rejectKey(section, "to", `missing: want ${MAIL_FORM.want}`);
  if (to.length > RECIPIENTS_MAX) {
    rejectKey(section, "to", `cannot use ${to.length}: want at most ${RECIPIENTS_MAX}`);
  }
  return {
    ...base,
    type: "mail",
    server: requireText(section, "server", HOST_FORM) ?? "",
    port: readInteger(section, "port", PORT, port),
    security,
    user,
    password_file,
    ca_file: readText(section, "ca_file", FILE_FORM, null),
    from: requireText(section, "from", MAIL_FORM) ?? "",
    to,
  };
}

/** One absolute path, or a list of it and its arguments. */
function readCommand(section: ChannelSection): readonly string[] {
  const { raw } = itemAt(section, "exec");
  if (raw.kind !== "list") {
    const program = requireText(section, "exec", FILE_FORM);
    return program === null ? [] : [program];
  }
  const command = readTexts(section, "exec", ARGUMENT);
  const [program] = command;
  if (program === undefined || !FILE_FORM.accepts(program)) {
    const current = program === undefined ? "an empty list" : quote(program);
    rejectKey(section, "exec", `cannot run ${current}: want ${FILE_FORM.want} first`);
  }
  return readList(section, "exec").length === command.length ? command : [];
}
