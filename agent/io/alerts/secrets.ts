/** What lies in files because nobody else may see it: read for each message, never kept. */

import { readFileSync } from "node:fs";

const SECRET_MAX = 4_096;

/** Of whoever cannot send because a file is not usable; the message names the file only. */
export class SecretFault extends Error {}

/** The text of a file without blanks around it. Throws SecretFault. */
export function readSecret(path: string): string {
  const text = readText(path).trim();
  if (text === "") throw new SecretFault(`cannot use ${path}: it is empty`);
  return text;
}

/** Lines of `name: value`; empty ones and those with # do not count. Throws SecretFault. */
export function readHeaderFile(path: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of readText(path).split("\n")) {
    const [, name, value] = /^\s*([^#:\s][^:\s]*)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** A certificate. Throws SecretFault. */
export function readCa(path: string): string {
  return readText(path, 1_048_576);
}

function readText(path: string, max = SECRET_MAX): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length <= max) return text;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new SecretFault(`cannot read ${path}: ${code}`);
  }
  throw new SecretFault(`cannot use ${path}: want at most ${max} characters`);
}
