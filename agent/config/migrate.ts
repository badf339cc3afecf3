/**
 * An older file in the current spelling. The text is edited where a key stands and nowhere else, so
 * comments, order and layout stay as their author left them.
 */

import type { Node as YamlNode } from "yaml";
import { isMap, isPair, isScalar, isSeq, parseDocument } from "yaml";
import { KEYS } from "./keys.ts";
import { renamedKey } from "./renamed.ts";
import type { SectionName, Spec } from "./schema/spec.ts";
import { TABLE } from "./schema/table.ts";
import { CONFIG_VERSION } from "./version.ts";

export type Migration =
  | {
      readonly kind: "migrated";
      readonly text: string;
      /** One sentence each; empty: the file was current. */
      readonly changes: readonly string[];
    }
  | { readonly kind: "failed"; readonly reason: string };

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

interface Work {
  readonly text: string;
  readonly edits: Edit[];
  readonly changes: string[];
}

export function migrateConfig(text: string): Migration {
  const document = parseDocument(text, { version: "1.2", prettyErrors: false, logLevel: "error" });
  const [error] = document.errors;
  if (error !== undefined) {
    return { kind: "failed", reason: `cannot parse: ${error.message.split("\n")[0]}` };
  }
  const { contents } = document;
  if (!isMap(contents))
    return { kind: "failed", reason: "cannot use the text: want keys and values" };
  const version: unknown = contents.get("version");
  if (typeof version === "number" && version > CONFIG_VERSION) {
    const reason = `cannot use version ${version}: this agent knows up to ${CONFIG_VERSION}`;
    return { kind: "failed", reason };
  }
  const work: Work = { text, edits: [], changes: [] };
  visitSection(contents, "root", "", work);
  if (version === undefined) addVersion(contents, work);
  return { kind: "migrated", text: applied(work), changes: work.changes };
}

function addVersion(contents: YamlNode, { text, edits, changes }: Work): void {
  const start = contents.range?.[0] ?? 0;
  // A map in braces has no line of its own for another key.
  const isFlow = text[start] === "{";
  const separator = /^\{\s*\}/.test(text.slice(start)) ? "" : ", ";
  const line = `version: ${CONFIG_VERSION}`;
  const at = isFlow ? start + 1 : start;
  edits.push({ from: at, to: at, text: isFlow ? ` ${line}${separator}` : `${line}\n` });
  changes.push(`version: added ${CONFIG_VERSION}`);
}

function visit(node: unknown, spec: Spec | undefined, path: string, work: Work): void {
  switch (spec?.kind) {
    case "section":
      visitSection(node, spec.of, path, work);
      return;
    case "list":
      if (!isSeq(node)) return;
      for (const [i, item] of node.items.entries()) visit(item, spec.of, `${path}[${i}]`, work);
      return;
    case "forms":
      for (const form of spec.forms) visit(node, form, path, work);
      return;
    default:
  }
}

function visitSection(node: unknown, name: SectionName, path: string, work: Work): void {
  if (!isMap(node)) return;
  const known: readonly string[] = KEYS[name];
  const given = new Set(node.items.map(({ key }) => (isScalar(key) ? key.value : null)));
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key) || typeof pair.key.value !== "string") continue;
    const old = pair.key.value;
    const renamed = known.includes(old) ? null : renamedKey(old, known);
    const key = renamed?.to ?? old;
    const at = path === "" ? key : `${path}.${key}`;
    visit(pair.value, TABLE[name]?.[key], at, work);
    // With both there the operator has to say which one is meant: check-config asks.
    if (renamed === null || given.has(renamed.to)) continue;
    replaceKey(pair.key, renamed.to, work);
    if (renamed.wrap === true) wrapValue(pair.value, work);
    work.changes.push(`${at}: was ${old}`);
  }
}

function replaceKey(key: YamlNode, to: string, { edits }: Work): void {
  const [from, end] = key.range ?? [0, 0];
  edits.push({ from, to: end, text: to });
}

/** One value as a list of one; what is a list already stays. */
function wrapValue(node: unknown, { edits, text }: Work): void {
  if (!isScalar(node) || node.range === undefined || node.range === null) return;
  const [from, end] = node.range;
  const isPlain = !/^["']/.test(text.slice(from, end));
  // Plain text may hold what ends an item of a list in brackets, such as a comma.
  const inner = isPlain ? JSON.stringify(text.slice(from, end)) : text.slice(from, end);
  edits.push({ from, to: end, text: `[${inner}]` });
}

function applied({ text, edits }: Work): string {
  const ordered = [...edits].sort((a, b) => b.from - a.from || b.to - a.to);
  return ordered.reduce(
    (all, { from, to, text: put }) => all.slice(0, from) + put + all.slice(to),
    text,
  );
}
