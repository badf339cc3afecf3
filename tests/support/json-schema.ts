/**
 * Judges values by a JSON Schema, for the keywords that ours uses; another keyword throws, so that
 * nothing passes because it was not looked at.
 */

type Schema = Readonly<Record<string, unknown>>;

const NOTES = new Set(["$schema", "$defs", "title", "description", "default"]);

export function isValid(value: unknown, schema: Schema, root: Schema = schema): boolean {
  return Object.entries(schema).every(
    ([keyword, rule]) => NOTES.has(keyword) || holds(value, keyword, { rule, schema, root }),
  );
}

interface Surroundings {
  readonly rule: unknown;
  readonly schema: Schema;
  readonly root: Schema;
}

function holds(value: unknown, keyword: string, { rule, schema, root }: Surroundings): boolean {
  const below = (one: unknown, by: unknown) => isValid(one, by as Schema, root);
  switch (keyword) {
    case "$ref":
      return below(value, resolve(String(rule), root));
    case "anyOf":
      return (rule as Schema[]).some((one) => below(value, one));
    case "enum":
      return (rule as unknown[]).includes(value);
    case "type":
      return hasType(value, String(rule));
    case "pattern":
      return typeof value !== "string" || new RegExp(String(rule), "u").test(value);
    case "minimum":
      return typeof value !== "number" || value >= Number(rule);
    case "maximum":
      return typeof value !== "number" || value <= Number(rule);
    case "items":
      return !Array.isArray(value) || value.every((one) => below(one, rule));
    case "minItems":
      return !Array.isArray(value) || value.length >= Number(rule);
    case "maxItems":
      return !Array.isArray(value) || value.length <= Number(rule);
    case "required":
      return !isMap(value) || (rule as string[]).every((key) => Object.hasOwn(value, key));
    case "properties":
      return (
        !isMap(value) ||
        Object.entries(rule as Schema).every(
          ([key, by]) => !Object.hasOwn(value, key) || below(value[key], by),
        )
      );
    case "additionalProperties": {
      if (!isMap(value)) return true;
      const known = Object.keys((schema["properties"] ?? {}) as object);
      const others = Object.keys(value).filter((key) => !known.includes(key));
      return rule === false ? others.length === 0 : others.every((key) => below(value[key], rule));
    }
    default:
      throw new Error(`cannot judge by ${keyword}`);
  }
}

function resolve(reference: string, root: Schema): unknown {
  return reference
    .split("/")
    .slice(1)
    .reduce((at: unknown, step) => (at as Schema)[step], root);
}

function hasType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isMap(value);
  return typeof value === type;
}

function isMap(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
