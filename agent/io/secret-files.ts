/**
 * The files that the configuration names for secrets (`*_file`): are they there, and may others
 * read them. Warnings, because a file may come later than the configuration.
 */

import { statSync } from "node:fs";
import type { Problem } from "../config/problem.ts";

/** Certificates are for everybody. */
const PUBLIC = new Set(["cert_file", "client_ca_file", "ca_file"]);

/** `config`: plain JSON. Each key is named by its last step. */
export function secretFileWarnings(config: object, origin: string): readonly Problem[] {
  const named = new Map<string, string>();
  collect(config, named);
  return [...named].flatMap(([path, key]) => {
    const fault = faultOf(path, PUBLIC.has(key));
    return fault === null ? [] : [{ file: origin, line: null, key, message: `${fault}: ${path}` }];
  });
}

function collect(value: object, named: Map<string, string>): void {
  for (const [key, one] of Object.entries(value)) {
    if (typeof one === "object" && one !== null) collect(one, named);
    else if (typeof one === "string" && key.endsWith("_file")) named.set(one, key);
  }
}

function faultOf(path: string, isPublic: boolean): string | null {
  try {
    const { mode } = statSync(path);
    if (isPublic || (mode & 0o007) === 0) return null;
    return "open to everybody, want mode 0640 or stricter";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return `cannot be read (${code})`;
  }
}
