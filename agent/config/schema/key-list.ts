/** Every key with its type, range, default and meaning, one a line: `config keys`. */

import { unreachable } from "../../domain/invariant.ts";
import { KEYS } from "../keys.ts";
import { descriptionOf } from "./json-schema.ts";
import type { SectionName, Spec } from "./spec.ts";
import { TABLE } from "./table.ts";

export interface KeyLine {
  /** Dotted, with [] for the items of a list. */
  readonly key: string;
  readonly type: string;
  /** null: none, or it depends on other keys. */
  readonly default: unknown;
  readonly help: string;
}

/** In the order of the reference configuration; a section that holds itself is listed once. */
export function keyLines(name: SectionName = "root", above = ""): readonly KeyLine[] {
  return KEYS[name].flatMap((key) => {
    const spec = TABLE[name]?.[key];
    if (spec === undefined) return [];
    const path = above === "" ? key : `${above}.${key}`;
    const value = "default" in spec ? (spec.default ?? null) : null;
    const line = { key: path, type: typeOf(spec), default: value, help: descriptionOf(spec) };
    return [line, ...linesBelow(spec, path)];
  });
}

function linesBelow(spec: Spec, path: string): readonly KeyLine[] {
  switch (spec.kind) {
    case "section":
      return keyLines(spec.of, path);
    case "list":
      return linesBelow(spec.of, `${path}[]`);
    case "forms":
      return spec.forms.flatMap((form) => linesBelow(form, path));
    default:
      return [];
  }
}

function typeOf(spec: Spec): string {
  switch (spec.kind) {
    case "choice":
      return spec.choices.join("|");
    case "flag":
      return "true|false";
    case "section":
    case "map":
      return "map";
    case "list":
      return `list of ${typeOf(spec.of)}`;
    case "forms":
      return spec.forms.map(typeOf).join(" or ");
    case "integer":
    case "number":
    case "text":
    case "duration":
    case "any":
      return spec.kind;
    default:
      return unreachable(spec);
  }
}
