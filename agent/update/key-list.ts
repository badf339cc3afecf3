/**
 * Which release keys may sign manifests: a small document signed by a root key. Its version only
 * grows, so that a revoked key cannot come back with an older list.
 */

import type { DocumentResult } from "./fields.ts";
import { readDocument } from "./fields.ts";
import type { PublicKey } from "./minisign.ts";
import { parsePublicKey } from "./minisign.ts";

export interface KeyList {
  readonly version: number;
  /** Unix seconds. */
  readonly created: number;
  readonly notAfter: number;
  /** Those that were revoked are not among them. */
  readonly keys: readonly PublicKey[];
}

export const KEY_LIST_TYPE = "patronus-agent-keys";
const KEYS_MAX = 16;
const KEY_TEXT = /^[A-Za-z0-9+/=]{56}$/;
const KEY_ID = /^[0-9A-F]{16}$/;

export function parseKeyList(bytes: Uint8Array): DocumentResult<KeyList> {
  return readDocument(bytes, (fields) => {
    fields.text("type", new RegExp(`^${KEY_LIST_TYPE}$`));
    const revoked = new Set(fields.texts("revoked", 4 * KEYS_MAX, KEY_ID));
    const keys = fields
      .texts("keys", KEYS_MAX, KEY_TEXT)
      .map(parsePublicKey)
      .filter((key) => key !== null)
      .filter(({ id }) => !revoked.has(id));
    return {
      version: fields.whole("version", { min: 1, max: 2 ** 31 }),
      created: fields.time("created"),
      notAfter: fields.time("not_after"),
      keys,
    };
  });
}
