/** The failover policies, read and checked in full. */

import type { PolicyConfig } from "../domain/config.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { NAME_FORM } from "./paths.ts";
import { readRoute, rejectShadowed } from "./route-match.ts";
import type { Item, Section } from "./section.ts";
import {
  complain,
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
  textForm,
} from "./section.ts";

type PolicySection = Section<KeyOf<"policy">>;

/** Below this gap a path that was left at the one line is at once good enough by the other. */
const THRESHOLD_GAP = 10;
/** Slots of routing tables. */
const POLICIES_MAX = 60;
const ID_MAX = 2 ** 31 - 1;
const SCORE = { min: 0, max: 100 };
const DELAY = { min: 0, max: 86_400, unit: "s" };
const DWELL = { min: 1, max: 3_600, unit: "s" };
const FLOWS = ["keep", "reset-on-hard-down", "reset-always"] as const;
const PATH_FORM = textForm(/^[^\s]{1,63}$/, "the id of a path");

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
  rejectShadowed(policies, sections);
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
    route: readRoute(section),
    all_down: readChoice(section, "all_down", ["hold", "unreachable", "os"], "hold"),
    flows: readChoice(section, "flows", FLOWS, "reset-on-hard-down"),
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
