/**
 * The manifest of a channel: which release there is and, per target, the whole file and the deltas
 * that lead to it, each with size and sha256. Signed by a release key over its exact octets.
 */

import type { DocumentResult, Fields } from "./fields.ts";
import { readDocument } from "./fields.ts";

/** What lies on the server. */
export interface Payload {
  /** Relative to the folder that the configuration names. */
  readonly place: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Delta extends Payload {
  /** Of the file that it starts from. */
  readonly baseSha256: string;
}

export interface TargetFiles {
  /** Of the program itself. */
  readonly size: number;
  readonly sha256: string;
  /** zstd. */
  readonly full: Payload;
  readonly deltas: readonly Delta[];
}

export interface Manifest {
  readonly channel: string;
  readonly version: string;
  /** Grows with every release of the channel: what is older is never installed. */
  readonly release: number;
  /** No order brings a box back below this one; 0: there is no such bound. */
  readonly minRelease: number;
  /** Unix seconds. */
  readonly created: number;
  readonly notAfter: number;
  readonly rollout: Rollout;
  readonly targets: ReadonlyMap<string, TargetFiles>;
}

export interface Rollout {
  /** Share of the nodes that may take it by themselves, 0 to 100. */
  readonly percent: number;
  /** Another salt, another order of the nodes. */
  readonly salt: string;
}

export const MANIFEST_TYPE = "patronus-agent-manifest";
export const RELEASE_MAX = 2 ** 31 - 1;
/** Five times what it is today; also the bound of every download. */
export const FILE_SIZE_MAX = 512 * 1024 * 1024;
const TARGETS_MAX = 16;
const DELTAS_MAX = 16;
const WORD = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const VERSION_FORM = /^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]{1,64})?$/;

export function parseManifest(bytes: Uint8Array): DocumentResult<Manifest> {
  return readDocument(bytes, (fields) => {
    fields.text("type", new RegExp(`^${MANIFEST_TYPE}$`));
    const rollout = fields.inner("rollout");
    const targets = fields.inner("targets");
    const names = targets.names().slice(0, TARGETS_MAX);
    return {
      channel: fields.text("channel", WORD),
      version: fields.text("version", VERSION_FORM),
      release: fields.whole("release", { min: 1, max: RELEASE_MAX }),
      minRelease: fields.whole("min_release", { min: 0, max: RELEASE_MAX }),
      created: fields.time("created"),
      notAfter: fields.time("not_after"),
      rollout: {
        percent: rollout.whole("percent", { min: 0, max: 100 }),
        salt: rollout.text("salt"),
      },
      targets: new Map(names.map((name) => [name, readTarget(targets.inner(name))])),
    };
  });
}

function readTarget(fields: Fields): TargetFiles {
  return {
    size: fields.whole("size", { min: 1, max: FILE_SIZE_MAX }),
    sha256: fields.sha256("sha256"),
    full: readPayload(fields.inner("full")),
    deltas: fields.list("deltas", DELTAS_MAX, (delta) => ({
      ...readPayload(delta),
      baseSha256: delta.sha256("base_sha256"),
    })),
  };
}

function readPayload(fields: Fields): Payload {
  return {
    place: fields.place("place"),
    size: fields.whole("size", { min: 1, max: FILE_SIZE_MAX }),
    sha256: fields.sha256("sha256"),
  };
}
