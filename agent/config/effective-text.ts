/** The effective configuration as YAML with the source of each value behind it, or as JSON. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of references

import type { Node } from "./effective.ts";
import type { ScalarValue } from "./raw.ts";

/** Comments begin in this column where the value leaves room. */
const COMMENT_COLUMN = 48;
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;
/** Words that YAML readers take for something else than text. */
const TAKEN = /^(true|false|null|yes|no|on|off|y|n)$/i;

export function effectiveYaml(tree: Node): string {
  return `${bodyOf(tree, "").join("\n")}\n`;
}

/** Lines below a key; the first one follows a dash in lists. */
function bodyOf(node: Node, indent: string): readonly string[] {
  switch (node.kind) {
    case "value":
      return [commented(`${indent}${scalarText(node.value)}`, node.source)];
    case "list":
      return node.items.flatMap((item) => {
        const [first = "", ...rest] = bodyOf(item, `${indent}  `);
        return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
      });
    case "map":
      if (node.entries.length === 0) return [`${indent}{}`];
      return node.entries.flatMap(([key, one]) => entryLines(key, one, indent));
  }
}

function entryLines(key: string, node: Node, indent: string): readonly string[] {
  const head = `${indent}${scalarText(key)}:`;
  if (node.kind === "value") return [commented(`${head} ${scalarText(node.value)}`, node.source)];
  if (node.kind === "list" && node.items.every(({ kind }) => kind === "value")) {
    const items = node.items.map((item) => (item.kind === "value" ? scalarText(item.value) : ""));
    return [commented(`${head} [${items.join(", ")}]`, node.source)];
  }
  if (node.kind === "map" && node.entries.length === 0) return [`${head} {}`];
  return [head, ...bodyOf(node, `${indent}  `)];
}

function commented(line: string, source: string): string {
  // A name of a file may hold anything.
  const shown = source.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?");
  return `${line.padEnd(COMMENT_COLUMN)} # ${shown}`;
}

function scalarText(value: ScalarValue): string {
  if (typeof value !== "string") return value === null ? "~" : String(value);
  if (PLAIN.test(value) && !TAKEN.test(value)) return value;
  // Literal text that looks like a reference to the environment must not become one.
  return JSON.stringify(value.replaceAll("${env:", () => "$${env:")).replace(
    /[\u0085\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Values and, beside them, the source of each by its dotted key. */
export function effectiveJson(tree: Node): object {
  const sources: Record<string, string> = {};
  const config = plainOf(tree, "", sources);
  return { config, sources };
}

function plainOf(node: Node, key: string, sources: Record<string, string>): unknown {
  switch (node.kind) {
    case "value":
      sources[key] = node.source;
      return node.value;
    case "list":
      return node.items.map((item, i) => plainOf(item, `${key}[${i}]`, sources));
    case "map":
      return Object.fromEntries(
        node.entries.map(([name, one]) => [
          name,
          plainOf(one, key === "" ? name : `${key}.${name}`, sources),
        ]),
      );
  }
}
