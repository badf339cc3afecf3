/**
 * Several files as one: maps merge, a later list replaces an earlier one, and a single value may be
 * given in one file only, so that no drop-in changes a value behind the back of its reader.
 */

import type { Report } from "./problem.ts";
import type { Raw, RawEntry, RawMap } from "./raw.ts";
import { isNull, keyBelow } from "./raw.ts";

export function mergeMaps(base: RawMap, over: RawMap, key: string, report: Report): RawMap {
  if (base.entries.size === 0) return over;
  const entries = new Map(base.entries);
  for (const [name, entry] of over.entries) {
    const existing = entries.get(name);
    const at = keyBelow(key, name);
    entries.set(name, existing === undefined ? entry : merged(existing, entry, at, report));
  }
  return { ...base, entries };
}

function merged(first: RawEntry, second: RawEntry, key: string, report: Report): RawEntry {
  const [a, b] = [first.value, second.value];
  if (isVoid(b)) return first;
  if (isVoid(a)) return second;
  if (a.kind === "map" && b.kind === "map") {
    return { place: first.place, value: mergeMaps(a, b, key, report) };
  }
  const earlier = `${first.place.file}:${first.place.line}`;
  if (a.kind === "list" && b.kind === "list") {
    const message = `replaces the list of ${earlier}: lists of several files are not joined`;
    if (a.items.length > 0) report.warnings.push({ ...second.place, key, message });
    return second;
  }
  const message = `given twice: first in ${earlier}, want it in one file`;
  report.problems.push({ ...second.place, key, message });
  return first;
}

/** `health:` without anything below adds nothing. */
function isVoid(raw: Raw): boolean {
  return raw.kind === "rejected" || isNull(raw);
}
