/**
 * Single values from outside of the files: `PATRONUS_SECTION__KEY` in the environment, then flags.
 * They replace what the files say.
 */

import type { Place, Report } from "./problem.ts";
import type { Raw, RawEntry, RawMap } from "./raw.ts";
import { emptyMap, looseScalar, scalar } from "./raw.ts";
import type { Environment } from "./substitution.ts";

export interface Override {
  /** For messages: the flag or the variable. */
  readonly name: string;
  /** Dotted key, such as http.listen. */
  readonly key: string;
  readonly value: string;
}

const PREFIX = "PATRONUS_";
const SEPARATOR = "__";

/**
 * A name without the double underscore is no key of the configuration (PATRONUS_CONFIG). Sorted by
 * name: an environment has no order.
 */
export function environmentOverrides(environment: Environment): readonly Override[] {
  return Object.entries(environment)
    .flatMap(([name, value]) => {
      if (value === undefined || !name.startsWith(PREFIX) || !name.includes(SEPARATOR)) return [];
      const key = name.slice(PREFIX.length).toLowerCase().split(SEPARATOR).join(".");
      return [{ name, key, value }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function applyOverride(root: RawMap, override: Override, report: Report): RawMap {
  const place: Place = { file: override.name, line: null };
  return withValue(root, override.key.split("."), { override, place, report });
}

interface Setting {
  readonly override: Override;
  readonly place: Place;
  readonly report: Report;
}

function withValue(map: RawMap, steps: readonly string[], setting: Setting): RawMap {
  const [step = "", ...rest] = steps;
  const entry = map.entries.get(step);
  const value = rest.length === 0 ? lastValue(entry, setting) : inner(entry, rest, setting);
  if (value === null) return map;
  const place = rest.length === 0 || entry === undefined ? setting.place : entry.place;
  return { ...map, entries: new Map(map.entries).set(step, { place, value }) };
}

function lastValue(entry: RawEntry | undefined, { override, place, report }: Setting): Raw | null {
  if (entry !== undefined && (entry.value.kind === "map" || entry.value.kind === "list")) {
    const message = `cannot set a ${entry.value.kind} from outside: want the key of a single value`;
    report.problems.push({ ...place, key: override.key, message });
    return null;
  }
  const isNothing = override.value === "" || override.value === "~" || override.value === "null";
  return isNothing ? scalar(place, null) : looseScalar(place, override.value, override.value);
}

function inner(
  entry: RawEntry | undefined,
  rest: readonly string[],
  setting: Setting,
): RawMap | null {
  const { override, place, report } = setting;
  const below = entry?.value;
  if (below === undefined || below.kind === "scalar" || below.kind === "rejected") {
    return withValue(emptyMap(place), rest, setting);
  }
  if (below.kind === "map") return withValue(below, rest, setting);
  const message = "cannot set a value inside of a list: want it in a file";
  report.problems.push({ ...place, key: override.key, message });
  return null;
}
