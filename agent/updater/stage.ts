/**
 * From a payload that anybody may have written to a tested new file beside the program, or the
 * reason why not. The signature comes first, then space, then the octets, then the file's own word.
 */

import { closeSync, createReadStream, existsSync, openSync, rmSync } from "node:fs";
import { createZstdDecompress } from "node:zlib";
import { TARGET, VERSION } from "../domain/version.ts";
import { applyDelta } from "../update/delta-apply.ts";
import { parseDelta } from "../update/delta-format.ts";
import { DOCUMENT_MAX } from "../update/fields.ts";
import type { Payload, TargetFiles } from "../update/manifest.ts";
import type { PublicKey } from "../update/minisign.ts";
import { SIGNATURE_TEXT_MAX } from "../update/minisign.ts";
import { placesOf } from "../update/places.ts";
import { RELEASE } from "../update/root-keys.ts";
import type { Offer, SignedDocuments } from "../update/trust.ts";
import { choosePayload, judgeOffer } from "../update/trust.ts";
import { FreshFile, folderFault, randomFile, readOpen } from "./files.ts";
import { hashOpen } from "./hash.ts";
import type { UpdaterAnswer, UpdaterTask } from "./protocol.ts";
import { STAGE_FDS } from "./protocol.ts";
import { selfTest } from "./self-test.ts";

type StageTask = Extract<UpdaterTask, { kind: "stage" }>;

export async function stage(
  program: string,
  task: StageTask,
  roots: readonly PublicKey[],
): Promise<UpdaterAnswer> {
  const base = openSync(program, "r");
  try {
    const runningSha256 = hashOpen(base);
    const offer = judgeOffer(readDocuments(), {
      ...{ roots, runningSha256, channel: task.channel, target: TARGET },
      ...{ runningRelease: RELEASE, now: task.now, memory: task.memory },
    });
    if (offer.kind === "refused") return refused(offer.reason);
    if (offer.kind === "current") return refused(`release ${offer.manifest.release} runs already`);
    return await build(offer, { program, base, runningSha256, task });
  } finally {
    closeSync(base);
  }
}

type Offered = Extract<Offer, { kind: "offered" }>;

interface Base {
  readonly program: string;
  /** The program, open. */
  readonly base: number;
  readonly runningSha256: string;
  readonly task: StageTask;
}

async function build(offer: Offered, from: Base): Promise<UpdaterAnswer> {
  const { manifest, files } = offer;
  const { previous, fresh: path } = placesOf(from.program);
  let lack = folderFault(from.program, files.size);
  if (lack !== null && existsSync(previous)) {
    // Of the release before the running one, which becomes the one before now.
    rmSync(previous);
    lack = folderFault(from.program, files.size);
  }
  if (lack !== null) return refused(lack);
  const chosen = payloadAt(files, from.runningSha256);
  if (chosen === null) return refused("the payload is not what the manifest names");
  const { release, version } = manifest;
  const file = { release, version, sha256: files.sha256 };
  const fresh = new FreshFile(path);
  try {
    if (chosen.kind === "delta") writeDelta(fresh, chosen.payload, from.base);
    else await writeFull(fresh, files.size);
  } catch (error) {
    fresh.discard();
    return refused(`the new file cannot be built: ${messageOf(error)}`);
  }
  const sha256 = fresh.finish();
  if (sha256 !== files.sha256 || fresh.size !== files.size) {
    fresh.discard();
    return refused("the new file is not what the manifest names");
  }
  const fault = selfTest(path, from.task.selfTest, { version, target: TARGET });
  if (fault !== null) {
    fresh.discard();
    return { kind: "refused", reason: fault.reason, file: fault.isFile ? file : null };
  }
  const before = { release: RELEASE, version: VERSION, sha256: from.runningSha256 };
  const { minRelease, created } = manifest;
  const keysVersion = offer.keys.version;
  const seen = { minRelease, keysVersion, created: Math.max(created, offer.keys.created) };
  const how = { how: chosen.kind, octets: chosen.payload.size };
  return { kind: "staged", staged: { ...file, before, ...seen, ...how } };
}

/** The payload's own sha256 tells which of those on offer it is. */
function payloadAt(
  files: TargetFiles,
  runningSha256: string,
): ReturnType<typeof choosePayload> | null {
  const { size } = randomFile(STAGE_FDS.payload);
  const chosen = choosePayload(files, runningSha256);
  // Whoever wrote it may have made it endless.
  if (size !== chosen.payload.size && size !== files.full.size) return null;
  const sha256 = hashOpen(STAGE_FDS.payload);
  const isIt = (payload: Payload) => payload.sha256 === sha256 && payload.size === size;
  if (isIt(chosen.payload)) return chosen;
  return isIt(files.full) ? { kind: "full", payload: files.full } : null;
}

function writeDelta(fresh: FreshFile, { sha256, size }: Payload, base: number): void {
  const bytes = readOpen(STAGE_FDS.payload, size);
  // The controller may write to the file meanwhile: these octets are judged, not those before.
  if (new Bun.CryptoHasher("sha256").update(bytes).digest("hex") !== sha256) {
    throw new Error("the delta was changed");
  }
  const parsed = parseDelta(bytes);
  if (parsed.kind === "damaged") throw new Error(parsed.reason);
  for (const piece of applyDelta(parsed.delta, randomFile(base))) fresh.write(piece);
}

/** Never more than the signed size, whatever the stream unpacks to. */
async function writeFull(fresh: FreshFile, size: number): Promise<void> {
  const packed = createReadStream("", { fd: STAGE_FDS.payload, start: 0, autoClose: false });
  const stream = packed.pipe(createZstdDecompress());
  packed.on("error", (error) => stream.destroy(error));
  for await (const chunk of stream) {
    const piece: Uint8Array = chunk;
    if (fresh.size + piece.byteLength > size) {
      stream.destroy();
      throw new Error(`it unpacks to more than ${size} octets`);
    }
    fresh.write(piece);
  }
}

function readDocuments(): SignedDocuments {
  const text = (fd: number) => new TextDecoder().decode(readOpen(fd, SIGNATURE_TEXT_MAX));
  return {
    keys: readOpen(STAGE_FDS.keys, DOCUMENT_MAX),
    keysSignature: text(STAGE_FDS.keysSignature),
    manifest: readOpen(STAGE_FDS.manifest, DOCUMENT_MAX),
    manifestSignature: text(STAGE_FDS.manifestSignature),
  };
}

function refused(reason: string): UpdaterAnswer {
  return { kind: "refused", reason, file: null };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
