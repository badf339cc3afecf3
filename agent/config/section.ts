/**
 * Typed readers over one map of the configuration. Each reader reports what it cannot use and goes
 * on with the fallback, so that one pass finds every problem. `K` is the set of keys that the map
 * may have: a reader cannot ask for a key that the check of unknown keys does not know.
 */

import { DURATION_FORM, formatDuration, parseDuration } from "./duration.ts";
import type { Place, Report } from "./problem.ts";
import type { Raw, RawMap } from "./raw.ts";
import { emptyMap, isNull, keyBelow, quote, shown } from "./raw.ts";
import { renamedKey } from "./renamed.ts";
import { closest } from "./suggestion.ts";

export interface Section<K extends string> {
  readonly map: RawMap;
  readonly key: string;
  readonly report: Report;
  readonly keys: readonly K[];
}

/** Something inside of a list or map, with the path that messages name. */
export interface Item {
  readonly raw: Raw;
  readonly key: string;
}

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

/** Opens `item` as a map with these keys; unknown ones are reported here. */
export function openSection<K extends string>(
  item: Item,
  keys: readonly K[],
  report: Report,
): Section<K> {
  const { raw, key } = item;
  if (raw.kind === "map") {
    const section = { map: raw, key, report, keys };
    rejectUnknownKeys(section);
    return section;
  }
  if (raw.kind !== "rejected" && !isNull(raw)) {
    complain(report, raw.place, key, `cannot use ${shown(raw)}: want a map of keys and values`);
  }
  return { map: emptyMap(raw.place), key, report, keys };
}

/** The map below `name`; an absent one is empty and lies where its parent does. */
export function subsection<K extends string, L extends string>(
  section: Section<K>,
  name: K,
  keys: readonly L[],
): Section<L> {
  return openSection(itemAt(section, name), keys, section.report);
}

function rejectUnknownKeys<K extends string>(section: Section<K>): void {
  for (const [name, { place }] of section.map.entries) {
    if (section.keys.some((key) => key === name)) continue;
    complain(section.report, place, keyBelow(section.key, name), unknownKey(name, section.keys));
  }
}

function unknownKey(name: string, known: readonly string[]): string {
  const renamed = renamedKey(name, known);
  if (renamed !== null) return `renamed to ${renamed.to}: config migrate rewrites the file`;
  const guess = closest(name, known);
  if (guess === null) return `unknown key: known here are ${known.join(", ")}`;
  return `unknown key: did you mean ${quote(guess)}?`;
}

export function has<K extends string>(section: Section<K>, name: K): boolean {
  const value = section.map.entries.get(name)?.value;
  return value !== undefined && !isNull(value);
}

/** Nothing where a list is wanted; a value of another kind has been reported as such. */
export function isEmptyList({ raw }: Item): boolean {
  return raw.kind === "list" ? raw.items.length === 0 : isNull(raw);
}

/** The value of a key; an absent one is null in the place of the section. */
export function itemAt<K extends string>(section: Section<K>, name: K): Item {
  const key = keyBelow(section.key, name);
  const raw = section.map.entries.get(name)?.value;
  const absent = { kind: "scalar", value: null, loose: false, shown: "null" } as const;
  return { raw: raw ?? { ...absent, place: section.map.place }, key };
}

export function placeOfKey<K extends string>(section: Section<K>, name: K): Place {
  return section.map.entries.get(name)?.place ?? section.map.place;
}

export function complain(report: Report, place: Place, key: string, message: string): void {
  report.problems.push({ file: place.file, line: place.line, key, message });
}

/** Reports a problem of the value of `name`. */
export function rejectKey<K extends string>(section: Section<K>, name: K, message: string): void {
  complain(section.report, placeOfKey(section, name), keyBelow(section.key, name), message);
}

export function warnKey<K extends string>(section: Section<K>, name: K, message: string): void {
  const { file, line } = placeOfKey(section, name);
  section.report.warnings.push({ file, line, key: keyBelow(section.key, name), message });
}

function cannotUse<K extends string>(section: Section<K>, name: K, want: string): void {
  const { raw } = itemAt(section, name);
  if (raw.kind === "rejected") return;
  rejectKey(section, name, `cannot use ${shown(raw)}: want ${want}`);
}

/** Text of a value; null: it has none. Numbers in a file are not text, those of a flag are. */
function textOf(raw: Raw): string | null {
  return raw.kind === "scalar" && typeof raw.value === "string" ? raw.value : null;
}

function numberOf(raw: Raw): number | null {
  if (raw.kind !== "scalar") return null;
  if (typeof raw.value === "number") return raw.value;
  const isNumber = raw.loose && typeof raw.value === "string" && /^[-+]?[\d.]/.test(raw.value);
  return isNumber ? Number(raw.value) : null;
}

export function readNumber<K extends string>(
  section: Section<K>,
  name: K,
  range: Range,
  fallback: number,
): number {
  if (!section.map.entries.has(name)) return fallback;
  const value = numberOf(itemAt(section, name).raw);
  if (value !== null && value >= range.min && value <= range.max) return value;
  cannotUse(section, name, `a number ${formatRange(range)}`);
  return fallback;
}

export function readInteger<K extends string>(
  section: Section<K>,
  name: K,
  range: Range,
  fallback: number,
): number {
  if (!section.map.entries.has(name)) return fallback;
  const value = numberOf(itemAt(section, name).raw);
  const isRight = Number.isSafeInteger(value);
  if (value !== null && isRight && value >= range.min && value <= range.max) return value;
  cannotUse(section, name, `a whole number ${formatRange(range)}`);
  return fallback;
}

function formatRange({ min, max, unit }: Range): string {
  return `from ${min} to ${max}${unit === undefined ? "" : ` ${unit}`}`;
}

export function readFlag<K extends string>(
  section: Section<K>,
  name: K,
  fallback: boolean,
): boolean {
  if (!section.map.entries.has(name)) return fallback;
  const { raw } = itemAt(section, name);
  if (raw.kind === "scalar" && typeof raw.value === "boolean") return raw.value;
  if (raw.kind === "scalar" && raw.loose && raw.value === "true") return true;
  if (raw.kind === "scalar" && raw.loose && raw.value === "false") return false;
  cannotUse(section, name, "true or false");
  return fallback;
}

export function readChoice<K extends string, C extends string>(
  section: Section<K>,
  name: K,
  choices: readonly C[],
  fallback: C,
): C {
  if (!section.map.entries.has(name)) return fallback;
  const text = textOf(itemAt(section, name).raw);
  const choice = choices.find((one) => one === text);
  if (choice === undefined) cannotUse(section, name, `one of ${choices.join(", ")}`);
  return choice ?? fallback;
}

/** What a text must be: a test, and its wording for messages. */
export interface TextForm {
  readonly want: string;
  accepts(text: string): boolean;
}

export function textForm(pattern: RegExp, want: string): TextForm {
  return { want, accepts: (text) => pattern.test(text) };
}

export function readText<K extends string, F extends string | null>(
  section: Section<K>,
  name: K,
  form: TextForm,
  fallback: F,
): string | F {
  if (!section.map.entries.has(name)) return fallback;
  const { raw } = itemAt(section, name);
  // Only a key that may be absent may also be null (`token_file: ~`).
  if (isNull(raw) && fallback === null) return fallback;
  const text = textOf(raw);
  if (text !== null && form.accepts(text)) return text;
  const isNumber = raw.kind === "scalar" && text === null && !isNull(raw);
  cannotUse(section, name, isNumber ? `${form.want}, in quotes` : form.want);
  return fallback;
}

/** Like readText for a key that must be there; null: reported. */
export function requireText<K extends string>(
  section: Section<K>,
  name: K,
  form: TextForm,
): string | null {
  if (has(section, name)) return readText(section, name, form, null);
  rejectKey(section, name, `missing: want ${form.want}`);
  return null;
}

/** Seconds of a duration such as 7d; the range is in seconds. */
export function readDuration<K extends string>(
  section: Section<K>,
  name: K,
  range: Range,
  fallback: number,
): number {
  if (!section.map.entries.has(name)) return fallback;
  const text = textOf(itemAt(section, name).raw);
  const seconds = text === null ? null : parseDuration(text);
  if (seconds !== null && seconds >= range.min && seconds <= range.max) return seconds;
  const limits = `from ${formatDuration(range.min)} to ${formatDuration(range.max)}`;
  cannotUse(section, name, seconds === null ? DURATION_FORM : `a duration ${limits}`);
  return fallback;
}

/** The items of a list; an absent list and `key:` without value are empty. */
export function readList<K extends string>(section: Section<K>, name: K): readonly Item[] {
  const { raw, key } = itemAt(section, name);
  if (raw.kind === "list") {
    return raw.items.flatMap((item, i) =>
      item.kind === "rejected" ? [] : [{ raw: item, key: `${key}[${i}]` }],
    );
  }
  if (!isNull(raw)) cannotUse(section, name, "a list");
  return [];
}

/** Text items of a list that have this form; the others are reported. */
export function readTexts<K extends string>(
  section: Section<K>,
  name: K,
  form: TextForm,
): readonly string[] {
  return readList(section, name).flatMap(({ raw, key }) => {
    const text = textOf(raw);
    if (text !== null && form.accepts(text)) return [text];
    complain(section.report, raw.place, key, `cannot use ${shown(raw)}: want ${form.want}`);
    return [];
  });
}

/** The entries of a map with free keys, as items. */
export function readEntries<K extends string>(
  section: Section<K>,
  name: K,
): readonly (readonly [string, Item])[] {
  const { raw, key } = itemAt(section, name);
  if (raw.kind === "map") {
    return [...raw.entries].map(([entry, { value }]) => [
      entry,
      { raw: value, key: keyBelow(key, entry) },
    ]);
  }
  if (!isNull(raw)) cannotUse(section, name, "a map of keys and values");
  return [];
}
