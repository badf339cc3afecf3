/**
 * From four files that anybody may have written to a release that this box may install, or the one
 * reason why not. Root keys sign the list of release keys, a release key signs the manifest; what
 * is remembered (versions, releases, refused files) makes replays useless.
 */

import { unreachable } from "../domain/invariant.ts";
import type { DocumentResult } from "./fields.ts";
import type { KeyList } from "./key-list.ts";
import { parseKeyList } from "./key-list.ts";
import type { Manifest, Payload, TargetFiles } from "./manifest.ts";
import { parseManifest } from "./manifest.ts";
import type { UpdateMemory } from "./memory.ts";
import type { PublicKey } from "./minisign.ts";
import { verifySigned } from "./minisign.ts";

/** As they came from the server. */
export interface SignedDocuments {
  readonly keys: Uint8Array;
  readonly keysSignature: string;
  readonly manifest: Uint8Array;
  readonly manifestSignature: string;
}

/** Who judges. */
export interface Judge {
  readonly roots: readonly PublicKey[];
  readonly channel: string;
  readonly target: string;
  /** Of the program that runs; 0: it is no release. */
  readonly runningRelease: number;
  readonly runningSha256: string;
  /** Unix seconds; a clock that is behind is helped by what was signed last. */
  readonly now: number;
  readonly memory: UpdateMemory;
}

/** Closed set: each is shown, counted and tested. */
export type RefusalCode =
  | "no-root-keys"
  | "keys-untrusted"
  | "keys-damaged"
  | "keys-older"
  | "keys-expired"
  | "manifest-untrusted"
  | "manifest-damaged"
  | "manifest-expired"
  | "wrong-channel"
  | "no-target"
  | "older"
  | "known-bad";

export type Offer =
  | {
      readonly kind: "offered";
      readonly manifest: Manifest;
      readonly files: TargetFiles;
      readonly keys: KeyList;
    }
  | { readonly kind: "current"; readonly manifest: Manifest; readonly keys: KeyList }
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly reason: string };

type Refused = Extract<Offer, { kind: "refused" }>;

export function judgeOffer(documents: SignedDocuments, judge: Judge): Offer {
  if (judge.roots.length === 0) {
    return refused("no-root-keys", "no root key is known: set update.keys_file");
  }
  const keys = judgeKeys(documents, judge);
  if ("kind" in keys) return keys;
  const manifest = judgeManifest(documents, judge, keys);
  if ("kind" in manifest) return manifest;
  return judgeRelease(manifest, keys, judge);
}

function judgeKeys(documents: SignedDocuments, judge: Judge): KeyList | Refused {
  const verdict = verifySigned(documents.keys, documents.keysSignature, judge.roots);
  if (verdict.kind === "refused") return refused("keys-untrusted", `key list: ${verdict.reason}`);
  const list = contentOf(parseKeyList(documents.keys));
  if (typeof list === "string") return refused("keys-damaged", `key list: ${list}`);
  const known = judge.memory.keysVersion;
  if (list.version < known) {
    const reason = `key list: version ${list.version} is older than ${known}, which was seen`;
    return refused("keys-older", reason);
  }
  if (timeFloor(judge) > list.notAfter) {
    return refused("keys-expired", `key list: expired on ${dateOf(list.notAfter)}`);
  }
  return list;
}

function judgeManifest(
  documents: SignedDocuments,
  judge: Judge,
  { keys }: KeyList,
): Manifest | Refused {
  const verdict = verifySigned(documents.manifest, documents.manifestSignature, keys);
  if (verdict.kind === "refused") {
    return refused("manifest-untrusted", `manifest: ${verdict.reason}`);
  }
  const manifest = contentOf(parseManifest(documents.manifest));
  if (typeof manifest === "string") return refused("manifest-damaged", `manifest: ${manifest}`);
  if (timeFloor(judge) > manifest.notAfter) {
    return refused("manifest-expired", `manifest: expired on ${dateOf(manifest.notAfter)}`);
  }
  return manifest;
}

function judgeRelease(manifest: Manifest, keys: KeyList, judge: Judge): Offer {
  const { channel, target, memory, runningRelease } = judge;
  const { release } = manifest;
  if (manifest.channel !== channel) {
    return refused("wrong-channel", `manifest: is of channel ${manifest.channel}, want ${channel}`);
  }
  const files = manifest.targets.get(target);
  if (files === undefined) {
    return refused("no-target", `manifest: has no file for ${target}`);
  }
  const known = Math.max(runningRelease, memory.highestRelease);
  if (release < known) {
    return refused("older", `release ${release} is older than ${known}, which was seen`);
  }
  if (files.sha256 === judge.runningSha256) return { kind: "current", manifest, keys };
  const bad = memory.bad.find(({ sha256 }) => sha256 === files.sha256);
  if (bad !== undefined) {
    return refused("known-bad", `release ${release} failed here before: ${bad.reason}`);
  }
  if (release <= runningRelease) {
    return refused("older", `release ${release} is another file than the running one`);
  }
  return { kind: "offered", manifest, files, keys };
}

/** The delta from what runs, else the whole file. */
export function choosePayload(
  files: TargetFiles,
  runningSha256: string,
): { readonly kind: "delta" | "full"; readonly payload: Payload } {
  const delta = files.deltas.find(({ baseSha256 }) => baseSha256 === runningSha256);
  if (delta !== undefined && delta.size < files.full.size) return { kind: "delta", payload: delta };
  return { kind: "full", payload: files.full };
}

/** No clock is taken to be before the newest thing that was signed and seen. */
function timeFloor({ now, memory }: Judge): number {
  return Math.max(now, memory.seenAt);
}

function contentOf<T extends object>(result: DocumentResult<T>): T | string {
  switch (result.kind) {
    case "ok":
      return result.value;
    case "damaged":
      return result.reason;
    default:
      return unreachable(result);
  }
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 10);
}

function refused(code: RefusalCode, reason: string): Refused {
  return { kind: "refused", code, reason };
}
