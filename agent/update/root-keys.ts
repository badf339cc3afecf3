/** The root keys that the build put into the file (scripts/build.ts, --define). */

import type { PublicKey } from "./minisign.ts";
import { parsePublicKey } from "./minisign.ts";

declare const PATRONUS_ROOT_KEYS: string | undefined;
declare const PATRONUS_RELEASE: number | undefined;

/** 0: this build is no release. */
export const RELEASE = typeof PATRONUS_RELEASE === "number" ? PATRONUS_RELEASE : 0;

/** Lines of public key files; what is no key is passed over. */
export function rootKeys(further: string): readonly PublicKey[] {
  const compiled = typeof PATRONUS_ROOT_KEYS === "string" ? PATRONUS_ROOT_KEYS : "";
  return `${compiled}\n${further}`
    .split("\n")
    .map((line) => parsePublicKey(line.trim()))
    .filter((key) => key !== null);
}
