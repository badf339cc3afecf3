/**
 * YAML 1.2 text to raw values. Strict where YAML is lax: one document, no tags, keys are text and
 * given once. Bounded where it is not: depth, and the size that aliases expand to. Never throws.
 */

import type { Document, Pair } from "yaml";
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Place, Report } from "./problem.ts";
import type { Raw, RawEntry, RawMap } from "./raw.ts";
import { emptyMap, isNull, keyBelow, looseScalar, quote, scalar, shown } from "./raw.ts";
import type { Environment } from "./substitution.ts";
import { mentionsEnvironment, substitute } from "./substitution.ts";

export interface Source {
  readonly name: string;
  readonly text: string;
}

/** 10,000 paths with several targets need about 3 MB. */
export const SOURCE_CHARACTERS_MAX = 4 * 1024 * 1024;
/** Values after aliases are expanded: 10,000 paths with 40 values each. */
const VALUES_MAX = 400_000;
/** The schema is 6 deep; beyond this no value can be right. */
const DEPTH_MAX = 32;
/** Behind the first syntax errors of a file the others are mostly echoes. */
const SYNTAX_ERRORS_MAX = 10;

interface Anchor {
  readonly raw: Raw;
  readonly values: number;
}

interface Conversion {
  readonly file: string;
  readonly lines: LineCounter;
  readonly environment: Environment;
  readonly report: Report;
  readonly anchors: Map<string, Anchor>;
  /** Values so far, aliases expanded. */
  values: number;
}

/** The map of a file; null: the text is no map, and `report` says why. An empty text is one. */
export function readDocument(
  source: Source,
  environment: Environment,
  report: Report,
): RawMap | null {
  const whole = { file: source.name, line: null };
  if (source.text.length > SOURCE_CHARACTERS_MAX) {
    const message = `shorten the file: ${source.text.length} characters, want at most ${SOURCE_CHARACTERS_MAX}`;
    report.problems.push({ ...whole, key: "", message });
    return null;
  }
  const lines = new LineCounter();
  const document = parseText(source, lines, report);
  if (document === null) return null;
  const conversion: Conversion = {
    file: source.name,
    lines,
    environment,
    report,
    anchors: new Map(),
    values: 0,
  };
  const raw = convert(document.contents, "", 0, conversion);
  if (conversion.values > VALUES_MAX) {
    const message = `shorten the file: want at most ${VALUES_MAX} values, aliases expanded`;
    report.problems.push({ ...whole, key: "", message });
    return null;
  }
  if (raw.kind === "map") return raw;
  if (raw.kind === "rejected") return null;
  if (isNull(raw)) return emptyMap({ file: source.name, line: 1 });
  const message = `cannot use ${shown(raw)}: want keys and values, such as "paths:"`;
  report.problems.push({ ...raw.place, key: "", message });
  return null;
}

function parseText(source: Source, lines: LineCounter, report: Report): Document | null {
  const whole = { file: source.name, line: null, key: "" };
  try {
    const document = parseDocument(source.text, {
      lineCounter: lines,
      version: "1.2",
      prettyErrors: false,
      // The library compares every pair of keys; convertMap checks with a map, and knows the path.
      uniqueKeys: false,
      logLevel: "error",
    });
    const byLine = new Map<number, string>();
    // Tags are found again where their key is known, and leave the rest readable.
    const warnings = document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
    for (const { code, pos, message } of [...document.errors, ...warnings]) {
      const { line } = lines.linePos(pos[0]);
      // The first one of a line says it.
      if (byLine.size < SYNTAX_ERRORS_MAX && !byLine.has(line)) {
        byLine.set(line, syntaxMessage(code, message));
      }
    }
    for (const [line, message] of byLine) report.problems.push({ ...whole, line, message });
    if (byLine.size > 0) return null;
    if (document.directives?.yaml.version === "1.1") {
      report.problems.push({ ...whole, line: 1, message: "remove the %YAML directive: want 1.2" });
      return null;
    }
    return document;
  } catch {
    // The parser's own stack ends at some thousand levels.
    report.problems.push({ ...whole, message: "cannot parse: want YAML that is less deep" });
    return null;
  }
}

function syntaxMessage(code: string, message: string): string {
  switch (code) {
    case "MULTIPLE_DOCS":
      return "remove the further document (---): want one per file";
    case "RESOURCE_EXHAUSTION":
      return "cannot parse: want YAML that is less deep";
    case "TAB_AS_INDENT":
      return "indent with spaces: YAML does not allow tabs";
    default: {
      const [first = ""] = message.split("\n");
      return `cannot parse: ${first.replace(/[.:]$/, "")}`;
    }
  }
}

function convert(node: unknown, key: string, depth: number, to: Conversion): Raw {
  const place = placeOf(node, to);
  const before = to.values++;
  if (to.values > VALUES_MAX) return { kind: "rejected", place };
  if (depth > DEPTH_MAX) {
    return reject(to, place, key, `reduce the depth: want at most ${DEPTH_MAX} levels`);
  }
  if (isAlias(node)) return expand(node.source, place, key, to);
  if (!isNode(node)) return scalar(place, null);
  if (node.tag !== undefined) {
    return reject(to, place, key, "remove the tag (!): want plain values");
  }
  const raw = convertBody(node, key, depth, to);
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
  // Known only when complete: an alias inside of its own anchor finds nothing.
  if (anchor !== undefined) to.anchors.set(anchor, { raw, values: to.values - before });
  return raw;
}

function convertBody(node: unknown, key: string, depth: number, to: Conversion): Raw {
  const place = placeOf(node, to);
  if (isMap(node)) return convertMap(node.items, place, key, { depth, to });
  if (isSeq(node)) {
    const items = node.items.map((item, i) => convert(item, `${key}[${i}]`, depth + 1, to));
    return { kind: "list", place, items };
  }
  return isScalar(node) ? convertScalar(node.value, place, key, to) : scalar(place, null);
}

function convertMap(
  pairs: readonly Pair[],
  place: Place,
  key: string,
  { depth, to }: { readonly depth: number; readonly to: Conversion },
): RawMap {
  const entries = new Map<string, RawEntry>();
  for (const pair of pairs) {
    if (!isPair(pair)) continue;
    const keyPlace = isNode(pair.key) ? placeOf(pair.key, to) : place;
    const name = isScalar(pair.key) ? pair.key.value : undefined;
    if (typeof name !== "string") {
      reject(to, keyPlace, key, "cannot use this as a key: want text (in quotes if need be)");
      continue;
    }
    const path = keyBelow(key, name);
    const first = entries.get(name);
    const value = convert(pair.value, path, depth + 1, to);
    if (first === undefined) entries.set(name, { place: keyPlace, value: placed(value, keyPlace) });
    else reject(to, keyPlace, path, `given twice: first in line ${first.place.line}, want it once`);
  }
  return { kind: "map", place, entries };
}

/** A value of a key lies on the key's line for the reader, also where YAML lets it start below. */
function placed(raw: Raw, place: Place): Raw {
  return raw.kind === "scalar" && raw.place.line === null ? { ...raw, place } : raw;
}

function convertScalar(value: unknown, place: Place, key: string, to: Conversion): Raw {
  if (typeof value === "string" && mentionsEnvironment(value)) {
    const result = substitute(value, to.environment);
    if (result.kind === "failed") return reject(to, place, key, result.message);
    return looseScalar(place, result.text, value);
  }
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
    return scalar(place, value);
  }
  return scalar(place, null);
}

function expand(name: string, place: Place, key: string, to: Conversion): Raw {
  const anchor = to.anchors.get(name);
  if (anchor === undefined) {
    return reject(to, place, key, `cannot use *${quote(name)}: want an anchor (&) before it`);
  }
  to.values += anchor.values;
  return to.values > VALUES_MAX ? { kind: "rejected", place } : anchor.raw;
}

function reject(to: Conversion, place: Place, key: string, message: string): Raw {
  to.report.problems.push({ ...place, key, message });
  return { kind: "rejected", place };
}

function placeOf(node: unknown, to: Conversion): Place {
  const start = isNode(node) ? node.range?.[0] : undefined;
  return { file: to.file, line: start === undefined ? null : to.lines.linePos(start).line };
}
