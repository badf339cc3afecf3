/** The targets of a path: `host` alone, or `{host, probe}` over the path's probe block. */

import { parseAddress } from "../domain/address.ts";
import type { Profile, TargetConfig } from "../domain/config.ts";
import { addressFault, isHostName, isLinkLocal } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { ProbeDraft } from "./probe.ts";
import { finishProbe, readProbe } from "./probe.ts";
import type { Report } from "./problem.ts";
import { presetSize } from "./profiles.ts";
import { quote, shown } from "./raw.ts";
import type { Item, Section } from "./section.ts";
import {
  complain,
  isEmptyList,
  itemAt,
  openSection,
  readList,
  rejectKey,
  subsection,
} from "./section.ts";

/** What a target inherits and must agree with. */
export interface TargetSurroundings {
  readonly probe: ProbeDraft;
  readonly profile: Profile;
  readonly interface: string | null;
  readonly source: string | null;
}

/** A path is judged by the k-th best of these; more would only cost traffic. */
const TARGETS_MAX = 64;

export function readTargets(
  section: Section<KeyOf<"path">>,
  around: TargetSurroundings,
): readonly TargetConfig[] {
  const items = readList(section, "targets");
  if (isEmptyList(itemAt(section, "targets"))) {
    rejectKey(section, "targets", "missing: want at least one address or name");
  }
  if (items.length > TARGETS_MAX) {
    rejectKey(section, "targets", `cannot use ${items.length}: want at most ${TARGETS_MAX}`);
  }
  const targets: TargetConfig[] = [];
  const seen = new Map<string, string>();
  for (const item of items) {
    const target = readTarget(item, around, section.report);
    if (target === null) continue;
    const same = seen.get(signature(target));
    if (same === undefined) seen.set(signature(target), item.key);
    else complain(section.report, item.raw.place, item.key, `given twice: the same as ${same}`);
    targets.push(target);
  }
  return targets;
}

/** Two targets that would send the same probe answer for each other and prove nothing. */
function signature({ host, probe }: TargetConfig): string {
  return [host.toLowerCase(), probe.type, probe.port, probe.family, probe.dscp].join(" ");
}

function readTarget(item: Item, around: TargetSurroundings, report: Report): TargetConfig | null {
  const { raw } = item;
  const isText = raw.kind === "scalar" && raw.value !== null;
  const hostItem = isText ? item : openHost(item, report);
  if (hostItem === null) return null;
  const draft = isText ? around.probe : readOwnProbe(item, around, report);
  const host = readHost(hostItem, draft, around, report);
  if (host === null) return null;
  return { host, probe: finishProbe(draft, presetSize(around.profile)) };
}

function openHost(item: Item, report: Report): Item | null {
  if (item.raw.kind !== "map") {
    const message = `cannot use ${shown(item.raw)}: want an address, a name or {host, probe}`;
    complain(report, item.raw.place, item.key, message);
    return null;
  }
  const section = openSection(item, KEYS.target, report);
  if (section.map.entries.has("host")) return itemAt(section, "host");
  rejectKey(section, "host", "missing: want an address or a name");
  return null;
}

function readOwnProbe(item: Item, around: TargetSurroundings, report: Report): ProbeDraft {
  // The keys of the target itself are checked by openHost: here a second report would repeat them.
  const section = openSection(item, KEYS.target, { problems: [], warnings: [] });
  const probe = subsection({ ...section, report }, "probe", KEYS.probe);
  return readProbe(probe, around.probe);
}

function readHost(
  { raw, key }: Item,
  probe: ProbeDraft,
  around: TargetSurroundings,
  report: Report,
): string | null {
  if (raw.kind === "rejected") return null;
  const text = raw.kind === "scalar" && typeof raw.value === "string" ? raw.value : null;
  const want =
    text === null ? "want an address or a name, in quotes" : hostFault(text, probe, around);
  if (want === null) return text;
  complain(report, raw.place, key, `cannot use ${shown(raw)}: ${want}`);
  return null;
}

/** What a host should be instead; null: it is right. */
function hostFault(text: string, probe: ProbeDraft, around: TargetSurroundings): string | null {
  const address = parseAddress(text);
  if (address === null) return isHostName(text) ? null : "want an IPv4 or IPv6 address or a name";
  const fault = addressFault(address);
  if (fault !== null) return fault;
  const family = address.family === 4 ? "ipv4" : "ipv6";
  if (probe.family !== "any" && probe.family !== family) {
    return `want an address of probe.family ${probe.family}`;
  }
  const source = around.source === null ? null : parseAddress(around.source);
  if (source !== null && source.family !== address.family) {
    return `want an address of the family of source ${around.source}`;
  }
  const { zone } = address;
  if (isLinkLocal(address.bytes) && zone === null && around.interface === null) {
    return "want a %zone behind the link-local address, or an interface of the path";
  }
  const isNamed = zone !== null && !/^\d+$/.test(zone);
  return isNamed && around.interface !== null && zone !== around.interface
    ? `want the zone of interface ${quote(around.interface)}`
    : null;
}
