/** JSON bodies of writes: read strictly, with every problem told at once. */

import type { FieldProblem } from "./failover-view.ts";

export interface Body {
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: FieldProblem[];
}

/** An empty text is an empty object. null: not JSON, or no object. */
export function parseBody(text: string): ReadonlyMap<string, unknown> | null {
  if (text.trim() === "") return new Map();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return new Map(Object.entries(value));
  } catch {
    return null;
  }
}

/** Fields that are not known are problems. */
export function openBody(values: ReadonlyMap<string, unknown>, known: readonly string[]): Body {
  const message = `unknown field: known are ${known.join(", ")}`;
  const strange = [...values.keys()].filter((field) => !known.includes(field));
  return { values, problems: strange.map((field) => ({ field, message })) };
}

function complain({ values, problems }: Body, field: string, want: string): void {
  const shown = values.has(field) ? JSON.stringify(values.get(field)).slice(0, 60) : "absent";
  problems.push({ field, message: `want ${want}: current value is ${shown}` });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** `fallback`: for an absent one. One line, at most `max` characters. */
export function textField(body: Body, field: string, max: number, fallback: string): string {
  const value = body.values.get(field) ?? fallback;
  const isFit = typeof value === "string" && value.length <= max && !CONTROLS.test(value);
  if (isFit) return value;
  complain(body, field, `one line of at most ${max} characters`);
  return fallback;
}

/** A text that must be there. */
export function neededText(body: Body, field: string, max: number): string {
  const value = textField(body, field, max, "");
  const isSaid = body.problems.some((problem) => problem.field === field);
  if (value === "" && !isSaid) complain(body, field, "a text");
  return value;
}

export function flagField(body: Body, field: string, fallback: boolean): boolean {
  const value = body.values.get(field) ?? fallback;
  if (typeof value === "boolean") return value;
  complain(body, field, "true or false");
  return fallback;
}

/** The first choice is what an absent one means. */
export function choiceField<T extends string>(
  body: Body,
  field: string,
  choices: readonly [T, ...T[]],
): T {
  const value = body.values.get(field) ?? choices[0];
  const known = choices.find((choice) => choice === value);
  if (known === undefined) complain(body, field, `one of ${choices.join(", ")}`);
  return known ?? choices[0];
}

/** null: absent. */
export function wholeField(body: Body, field: string, min: number, max: number): number | null {
  const value = body.values.get(field) ?? null;
  if (value === null) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  complain(body, field, `a whole number from ${min} to ${max}`);
  return null;
}
