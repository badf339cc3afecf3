/**
 * What the worker is told about its reflector. The key file is read here: only this process may
 * read it, and the key goes over the control pair, where no other process sees it.
 */

import { readFileSync } from "node:fs";
import type { ReflectorConfig } from "../domain/config.ts";
import type { ReflectorOrder } from "../domain/reflector.ts";
import { parseSocketAddress } from "../domain/socket-address.ts";
import { encodeJson, FRAME } from "../wire/frame.ts";

export interface ReflectorOrdering {
  /** FRAME.reflector for the worker. */
  readonly frame: Uint8Array;
  /** A listener needs CAP_NET_BIND_SERVICE. */
  readonly bindsLowPort: boolean;
  readonly problems: readonly string[];
}

const LOW_PORTS = 1_024;
/** 16 to 64 octets: below, HMAC-SHA-256 is guessable; above, its block is full (RFC 2104 2). */
const KEY = /^(?:[0-9a-fA-F]{2}){16,64}$/;
const KEY_FORM = "want 32 to 128 hexadecimal digits, such as openssl rand -hex 32 writes";

type KeyResult =
  | { readonly kind: "ok"; readonly key: string | null }
  | { readonly kind: "failed"; readonly problem: string };

/** Without its key a reflector stays off: it must not answer whom it could not verify. */
export function orderReflector(config: ReflectorConfig | null): ReflectorOrdering {
  const off = { frame: encodeJson(FRAME.reflector, 0, null), bindsLowPort: false };
  if (config === null) return { ...off, problems: [] };
  const result = readKey(config.key_file);
  if (result.kind === "failed") return { ...off, problems: [result.problem] };
  const order: ReflectorOrder = { config, key: result.key };
  return {
    frame: encodeJson(FRAME.reflector, 0, order),
    bindsLowPort: config.listen.some((text) => (parseSocketAddress(text)?.port ?? 0) < LOW_PORTS),
    problems: [],
  };
}

function readKey(path: string | null): KeyResult {
  if (path === null) return { kind: "ok", key: null };
  try {
    const key = readFileSync(path, "utf8").trim();
    if (KEY.test(key)) return { kind: "ok", key };
    return { kind: "failed", problem: `the reflector is off: cannot use ${path}: ${KEY_FORM}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "failed", problem: `the reflector is off: cannot read its key: ${reason}` };
  }
}
