/**
 * Alerts: a list of channels, which then hear of everything by the default rules, or a map with
 * channels, rules and times of quiet. No channel: no alerts.
 */

import type { AlertRule, AlertsConfig, AlertType, QuietHours } from "../domain/alerts.ts";
import { ALERT_TYPES, SEVERITIES } from "../domain/alerts.ts";
import type { PathConfig, PolicyConfig } from "../domain/config.ts";
import { readChannels } from "./alert-channels.ts";
import { DAY_FORM, DAYS, minuteOf, TIME_FORM, ZONE_FORM } from "./hours.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { NAME_FORM } from "./otlp-forms.ts";
import { quote, shown } from "./raw.ts";
import type { Item, Section } from "./section.ts";
import {
  complain,
  has,
  itemAt,
  openSection,
  readChoice,
  readDuration,
  readInteger,
  readList,
  readText,
  readTexts,
  rejectKey,
  requireText,
  textForm,
} from "./section.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const RULES_MAX = 100;
const CHANNELS_MAX = 16;
const FOR = { min: 0, max: 7 * DAY };
const ID_FORM = textForm(/^[^\s]{1,63}$/, "the id of a path");
function defaultRule(on: AlertType, over: Partial<AlertRule>): AlertRule {
  const everywhere = { paths: [], policies: [], channels: [] };
  return { name: on, on, for_secs: 0, keep_secs: 0, severity: "warning", ...everywhere, ...over };
}

/** What a channel without rules hears of. */
export const DEFAULT_RULES: readonly AlertRule[] = [
  defaultRule("all-down", { severity: "critical" }),
  defaultRule("link-down", { keep_secs: 10 }),
  defaultRule("path-down", { keep_secs: 10 }),
  // Two minutes of a bad score, and over after as long: the wave of an evening is one alert.
  defaultRule("path-degraded", { for_secs: 120, keep_secs: 120 }),
  defaultRule("failover", {}),
  defaultRule("failover-failed", { severity: "critical" }),
  defaultRule("budget-burn", { keep_secs: 300 }),
  defaultRule("worker-restart", {}),
  defaultRule("store-trouble", { for_secs: 60 }),
  defaultRule("update-trouble", {}),
];

/** null: nobody is told. */
export function readAlerts(
  root: Section<KeyOf<"root">>,
  paths: readonly PathConfig[],
  policies: readonly PolicyConfig[],
): AlertsConfig | null {
  const item = itemAt(root, "alerts");
  const isList = item.raw.kind === "list";
  const { report } = root;
  const nothing = { ...item, raw: { ...item.raw, kind: "rejected" as const } };
  const section = openSection(isList ? nothing : item, KEYS.alerts, report);
  const items = isList ? readList(root, "alerts") : readList(section, "channels");
  if (items.length > CHANNELS_MAX) {
    const message = `cannot use ${items.length} channels: want at most ${CHANNELS_MAX}`;
    complain(report, item.raw.place, item.key, message);
  }
  const channels = readChannels(items, report);
  const rules = readRules(section, { paths, policies, channels });
  const config = {
    channels,
    rules: has(section, "rules") ? rules : DEFAULT_RULES,
    group_secs: readInteger(section, "group_secs", { min: 0, max: 300, unit: "s" }, 5),
    quiet_hours: readQuietHours(section),
    history: readInteger(section, "history", { min: 10, max: 10_000 }, 500),
    max_age_secs: readDuration(section, "max_age", { min: 60, max: 30 * DAY }, 3 * DAY),
  };
  if (channels.length > 0) return config;
  if (has(section, "rules")) rejectKey(section, "channels", "missing: nobody would hear the rules");
  return null;
}

interface Known {
  readonly paths: readonly PathConfig[];
  readonly policies: readonly PolicyConfig[];
  readonly channels: AlertsConfig["channels"];
}

function readRules(parent: Section<KeyOf<"alerts">>, known: Known): readonly AlertRule[] {
  const items = readList(parent, "rules");
  if (items.length > RULES_MAX) {
    rejectKey(parent, "rules", `cannot use ${items.length}: want at most ${RULES_MAX}`);
  }
  const names = new Set<string>();
  return items.map((item) => {
    const section = openSection(item, KEYS.alertRule, parent.report);
    if (!has(section, "on")) rejectKey(section, "on", `missing: want ${ALERT_TYPES.join(", ")}`);
    const on = readChoice(section, "on", ALERT_TYPES, "path-down");
    const basis = DEFAULT_RULES.find((rule) => rule.on === on) ?? defaultRule(on, {});
    const name = readText(section, "name", NAME_FORM, on);
    if (names.has(name)) rejectKey(section, "name", `give another one: ${quote(name)} is taken`);
    names.add(name);
    return {
      name,
      on,
      for_secs: readDuration(section, "for", FOR, basis.for_secs),
      keep_secs: readDuration(section, "keep", FOR, basis.keep_secs),
      severity: readChoice(section, "severity", SEVERITIES, basis.severity),
      paths: readNames(
        section,
        "paths",
        known.paths.map(({ id }) => id),
      ),
      policies: readPolicyIds(
        section,
        known.policies.map(({ id }) => id),
      ),
      channels: readNames(
        section,
        "channels",
        known.channels.map(({ name: one }) => one),
      ),
    };
  });
}

type RuleSection = Section<KeyOf<"alertRule">>;

function readNames(
  section: RuleSection,
  key: "paths" | "channels",
  known: readonly string[],
): readonly string[] {
  const what = key === "paths" ? "path" : "channel";
  const names = readTexts(section, key, { ...ID_FORM, want: `the name of a ${what}` });
  for (const name of names) {
    if (known.includes(name)) continue;
    const wanted = `want one of ${known.slice(0, 8).join(", ")}`;
    rejectKey(section, key, `cannot find the ${what} ${quote(name)}: ${wanted}`);
  }
  return names;
}

function readPolicyIds(section: RuleSection, known: readonly number[]): readonly number[] {
  return readList(section, "policies").flatMap(({ raw, key }: Item) => {
    const id = raw.kind === "scalar" && typeof raw.value === "number" ? raw.value : null;
    if (id !== null && known.includes(id)) return [id];
    const message = `cannot find the policy ${shown(raw)}: want one of ${known.join(", ") || "none"}`;
    complain(section.report, raw.place, key, message);
    return [];
  });
}

/** One, or a list of them. */
function readQuietHours(parent: Section<KeyOf<"alerts">>): readonly QuietHours[] {
  const item = itemAt(parent, "quiet_hours");
  if (!has(parent, "quiet_hours")) return [];
  const items = item.raw.kind === "map" ? [item] : readList(parent, "quiet_hours");
  return items.map((one) => {
    const section = openSection(one, KEYS.quietHours, parent.report);
    const from = requireText(section, "from", TIME_FORM);
    const to = requireText(section, "to", TIME_FORM);
    return {
      from: minuteOf(from),
      to: minuteOf(to),
      days: readTexts(section, "days", DAY_FORM).map((day) => DAYS.indexOf(day)),
      time_zone: readText(section, "time_zone", ZONE_FORM, "UTC"),
      pass: readChoice(section, "still_tell", SEVERITIES, "critical"),
    };
  });
}
