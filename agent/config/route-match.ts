/**
 * `route:` of a policy: whose traffic it moves. Checked here: the form of each selector, selectors
 * that can never match because an earlier one takes all they ask for, and paths that cannot be
 * routed by. What depends on the addresses of the box is checked when they are known.
 */

import type { PathConfig, PolicyConfig } from "../domain/config.ts";
import { PATH_SLOT_MAX } from "../domain/kernel-net.ts";
import type { RouteConfig, RouteMatch, Selector } from "../domain/selector.ts";
import {
  findShadowed,
  isCatchAll,
  parseSelector,
  routedFamilies,
  TO_DEFAULT,
} from "../domain/selector.ts";
import { INTERFACE_FORM, PREFIX_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Item, Section } from "./section.ts";
import {
  complain,
  has,
  itemAt,
  openSection,
  readChoice,
  readInteger,
  readList,
  readText,
  rejectKey,
  subsection,
} from "./section.ts";

type PolicySection = Section<KeyOf<"policy">>;
type MatchSection = Section<KeyOf<"match">>;

/** Selectors of one policy, as rule priorities. */
const MATCHES_MAX = 16;
const MARK = { min: 1, max: 0xffff_ffff };
const TO_FORM = {
  want: "default, an address or a prefix",
  accepts: (text: string) => text === TO_DEFAULT || PREFIX_FORM.accepts(text),
};
const MASKED_MARK = /^(0x[0-9a-f]{1,8}|\d{1,10})\/(0x[0-9a-f]{1,8}|\d{1,10})$/i;

/** null: the policy only decides and reports. */
export function readRoute(section: PolicySection): RouteConfig | null {
  if (!has(section, "route")) return null;
  const route = subsection(section, "route", KEYS.route);
  const items = readList(route, "match");
  if (items.length === 0 || items.length > MATCHES_MAX) {
    const message = `cannot use ${items.length} selectors: want 1 to ${MATCHES_MAX}`;
    rejectKey(route, "match", message);
  }
  const ipv6 = readChoice(route, "ipv6", ["report", "nat"], "report");
  return { match: items.map((item) => readMatch(item, section)), ipv6 };
}

function readMatch(item: Item, { report }: PolicySection): RouteMatch {
  const section = openSection(item, KEYS.match, report);
  if (item.raw.kind === "map" && section.map.entries.size === 0) {
    complain(report, item.raw.place, item.key, "missing: want from, to, fwmark or iif");
  }
  const match = {
    from: readText(section, "from", PREFIX_FORM, null),
    to: readText(section, "to", TO_FORM, null),
    fwmark: readMark(section),
    iif: readText(section, "iif", INTERFACE_FORM, null),
  };
  if (parseSelector(match) === null) {
    const message = `cannot use ${match.to} with from ${match.from}: want one family`;
    rejectKey(section, "to", message);
  }
  return match;
}

/** A number, or "mark/mask". */
function readMark(section: MatchSection): RouteMatch["fwmark"] {
  const { raw } = itemAt(section, "fwmark");
  const text = raw.kind === "scalar" && typeof raw.value === "string" ? raw.value : "";
  const [, mark, mask] = MASKED_MARK.exec(text) ?? [];
  if (mark !== undefined && mask !== undefined) {
    const value = { mark: Number(mark), mask: Number(mask) };
    if (value.mark <= MARK.max && value.mask >= MARK.min && value.mask <= MARK.max) return value;
  }
  if (!has(section, "fwmark")) return null;
  return { mark: readInteger(section, "fwmark", MARK, MARK.min), mask: MARK.max };
}

interface PlacedSelector {
  readonly selector: Selector;
  readonly item: Item;
}

/** A second `to: default` is the plainest of these cases. */
export function rejectShadowed(
  policies: readonly PolicyConfig[],
  sections: readonly PolicySection[],
): void {
  const placed = policies.flatMap((policy, i) => {
    const section = sections[i];
    return section === undefined ? [] : placedSelectors(policy, section);
  });
  for (const { item, by } of findShadowed(placed)) {
    const { raw, key } = item.item;
    const report = sections[0]?.report ?? { problems: [], warnings: [] };
    const isDefault = isCatchAll(item.selector) && isCatchAll(by.selector);
    const [at, message] = isDefault
      ? [`${key}.to`, `given twice: ${by.item.key} too`]
      : [key, `remove it or move it up: ${by.item.key} takes all of its traffic before`];
    complain(report, raw.place, at, message);
  }
}

function placedSelectors(
  { route }: PolicyConfig,
  section: PolicySection,
): readonly PlacedSelector[] {
  if (route === null) return [];
  const silent = { ...section, report: { problems: [], warnings: [] } };
  const items = readList(subsection(silent, "route", KEYS.route), "match");
  return items.flatMap((item, i) => {
    const match = route.match[i];
    const selector = match === undefined ? null : parseSelector(match);
    // What has a problem already is read as wider than it was meant, and would shadow others.
    const report = { problems: [], warnings: [] };
    readMatch(item, { ...section, report });
    if (selector === null || report.problems.length > 0) return [];
    const families = routedFamilies(selector, route.ipv6);
    return [{ selector: { ...selector, families }, item }];
  });
}

/** Routing goes by devices, and each path that is routed by has a table of its own. */
export function rejectUnroutable(
  root: Section<KeyOf<"root">>,
  paths: readonly PathConfig[],
  policies: readonly PolicyConfig[],
): void {
  const routed = new Set(
    policies.flatMap(({ route, primary, backups }) =>
      route === null ? [] : [primary, ...backups],
    ),
  );
  if (routed.size > PATH_SLOT_MAX) {
    const message = `cannot route by ${routed.size} paths: want at most ${PATH_SLOT_MAX} in policies`;
    rejectKey(root, "policies", message);
  }
  const items = readList({ ...root, report: { problems: [], warnings: [] } }, "paths");
  for (const [i, path] of paths.entries()) {
    const item = items[i];
    if (item === undefined || path.interface !== null || !routed.has(path.id)) continue;
    const message = "missing: want the device, because a policy routes by this path";
    complain(root.report, item.raw.place, `${item.key}.interface`, message);
  }
}
