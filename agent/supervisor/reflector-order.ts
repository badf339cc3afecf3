/**
 * What the worker is told about its reflector. The key file is read here: only this process may
 * read it, and the key goes over the control pair, where no other process sees it.
 */

import type { ReflectorConfig } from "../domain/config.ts";
import type { ReflectorOrder } from "../domain/reflector.ts";
import { parseSocketAddress } from "../domain/socket-address.ts";
import { readKeyFile } from "../io/key-file.ts";
import { encodeJson, FRAME } from "../wire/frame.ts";

export interface ReflectorOrdering {
  /** FRAME.reflector for the worker. */
  readonly frame: Uint8Array;
  /** A listener needs CAP_NET_BIND_SERVICE. */
  readonly bindsLowPort: boolean;
  readonly problems: readonly string[];
}

const LOW_PORTS = 1_024;

type Key =
  | { readonly kind: "ok"; readonly hex: string | null; readonly problems: readonly string[] }
  | { readonly kind: "failed"; readonly problem: string };

/** Without its key a reflector stays off: it must not answer whom it could not verify. */
export function orderReflector(config: ReflectorConfig | null): ReflectorOrdering {
  const off = { frame: encodeJson(FRAME.reflector, 0, null), bindsLowPort: false };
  if (config === null) return { ...off, problems: [] };
  const key = readKey(config.key_file);
  if (key.kind === "failed") return { ...off, problems: [key.problem] };
  const order: ReflectorOrder = { config, key: key.hex };
  return {
    frame: encodeJson(FRAME.reflector, 0, order),
    bindsLowPort: config.listen.some((text) => (parseSocketAddress(text)?.port ?? 0) < LOW_PORTS),
    problems: key.problems,
  };
}

function readKey(path: string | null): Key {
  if (path === null) return { kind: "ok", hex: null, problems: [] };
  const result = readKeyFile(path);
  if (result.kind === "failed") {
    const problem = `the reflector is off: cannot use its key file ${path}: ${result.reason}`;
    return { kind: "failed", problem };
  }
  const open = `the key file ${path} of the reflector is readable by others: want mode 0600`;
  return { kind: "ok", hex: result.key.toHex(), problems: result.isOpenToOthers ? [open] : [] };
}
