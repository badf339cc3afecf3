/**
 * Where telemetry is pushed to: one endpoint with its settings right below `otlp`, or a list of
 * destinations, each of which falls back to the settings above it; and the OTEL_* variables as
 * defaults of both.
 */

import type { OtlpConfig, OtlpDestination, OtlpTls } from "../domain/otlp.ts";
import { FILE_FORM, INTERFACE_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { OtelDefaults } from "./otlp-environment.ts";
import { otelDefaults } from "./otlp-environment.ts";
import {
  HEADER_NAME,
  HEADER_VALUE,
  NAME_FORM,
  OWN_HEADERS,
  signalUrl,
  URL_FORM,
} from "./otlp-forms.ts";
import { quote } from "./raw.ts";
import type { Section } from "./section.ts";
import {
  complain,
  has,
  openSection,
  readChoice,
  readDuration,
  readEntries,
  readFlag,
  readInteger,
  readList,
  readText,
  rejectKey,
  requireText,
  subsection,
  warnKey,
} from "./section.ts";
import type { Environment } from "./substitution.ts";

type OtlpSection = Section<KeyOf<"otlp">>;
type PlaceSection = Section<KeyOf<"otlpDestination">>;
type Settings = Omit<OtlpDestination, "name" | "metrics_url" | "logs_url"> & {
  readonly events: boolean;
};

const DAY = 86_400;
const DESTINATIONS_MAX = 8;
const HEADERS_MAX = 32;
/** OTLP exporter specification. */
const TIMEOUT_SECS = 10;
const NO_TLS: OtlpTls = { ca_file: null, cert_file: null, key_file: null, insecure: false };

/** null: nothing is pushed. */
export function readOtlp(
  root: Section<KeyOf<"root">>,
  environment: Environment,
): OtlpConfig | null {
  const section = subsection(root, "otlp", KEYS.otlp);
  const otel = otelDefaults(environment, root.report);
  const base = readSettings(section, settingsOf(otel));
  const interval = { min: 1, max: DAY, unit: "s" };
  const config = {
    destinations: [...readEndpoint(section, base, otel), ...readDestinations(section, base)],
    interval_secs: readInteger(section, "interval_secs", interval, otel.intervalSecs ?? 60),
    queue: readQueue(section),
    resource: otel.resource,
  };
  if (config.destinations.length === 0) return null;
  if (!otel.isDisabled) return config;
  const named = has(section, "endpoint") ? "endpoint" : "destinations";
  if (has(section, named)) warnKey(section, named, "nothing is sent: OTEL_SDK_DISABLED is set");
  return null;
}

/** The endpoint right below `otlp`, else that of the environment. */
function readEndpoint(
  section: OtlpSection,
  base: Settings,
  otel: OtelDefaults,
): readonly OtlpDestination[] {
  if (has(section, "endpoint")) {
    const endpoint = readText(section, "endpoint", URL_FORM, null);
    return endpoint === null ? [] : [destination("default", endpoint, base)];
  }
  if (has(section, "destinations")) return [];
  const { metricsUrl, logsUrl } = otel;
  if (metricsUrl === null && logsUrl === null) return [];
  const { events, ...settings } = base;
  const logs_url = events ? logsUrl : null;
  return [{ name: "default", metrics_url: metricsUrl, logs_url, ...settings }];
}

function readDestinations(section: OtlpSection, base: Settings): readonly OtlpDestination[] {
  const items = readList(section, "destinations");
  if (items.length > DESTINATIONS_MAX) {
    const message = `cannot use ${items.length}: want at most ${DESTINATIONS_MAX}`;
    rejectKey(section, "destinations", message);
  }
  const names = new Set(has(section, "endpoint") ? ["default"] : []);
  return items.flatMap((item) => {
    const place: PlaceSection = openSection(item, KEYS.otlpDestination, section.report);
    const name = requireText(place, "name", NAME_FORM);
    const endpoint = requireText(place, "endpoint", URL_FORM);
    const settings = readSettings(place, base);
    if (name === null || endpoint === null) return [];
    if (names.has(name)) rejectKey(place, "name", `cannot use ${quote(name)} twice`);
    names.add(name);
    return [destination(name, endpoint, settings)];
  });
}

function destination(
  name: string,
  endpoint: string,
  { events, ...settings }: Settings,
): OtlpDestination {
  const logs_url = events ? signalUrl(endpoint, "logs") : null;
  return { name, metrics_url: signalUrl(endpoint, "metrics"), logs_url, ...settings };
}

function settingsOf(otel: OtelDefaults): Settings {
  return {
    compression: otel.compression ?? "gzip",
    timeout_ms: otel.timeoutMs ?? TIMEOUT_SECS * 1_000,
    headers: otel.headers,
    headers_file: null,
    tls: { ...NO_TLS, ca_file: otel.caFile, cert_file: otel.certFile, key_file: otel.keyFile },
    interface: null,
    events: true,
  };
}

function readSettings(section: PlaceSection | OtlpSection, base: Settings): Settings {
  // The keys of a destination are all keys of the section above it.
  const own = section as PlaceSection;
  const seconds = { min: 1, max: 30, unit: "s" };
  const timeout = has(own, "timeout_secs")
    ? readInteger(own, "timeout_secs", seconds, TIMEOUT_SECS) * 1_000
    : base.timeout_ms;
  return {
    compression: readChoice(own, "compression", ["gzip", "none"], base.compression),
    timeout_ms: timeout,
    headers: { ...base.headers, ...readHeaders(own) },
    headers_file: readText(own, "headers_file", FILE_FORM, null) ?? base.headers_file,
    tls: readTls(own, base.tls),
    interface: readText(own, "interface", INTERFACE_FORM, null) ?? base.interface,
    events: readFlag(own, "events", base.events),
  };
}

function readHeaders(section: PlaceSection): Readonly<Record<string, string>> {
  const entries = readEntries(section, "headers");
  if (entries.length > HEADERS_MAX) {
    rejectKey(section, "headers", `cannot use ${entries.length}: want at most ${HEADERS_MAX}`);
  }
  const headers: [string, string][] = [];
  for (const [name, { raw, key }] of entries) {
    const value = raw.kind === "scalar" && typeof raw.value === "string" ? raw.value : null;
    const isOwn = OWN_HEADERS.includes(name.toLowerCase());
    if (!HEADER_NAME.test(name) || isOwn) {
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

function readTls(parent: PlaceSection, base: OtlpTls): OtlpTls {
  const section = subsection(parent, "tls", KEYS.otlpTls);
  const file = (name: "ca_file" | "cert_file" | "key_file") =>
    readText(section, name, FILE_FORM, null) ?? base[name];
  const tls = {
    ca_file: file("ca_file"),
    cert_file: file("cert_file"),
    key_file: file("key_file"),
    insecure: readFlag(section, "insecure", base.insecure),
  };
  if (has(parent, "tls") && (tls.cert_file === null) !== (tls.key_file === null)) {
    rejectKey(parent, "tls", "want cert_file and key_file together, or neither");
  }
  if (tls.insecure) warnKey(parent, "tls", "insecure: anybody can read and change what is sent");
  return tls;
}

function readQueue(section: OtlpSection): OtlpConfig["queue"] {
  const queue = subsection(section, "queue", KEYS.queue);
  const rate = { min: 1, max: 1_000, unit: "/s" };
  return {
    max_mb: readInteger(queue, "max_mb", { min: 1, max: 65_536, unit: "MB" }, 16),
    max_age_secs: readDuration(queue, "max_age", { min: 60, max: 365 * DAY }, 7 * DAY),
    replay_per_sec: readInteger(queue, "replay_per_sec", rate, 10),
  };
}
