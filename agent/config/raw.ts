/**
 * The configuration between text and types: maps, lists and single values, each with its place.
 * Files, environment and flags are all turned into this, so that one reader serves them.
 */

import type { Place } from "./problem.ts";

export type ScalarValue = string | number | boolean | null;

export interface RawScalar {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: ScalarValue;
  /**
   * From the environment or a flag, where everything is text: a reader of numbers may take the text
   * for a number, which it must not do with quoted text of a file.
   */
  readonly loose: boolean;
  /** How messages quote it: as written, never what a variable held (it may be a secret). */
  readonly shown: string;
}

export interface RawList {
  readonly kind: "list";
  readonly place: Place;
  readonly items: readonly Raw[];
}

export interface RawEntry {
  /** Place of the key. */
  readonly place: Place;
  readonly value: Raw;
}

export interface RawMap {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, RawEntry>;
}

/** Already reported: readers pass over it without another complaint. */
export interface RawRejected {
  readonly kind: "rejected";
  readonly place: Place;
}

export type Raw = RawScalar | RawList | RawMap | RawRejected;

const SHOWN_MAX = 60;

export function scalar(place: Place, value: ScalarValue): RawScalar {
  return { kind: "scalar", place, value, loose: false, shown: quote(value) };
}

export function looseScalar(place: Place, text: string, shown: string): RawScalar {
  return { kind: "scalar", place, value: text, loose: true, shown: quote(shown) };
}

export function emptyMap(place: Place): RawMap {
  return { kind: "map", place, entries: new Map() };
}

/** What a message says about a value. */
export function shown(raw: Raw): string {
  if (raw.kind === "scalar") return raw.shown;
  return raw.kind === "list" ? "a list" : "a map";
}

/** An absent key and a key without a value (`health:`) are the same for maps and lists. */
export function isNull(raw: Raw): boolean {
  return raw.kind === "scalar" && raw.value === null;
}

/** Text in quotes without control characters, so that a message stays one line. */
export function quote(value: ScalarValue): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}...`;
}

/** Key path of an entry below `parent`. */
export function keyBelow(parent: string, key: string): string {
  const name = /^[\w.-]{1,64}$/.test(key) ? key : quote(key);
  return parent === "" ? name : `${parent}.${name}`;
}
