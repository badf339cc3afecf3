/** The key of authenticated STAMP from its file: its octets, without a newline at the end. */

import { readFileSync, statSync } from "node:fs";
import type { KeyReader, Log } from "../controller/ports.ts";

const NEWLINE = 10;
const RETURN = 13;
/** A frame to the worker has room for more; a longer file is not a key. */
const KEY_MAX = 4_096;

/** The key, or why there is none. */
export type KeyResult =
  | { readonly kind: "ok"; readonly key: Uint8Array; readonly isOpenToOthers: boolean }
  | { readonly kind: "failed"; readonly reason: string };

export function readKeyFile(path: string): KeyResult {
  try {
    const isOpenToOthers = (statSync(path).mode & 0o007) !== 0;
    const key = withoutNewline(readFileSync(path));
    if (key.byteLength === 0) return { kind: "failed", reason: "it is empty" };
    if (key.byteLength <= KEY_MAX) return { kind: "ok", key, isOpenToOthers };
    return { kind: "failed", reason: `it has ${key.byteLength} octets, want at most ${KEY_MAX}` };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A reader that says in the log what it cannot use. */
export function keyReader(log: Log): KeyReader {
  return (path) => loggedKey(path, log);
}

function loggedKey(path: string, log: Log): Uint8Array | null {
  const result = readKeyFile(path);
  if (result.kind === "failed") {
    log.warn("cannot read the STAMP key file", { path, reason: result.reason });
    return null;
  }
  if (result.isOpenToOthers) {
    log.warn("the STAMP key file is open to everybody, use mode 0640 or stricter", { path });
  }
  return result.key;
}

function withoutNewline(octets: Uint8Array): Uint8Array {
  let end = octets.byteLength;
  if (octets[end - 1] === NEWLINE) end -= octets[end - 2] === RETURN ? 2 : 1;
  return octets.slice(0, end);
}
