/** Forms of keys that several sections have. */

import type { Spec } from "./spec.ts";

export const FILE = "^/[^\\0\\n]{1,4000}$";
export const PATH_ID = "^[a-z0-9][a-z0-9._-]{0,62}$";
export const LINE = "^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$";

export function text(help: string, pattern?: string): Spec {
  return pattern === undefined ? { kind: "text", help } : { kind: "text", help, pattern };
}

/** A file that may be absent. */
export function file(help: string): Spec {
  return { kind: "text", help, pattern: FILE, nullable: true, default: null };
}

export function share(help: string, value: number): Spec {
  return { kind: "number", help, min: 0, max: 1, default: value };
}

export function age(help: string, value: string): Spec {
  return { kind: "duration", help, default: value };
}

export function limit(help: string, most: number, unit: string): Spec {
  return { kind: "number", help, min: 0.001, max: most, unit, nullable: true };
}
