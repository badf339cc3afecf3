/** The paths: identity, device, targets and the merged health block of each. */

import { parseAddress } from "../domain/address.ts";
import type { PathConfig } from "../domain/config.ts";
import { addressFault, INTERFACE_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { CommonHealth } from "./path-health.ts";
import { readCommonHealth, readPathHealth } from "./path-health.ts";
import { DEFAULT_PROBE, readProbe } from "./probe.ts";
import { PROFILES } from "./profiles.ts";
import type { Section, TextForm } from "./section.ts";
import {
  has,
  isEmptyList,
  itemAt,
  openSection,
  readChoice,
  readFlag,
  readInteger,
  readList,
  readNumber,
  readText,
  rejectKey,
  requireText,
  subsection,
  textForm,
} from "./section.ts";
import { readTargets } from "./targets.ts";

type PathSection = Section<KeyOf<"path">>;

/** One worker drives 10,000 targets; a path has at least one. */
export const PATHS_MAX = 10_000;

const ID_FORM = textForm(
  /^[a-z0-9][a-z0-9._-]{0,62}$/,
  "1 to 63 of a-z, 0-9, dot, _ and -, beginning with a letter or digit",
);
export const NAME_FORM = textForm(
  /^[^\p{Cc}\p{Zl}\p{Zp}]{1,128}$/u,
  "1 to 128 printable characters",
);
const ADDRESS_FORM: TextForm = {
  want: "an IPv4 or IPv6 address of this box",
  accepts: (text) => {
    const address = parseAddress(text);
    return address !== null && addressFault(address) === null;
  },
};
const GATEWAY_FORM: TextForm = {
  want: "auto, none or an address",
  accepts: (text) => text === "auto" || text === "none" || ADDRESS_FORM.accepts(text),
};

export function readPaths(root: Section<KeyOf<"root">>): readonly PathConfig[] {
  const common = readCommonHealth(root);
  const items = readList(root, "paths");
  if (isEmptyList(itemAt(root, "paths"))) {
    rejectKey(root, "paths", "missing: want at least one path");
  }
  if (items.length > PATHS_MAX) {
    rejectKey(root, "paths", `cannot use ${items.length} paths: want at most ${PATHS_MAX}`);
  }
  const paths = items.map((item) => {
    const section = openSection(item, KEYS.path, root.report);
    return { path: readPath(section, common), section };
  });
  rejectRepeatedIds(paths);
  return paths.map(({ path }) => path);
}

function readPath(section: PathSection, common: CommonHealth): PathConfig {
  const id = requireText(section, "id", ID_FORM) ?? "";
  const profile = readChoice(section, "profile", PROFILES, "balanced");
  const device = readText(section, "interface", INTERFACE_FORM, null);
  const source = readText(section, "source", ADDRESS_FORM, null);
  const probe = readProbe(subsection(section, "probe", KEYS.probe), DEFAULT_PROBE);
  const around = { probe, profile, interface: device, source };
  const targets = readTargets(section, around);
  return {
    id,
    name: readText(section, "name", NAME_FORM, id),
    interface: device,
    source,
    gateway: readText(section, "gateway", GATEWAY_FORM, "auto"),
    targets,
    reliability: readReliability(section),
    profile,
    metered: readFlag(section, "metered", profile === "metered"),
    rx_evidence: readFlag(section, "rx_evidence", false),
    cost: readNumber(section, "cost", { min: 0, max: 1_000_000 }, 1),
    capacity_mbps: readCapacity(section),
    health: readPathHealth(section, common, profile),
  };
}

/** Counted in the file, not in the targets that were readable: one fault, one problem. */
function readReliability(section: PathSection): number {
  const { raw } = itemAt(section, "targets");
  const count = raw.kind === "list" && raw.items.length > 0 ? raw.items.length : 1;
  const range = { min: 1, max: count, unit: "(as many as targets)" };
  return readInteger(section, "reliability", range, 1);
}

function readCapacity(section: PathSection): PathConfig["capacity_mbps"] {
  if (!has(section, "capacity_mbps")) return null;
  const capacity = subsection(section, "capacity_mbps", KEYS.capacity);
  const range = { min: 0.001, max: 1_000_000, unit: "Mbit/s" };
  for (const key of KEYS.capacity) {
    if (!capacity.map.entries.has(key)) rejectKey(capacity, key, "missing: want Mbit/s");
  }
  return {
    down: readNumber(capacity, "down", range, 1),
    up: readNumber(capacity, "up", range, 1),
  };
}

function rejectRepeatedIds(
  paths: readonly { readonly path: PathConfig; readonly section: PathSection }[],
): void {
  const firsts = new Map<string, string>();
  for (const { path, section } of paths) {
    if (path.id === "") continue;
    const first = firsts.get(path.id);
    if (first === undefined) firsts.set(path.id, section.key);
    else rejectKey(section, "id", `given twice: ${first} has the id "${path.id}" too`);
  }
}
