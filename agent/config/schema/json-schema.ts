/**
 * The table as JSON Schema (draft 2020-12) of one file with everything in it, for editors. It is
 * wider than the parser where a rule needs more than one key, never narrower.
 */

import { unreachable } from "../../domain/invariant.ts";
import { KEYS } from "../keys.ts";
import type { NumberSpec, SectionName, Spec, TextSpec } from "./spec.ts";
import { TABLE } from "./table.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Stands for any single value until the agent reads it. */
const VARIABLE = { $ref: "#/$defs/variable" };

export function configSchema(): JsonSchema {
  const names = Object.keys(KEYS) as SectionName[];
  const sections = names
    .filter((name) => name !== "root")
    .map((name) => [`section-${name}`, sectionSchema(name)]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "patronus-agent configuration",
    ...sectionSchema("root"),
    $defs: {
      variable: { type: "string", pattern: "\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}" },
      ...Object.fromEntries(sections),
    },
  };
}

/** The keys are those of the parser, described or not. */
function sectionSchema(name: SectionName): JsonSchema {
  const specs = TABLE[name] ?? {};
  const properties = KEYS[name].map((key) => [key, described(specs[key])]);
  const required = KEYS[name].filter((key) => specs[key]?.required === true);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function described(spec: Spec | undefined): JsonSchema {
  if (spec === undefined) return {};
  const body = schemaOf(spec);
  const forms = isContainer(spec) || spec.nullable === true ? [body, { type: "null" }] : [body];
  const value = "default" in spec && spec.default !== undefined ? { default: spec.default } : {};
  const only = forms.length === 1 ? body : { anyOf: forms };
  return { description: descriptionOf(spec), ...value, ...only };
}

/** `health:` without anything below is an empty block. */
function isContainer({ kind }: Spec): boolean {
  return kind === "section" || kind === "list" || kind === "map";
}

function schemaOf(spec: Spec): JsonSchema {
  switch (spec.kind) {
    case "integer":
    case "number":
      return { anyOf: [numberSchema(spec), VARIABLE] };
    case "flag":
      return { anyOf: [{ type: "boolean" }, VARIABLE] };
    case "choice":
      return { anyOf: [{ enum: spec.choices }, VARIABLE] };
    case "duration":
      return { anyOf: [{ type: "string", pattern: "^\\d{1,9}[smhdwy]$" }, VARIABLE] };
    case "text":
      return textSchema(spec);
    case "section":
      return { $ref: `#/$defs/section-${spec.of}` };
    case "list":
      return {
        type: "array",
        items: schemaOf(spec.of),
        ...(spec.least === undefined ? {} : { minItems: spec.least }),
        ...(spec.most === undefined ? {} : { maxItems: spec.most }),
      };
    case "map":
      return { type: "object", additionalProperties: schemaOf(spec.of) };
    case "forms":
      return { anyOf: spec.forms.map(schemaOf) };
    case "any":
      return {};
    default:
      return unreachable(spec);
  }
}

function numberSchema({ kind, min, max }: NumberSpec): JsonSchema {
  return { type: kind, minimum: min, maximum: max };
}

function textSchema({ pattern }: TextSpec): JsonSchema {
  if (pattern === undefined) return { type: "string" };
  return { anyOf: [{ type: "string", pattern }, VARIABLE] };
}

/** The help with unit and range, as `config keys` shows it too. */
export function descriptionOf(spec: Spec): string {
  if (spec.kind !== "integer" && spec.kind !== "number") return spec.help;
  const unit = spec.unit === undefined || spec.unit === "" ? "" : ` ${spec.unit}`;
  return `${spec.help} (${spec.min} to ${spec.max}${unit})`;
}
