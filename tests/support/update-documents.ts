/** Signed documents of updates as the release script makes them. Nothing here asserts. */

import { createHash } from "node:crypto";
import { KEY_LIST_TYPE } from "../../agent/update/key-list.ts";
import { MANIFEST_TYPE } from "../../agent/update/manifest.ts";
import { EMPTY_MEMORY } from "../../agent/update/memory.ts";
import type { PublicKey } from "../../agent/update/minisign.ts";
import { parsePublicKey } from "../../agent/update/minisign.ts";
import type { Judge, SignedDocuments } from "../../agent/update/trust.ts";
import type { SigningKey } from "../../scripts/release/signing.ts";
import { makeKey, publicLine, signatureFile } from "../../scripts/release/signing.ts";

export const ROOT_KEY = makeKey();
export const RELEASE_KEY = makeKey();
/** Unix seconds. */
export const NOW = 1_800_000_000;

export function sha(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export const BASE_SHA = sha("base");
export const NEW_SHA = sha("new");

export function publicKeyOf(key: SigningKey): PublicKey {
  const parsed = parsePublicKey(publicLine(key));
  if (parsed === null) throw new Error("no public key");
  return parsed;
}

export function keyListDocument(change: object = {}): object {
  return {
    type: KEY_LIST_TYPE,
    version: 2,
    created: NOW - 100,
    not_after: NOW + 1_000,
    keys: [publicLine(RELEASE_KEY)],
    revoked: [],
    ...change,
  };
}

export function manifestDocument(change: object = {}): object {
  return {
    type: MANIFEST_TYPE,
    channel: "stable",
    version: "0.3.0",
    release: 7,
    min_release: 3,
    created: NOW - 50,
    not_after: NOW + 500,
    rollout: { percent: 100, salt: "x" },
    targets: {
      "linux-x64": {
        size: 1_000,
        sha256: NEW_SHA,
        full: { place: "stable/7/linux-x64.zst", size: 400, sha256: sha("full") },
        deltas: [
          { place: "stable/7/a.delta", size: 30, sha256: sha("delta"), base_sha256: BASE_SHA },
        ],
      },
    },
    ...change,
  };
}

export function bytesOf(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

export interface DocumentChange {
  readonly keys?: object;
  readonly manifest?: object;
  readonly rootKey?: SigningKey;
  readonly releaseKey?: SigningKey;
}

export function signedDocuments(change: DocumentChange = {}): SignedDocuments {
  const { rootKey = ROOT_KEY, releaseKey = RELEASE_KEY } = change;
  const keys = bytesOf(keyListDocument(change.keys));
  const manifest = bytesOf(manifestDocument(change.manifest));
  return {
    keys,
    keysSignature: signatureFile(rootKey, keys, "file:keys.json"),
    manifest,
    manifestSignature: signatureFile(releaseKey, manifest, "file:manifest.json"),
  };
}

export function judge(change: Partial<Judge> = {}): Judge {
  return {
    roots: [publicKeyOf(ROOT_KEY)],
    channel: "stable",
    target: "linux-x64",
    runningRelease: 6,
    runningSha256: BASE_SHA,
    now: NOW,
    memory: EMPTY_MEMORY,
    ...change,
  };
}
