/**
 * Every secret that the configuration leads to: values of secret keys, what variables held, and
 * what lies in the files that it names. They never leave this process but as stars.
 */

import { readFileSync } from "node:fs";
import type { Raw, RawMap } from "../../config/raw.ts";
import { isSecretMap, isSecretName } from "../../domain/secrets.ts";

const PUBLIC_FILES = new Set(["cert_file", "client_ca_file", "ca_file"]);
const FILE_OCTETS_MAX = 64 * 1024;

export function knownSecrets(root: RawMap): readonly string[] {
  const found = new Set<string>();
  collect(root, { name: "", isSecret: false }, found);
  return [...found];
}

interface Spot {
  readonly name: string;
  readonly isSecret: boolean;
}

function collect(raw: Raw, { name, isSecret }: Spot, found: Set<string>): void {
  if (raw.kind === "list") {
    for (const item of raw.items) collect(item, { name, isSecret }, found);
  } else if (raw.kind === "map") {
    for (const [key, { value }] of raw.entries) {
      const below = isSecret || isSecretMap(name) || isSecretName(key);
      collect(value, { name: key, isSecret: below }, found);
    }
  } else if (raw.kind === "scalar" && typeof raw.value === "string") {
    const fromVariable = /\$\{env:\w*(token|secret|pass|key|auth|cred)/i.test(raw.shown);
    if (isSecret || fromVariable) addValue(raw.value, found);
    addUserInfo(raw.value, found);
    if (name.endsWith("_file") && !PUBLIC_FILES.has(name)) addFile(raw.value, found);
  }
}

/** Behind `Bearer` or `Basic` lies the secret itself, which may show up without that word. */
function addValue(value: string, found: Set<string>): void {
  found.add(value);
  for (const word of value.split(/\s+/).slice(1)) found.add(word);
}

function addUserInfo(value: string, found: Set<string>): void {
  const userInfo = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(value)?.[1] ?? "";
  const [, password = ""] = userInfo.split(":");
  if (password !== "") found.add(password);
}

function addFile(path: string, found: Set<string>): void {
  try {
    const octets = readFileSync(path).subarray(0, FILE_OCTETS_MAX);
    const text = octets.toString("utf8").trim();
    if (text === "") return;
    found.add(text);
    // Another program may show a file line by line, and a key of octets as hexadecimal digits.
    for (const line of text.split("\n")) found.add(line.trim());
    found.add(octets.toString("hex"));
    found.add(octets.toString("base64"));
  } catch {
    // What we cannot read we cannot leak.
  }
}
