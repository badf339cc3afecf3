/** Forms that the OpenAPI document is made of: values with their units, objects, answers. */

import { STATUSES } from "../../domain/status.ts";

export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: "string" };
export const textOrNull: Schema = { type: ["string", "null"] };
export const whole: Schema = { type: "integer", minimum: 0 };
export const flag: Schema = { type: "boolean" };
export const unixTime: Schema = { type: "integer", description: "Unix seconds" };
export const sentences: Schema = { type: "array", items: text };
export const score: Schema = { type: ["number", "null"], minimum: 0, maximum: 100 };
export const clockDifference: Schema = {
  type: ["number", "null"],
  description: "STAMP with synchronised clocks only; negative by as much as they are apart",
};
export const percent: Schema = { type: ["number", "null"], minimum: 0, maximum: 100 };
export const ms: Schema = { type: ["number", "null"], minimum: 0, description: "Milliseconds" };
export const mos: Schema = { type: ["number", "null"], minimum: 1, maximum: 5 };
export const status: Schema = { enum: STATUSES };

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object that has every property named. */
export function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const base = { type: "object", properties, required: Object.keys(properties) };
  return description === undefined ? base : { ...base, description };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

export function answer(description: string, schema: Schema, type = "application/json"): Schema {
  return { description, content: { [type]: { schema } } };
}

export function problem(description: string): Schema {
  return answer(description, ref("Problem"), "application/problem+json");
}

export const pathIdParameter: Schema = {
  name: "id",
  in: "path",
  required: true,
  description: "Id of the path, as in the configuration",
  schema: text,
};

export function query(name: string, description: string, schema: Schema): Schema {
  return { name, in: "query", description, schema };
}
