/**
 * What the supervisor asks of the updater, a process of its own for each task: it has no network,
 * no capability, and its memory goes with it. The request comes on stdin, one JSON answer goes to
 * stdout.
 */

import type { KnownFile, UpdateMemory } from "../update/memory.ts";

/** Descriptors of the updater when it stages; the supervisor opened them. */
export const STAGE_FDS = {
  keys: 3,
  keysSignature: 4,
  manifest: 5,
  manifestSignature: 6,
  payload: 7,
} as const;

/** Names in the controller's folder, in the order of the descriptors. */
export const STAGE_NAMES = [
  "keys.json",
  "keys.json.minisig",
  "manifest.json",
  "manifest.json.minisig",
  "payload",
] as const;

export type UpdaterTask =
  | { readonly kind: "survey" }
  | {
      readonly kind: "stage";
      readonly channel: string;
      readonly memory: UpdateMemory;
      /** Unix seconds. */
      readonly now: number;
      /** Behind `self-test`, such as the configuration's place. */
      readonly selfTest: readonly string[];
    }
  /** The file before: check what is kept, or make `fresh` of a delta. */
  | { readonly kind: "restore"; readonly previous: KnownFile }
  /** Keep a delta instead of the file before. */
  | { readonly kind: "thin"; readonly previous: KnownFile; readonly always: boolean };

export interface UpdaterRequest {
  readonly program: string;
  readonly keysFile: string | null;
  readonly task: UpdaterTask;
}

export interface Staged extends KnownFile {
  readonly before: KnownFile;
  readonly minRelease: number;
  readonly keysVersion: number;
  readonly created: number;
  readonly how: "delta" | "full";
  /** Of the payload. */
  readonly octets: number;
}

export type UpdaterAnswer =
  | { readonly kind: "surveyed"; readonly sha256: string; readonly rootKeys: readonly string[] }
  | { readonly kind: "staged"; readonly staged: Staged }
  /** `file`: never to be tried again; null: the reason is not in the file. */
  | { readonly kind: "refused"; readonly reason: string; readonly file: KnownFile | null }
  | { readonly kind: "done" };
