/**
 * The failover policies. They are read and checked in full; this version decides nothing by them,
 * and says so.
 */

import type { PolicyConfig, SelectorConfig } from "../domain/config.ts";
import { INTERFACE_FORM, PREFIX_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { NAME_FORM } from "./paths.ts";
import type { Report } from "./problem.ts";
import type { Item, Section } from "./section.ts";
import {
  complain,
  has,
  isEmptyList,
  itemAt,
  openSection,
  readChoice,
  readFlag,
  readInteger,
  readList,
  readText,
  readTexts,
  rejectKey,
  requireText,
  subsection,
  textForm,
  warnKey,
} from "./section.ts";
import { BARE, rankOf, shadowed } from "./selectors.ts";

type PolicySection = Section<KeyOf<"policy">>;

/** Below this gap a path that was left at the one line is at once good enough by the other. */
const THRESHOLD_GAP = 10;
/** Slots of routing tables. */
const POLICIES_MAX = 60;
const PATHS_MAX = 200;
/** Selectors of one policy, as rule priorities. */
const MATCHES_MAX = 16;
const ID_MAX = 2 ** 31 - 1;
const SCORE = { min: 0, max: 100 };
const DELAY = { min: 0, max: 86_400, unit: "s" };
const DWELL = { min: 1, max: 3_600, unit: "s" };
const FLOWS = ["keep", "reset-on-hard-down", "reset-always"] as const;
const PATH_FORM = textForm(/^[^\s]{1,63}$/, "the id of a path");
const DEFAULT_TO = "default";
const TO_FORM = {
  want: "default, an address or a prefix",
  accepts: (text: string) => text === DEFAULT_TO || PREFIX_FORM.accepts(text),
};

/** One for all: a warning per policy would hide the others. */
const WARNING = "only read: this version decides nothing by them and changes no routes";

export function readPolicies(
  root: Section<KeyOf<"root">>,
  pathIds: ReadonlySet<string>,
): readonly PolicyConfig[] {
  const items = readList(root, "policies");
  if (items.length > POLICIES_MAX) {
    rejectKey(root, "policies", `cannot use ${items.length}: want at most ${POLICIES_MAX}`);
  }
  const sections = items.map((item) => openSection(item, KEYS.policy, root.report));
  const policies = sections.map((section) => readPolicy(section, pathIds));
  rejectRepeats(policies, sections);
  rejectSecondDefault(sections);
  rejectShadowed(policies, sections);
  rejectTooManyPaths(root, policies);
  if (items.length > 0) warnKey(root, "policies", WARNING);
  return policies;
}

function readPolicy(section: PolicySection, pathIds: ReadonlySet<string>): PolicyConfig {
  if (!section.map.entries.has("id")) {
    rejectKey(section, "id", `missing: want a whole number from 1 to ${ID_MAX}`);
  }
  const id = readInteger(section, "id", { min: 1, max: ID_MAX }, 0);
  const primary = requireText(section, "primary", PATH_FORM) ?? "";
  const failover = readInteger(section, "failover_threshold", SCORE, 50);
  const failback = readInteger(section, "failback_threshold", SCORE, 80);
  if (failover + THRESHOLD_GAP > failback) {
    const message =
      `cannot use ${failback} with failover_threshold ${failover}: ` +
      `want at least ${failover + THRESHOLD_GAP}`;
    rejectKey(section, "failback_threshold", message);
  }
  if (primary !== "") rejectUnknownPath(itemAt(section, "primary"), primary, pathIds, section);
  return {
    id,
    name: readText(section, "name", NAME_FORM, `policy-${id}`),
    primary,
    backups: readBackups(section, primary, pathIds),
    failover_threshold: failover,
    failback_threshold: failback,
    failback_delay_secs: readInteger(section, "failback_delay_secs", DELAY, 60),
    backup_threshold: readInteger(section, "backup_threshold", SCORE, 50),
    min_improvement: readInteger(section, "min_improvement", SCORE, 15),
    dwell_secs: readInteger(section, "dwell_secs", DWELL, 10),
    enabled: readFlag(section, "enabled", true),
    route: has(section, "route") ? readRoute(section) : null,
    all_down: readChoice(section, "all_down", ["hold", "unreachable", "os"], "hold"),
    flows: readChoice(section, "flows", FLOWS, "reset-on-hard-down"),
    ipv6: readChoice(section, "ipv6", ["report", "nat"], "report"),
  };
}

function readBackups(
  section: PolicySection,
  primary: string,
  pathIds: ReadonlySet<string>,
): readonly string[] {
  const backups = readTexts(section, "backups", PATH_FORM);
  const items = readList({ ...section, report: { problems: [], warnings: [] } }, "backups");
  if (isEmptyList(itemAt(section, "backups")))
    rejectKey(section, "backups", "missing: want at least one other path");
  const seen = new Set([primary]);
  for (const item of items) {
    const text = item.raw.kind === "scalar" ? item.raw.value : null;
    if (typeof text !== "string" || !PATH_FORM.accepts(text)) continue;
    if (seen.has(text)) {
      const where = text === primary ? "it is the primary" : "given twice";
      complain(section.report, item.raw.place, item.key, `remove "${text}": ${where}`);
    } else {
      rejectUnknownPath(item, text, pathIds, section);
    }
    seen.add(text);
  }
  return backups;
}

function rejectUnknownPath(
  item: Item,
  id: string,
  pathIds: ReadonlySet<string>,
  { report }: PolicySection,
): void {
  if (pathIds.has(id)) return;
  const known = [...pathIds].slice(0, 8).join(", ");
  const message = `cannot find the path "${id}": want the id of a path (${known})`;
  complain(report, item.raw.place, item.key, message);
}

function readRoute(section: PolicySection): { readonly match: readonly SelectorConfig[] } {
  const route = subsection(section, "route", KEYS.route);
  const items = readList(route, "match");
  if (items.length === 0 || items.length > MATCHES_MAX) {
    const message = `cannot use ${items.length} selectors: want 1 to ${MATCHES_MAX}`;
    rejectKey(route, "match", message);
  }
  return { match: items.map((item) => readSelector(item, section.report)) };
}

function readSelector(item: Item, report: Report): SelectorConfig {
  const match = openSection(item, KEYS.match, report);
  if (item.raw.kind === "map" && match.map.entries.size === 0) {
    complain(report, item.raw.place, item.key, "missing: want from, to, fwmark or iif");
  }
  const hasMark = match.map.entries.has("fwmark");
  return {
    from: readText(match, "from", PREFIX_FORM, null),
    to: readText(match, "to", TO_FORM, null),
    fwmark: hasMark ? readInteger(match, "fwmark", { min: 1, max: 0xffff_ffff }, 1) : null,
    iif: readText(match, "iif", INTERFACE_FORM, null),
  };
}

function rejectRepeats(
  policies: readonly PolicyConfig[],
  sections: readonly PolicySection[],
): void {
  const firsts = new Map<number, string>();
  for (const [i, section] of sections.entries()) {
    const id = policies[i]?.id ?? 0;
    const first = firsts.get(id);
    if (id === 0) continue;
    if (first === undefined) firsts.set(id, section.key);
    else rejectKey(section, "id", `given twice: ${first} has the id ${id} too`);
  }
}

/** Disabled policies take nothing, and may wait for their turn with the same selectors. */
function rejectShadowed(
  policies: readonly PolicyConfig[],
  sections: readonly PolicySection[],
): void {
  const all = policies.flatMap(({ enabled, route }, i) => {
    const section = sections[i];
    if (!enabled || route === null || section === undefined) return [];
    const silent = { ...section, report: { problems: [], warnings: [] } };
    const items = readList(subsection(silent, "route", KEYS.route), "match");
    return items.flatMap((item, j) => {
      const selector = route.match[j];
      return selector === undefined ? [] : [{ item, selector, report: section.report }];
    });
  });
  for (const [hidden, by] of shadowed(all.map(({ selector }) => selector))) {
    const one = all[hidden];
    const taker = all[by]?.item.key;
    // A second default is told as such, an empty selector as empty.
    if (one === undefined || rankOf(one.selector) === BARE) continue;
    complain(one.report, one.item.raw.place, one.item.key, `remove it: ${taker} takes all of it`);
  }
}

/** Each path of a policy that moves routes has a table of its own. */
function rejectTooManyPaths(root: Section<KeyOf<"root">>, policies: readonly PolicyConfig[]): void {
  const routed = policies.filter(({ route }) => route !== null);
  const { size } = new Set(routed.flatMap(({ primary, backups }) => [primary, ...backups]));
  if (size <= PATHS_MAX) return;
  rejectKey(root, "policies", `cannot route by ${size} paths: want at most ${PATHS_MAX}`);
}

/** Whatever has no better route can go one way only. */
function rejectSecondDefault(sections: readonly PolicySection[]): void {
  let first: string | null = null;
  for (const section of sections) {
    const silent = { ...section, report: { problems: [], warnings: [] } };
    for (const item of readList(subsection(silent, "route", KEYS.route), "match")) {
      const match = openSection(item, KEYS.match, silent.report);
      if (readText(match, "to", TO_FORM, null) !== DEFAULT_TO || match.map.entries.size > 1)
        continue;
      if (first === null) first = item.key;
      else complain(section.report, item.raw.place, `${item.key}.to`, `given twice: ${first} too`);
    }
  }
}
