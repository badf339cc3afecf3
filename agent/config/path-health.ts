/**
 * The health block of each path: defaults, profile, `health:` of the file, `health:` of the path.
 * Faults of the merged block are reported at the key that brought them in.
 */

import type { HealthConfig, Profile } from "../domain/config.ts";
import type { HealthFault, HealthSection } from "./health.ts";
import { healthFaults, healthWarnings, readHealth } from "./health.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Place } from "./problem.ts";
import { createReport } from "./problem.ts";
import { presetKeys, presetOf } from "./profiles.ts";
import type { RawMap } from "./raw.ts";
import type { Section } from "./section.ts";
import { complain, placeOfKey, subsection } from "./section.ts";

type PathSection = Section<KeyOf<"path">>;

/** The block of the file, and each profile with it on top. */
export interface CommonHealth {
  readonly block: HealthSection;
  readonly byProfile: Readonly<Record<Profile, HealthConfig>>;
}

export function readCommonHealth(root: Section<KeyOf<"root">>): CommonHealth {
  const block = subsection(root, "health", KEYS.health);
  // Aloud once for what the block says by itself; over the other profiles in silence.
  const balanced = readHealth(block, presetOf("balanced"));
  const silent = { ...block, report: createReport() };
  const over = (profile: Profile) => readHealth(silent, presetOf(profile));
  const fast = over("fast");
  return {
    block,
    byProfile: { balanced, fast, metered: over("metered"), satellite: over("satellite") },
  };
}

export function readPathHealth(
  section: PathSection,
  common: CommonHealth,
  profile: Profile,
): HealthConfig {
  const own = subsection(section, "health", KEYS.health);
  const health = readHealth(own, common.byProfile[profile]);
  const blocks = [own, common.block];
  for (const fault of healthFaults(health)) {
    const { place, key } = placeOfFault(fault, blocks, section);
    complain(section.report, place, key, fault.message);
  }
  for (const warning of healthWarnings(health)) {
    const { place, key } = placeOfFault(warning, blocks, section);
    section.report.warnings.push({ ...place, key, message: warning.message });
  }
  warnOfOverruledPreset(own, common.block, profile);
  return health;
}

/** `health:` of the file wins over profiles, which few expect of keys that repeat the defaults. */
function warnOfOverruledPreset(own: HealthSection, block: HealthSection, profile: Profile): void {
  for (const { steps, value } of presetKeys(profile)) {
    const place = placeBelow(block.map, steps);
    if (place === null || placeBelow(own.map, steps) !== null) continue;
    const message = `wins over the ${value} of profile "${profile}": give it to single paths instead`;
    own.report.warnings.push({ ...place, key: `${block.key}.${steps.join(".")}`, message });
  }
}

/** The key that a fault is about, in the block that gives it; else the path's profile. */
function placeOfFault(
  fault: HealthFault,
  blocks: readonly HealthSection[],
  path: PathSection,
): { readonly place: Place; readonly key: string } {
  for (const block of blocks) {
    for (const steps of fault.keys) {
      const place = placeBelow(block.map, steps);
      if (place !== null) return { place, key: `${block.key}.${steps.join(".")}` };
    }
  }
  return { place: placeOfKey(path, "profile"), key: `${path.key}.profile` };
}

function placeBelow(map: RawMap, steps: readonly string[]): Place | null {
  const [step = "", ...rest] = steps;
  const entry = map.entries.get(step);
  if (entry === undefined || rest.length === 0) return entry?.place ?? null;
  return entry.value.kind === "map" ? placeBelow(entry.value, rest) : null;
}
