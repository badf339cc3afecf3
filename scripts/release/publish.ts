/** One release: whole files, deltas from the five releases before, the manifest, its signature. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { encodeDelta } from "../../agent/update/delta-encode.ts";
import { MANIFEST_TYPE } from "../../agent/update/manifest.ts";
import type { Published } from "./folder.ts";
import { openHashed, publishedReleases, put, sha256, writeSigned } from "./folder.ts";
import type { SigningKey } from "./signing.ts";

export interface PublishOrder {
  readonly folder: string;
  readonly channel: string;
  readonly version: string;
  readonly release: number;
  readonly minRelease: number;
  readonly rollout: { readonly percent: number; readonly salt: string };
  /** Unix seconds. */
  readonly created: number;
  readonly notAfter: number;
  /** zstd, 1 to 19. */
  readonly level: number;
  /** How many releases back a delta may start; default 5. */
  readonly deltas?: number;
  /** Compiled files by name of their target. */
  readonly files: ReadonlyMap<string, string>;
}

export interface PayloadReport {
  readonly target: string;
  /** null: the whole file. */
  readonly from: number | null;
  readonly octets: number;
}

const DELTAS_MAX = 5;
/** Of the whole file: a larger delta is not worth its memory. */
const DELTA_SHARE_MAX = 0.3;

export function publish(order: PublishOrder, key: SigningKey): readonly PayloadReport[] {
  const { folder, channel, release } = order;
  const before = publishedReleases(folder, channel).filter((one) => one.release < release);
  const reports: PayloadReport[] = [];
  const targets = [...order.files].map(([target, path]) => {
    const made = publishTarget(order, {
      target,
      path,
      before: before.slice(0, order.deltas ?? DELTAS_MAX),
    });
    reports.push(...made.reports);
    return [target, made.entry] as const;
  });
  const document = {
    type: MANIFEST_TYPE,
    channel,
    version: order.version,
    release,
    min_release: order.minRelease,
    created: order.created,
    not_after: order.notAfter,
    bun: Bun.revision,
    rollout: order.rollout,
    targets: Object.fromEntries(targets),
  };
  writeSigned(join(folder, channel, String(release), "manifest.json"), document, key);
  writeSigned(join(folder, channel, "manifest.json"), document, key);
  return reports;
}

interface TargetOrder {
  readonly target: string;
  readonly path: string;
  readonly before: readonly Published[];
}

function publishTarget(order: PublishOrder, { target, path, before }: TargetOrder) {
  const { folder, channel, release, level } = order;
  const content = readFileSync(path);
  const place = `${channel}/${release}/${target}.zst`;
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  const full = putPayload(folder, place, zstdCompressSync(content, { params }));
  const reports: PayloadReport[] = [{ target, from: null, octets: full.size }];
  const deltas = before.flatMap((base) => {
    const packed = deltaFrom(base, path, { folder, target, level });
    if (packed === null || packed.bytes.byteLength > full.size * DELTA_SHARE_MAX) return [];
    reports.push({ target, from: base.release, octets: packed.bytes.byteLength });
    const name = `${channel}/${release}/${target}-from-${base.release}.delta`;
    return [{ ...putPayload(folder, name, packed.bytes), base_sha256: packed.baseSha256 }];
  });
  const entry = { size: content.byteLength, sha256: sha256(content), full, deltas };
  return { entry, reports };
}

function deltaFrom(
  base: Published,
  path: string,
  { folder, target, level }: { folder: string; target: string; level: number },
): { readonly bytes: Uint8Array; readonly baseSha256: string } | null {
  const files = base.manifest.targets.get(target);
  if (files === undefined) return null;
  const scratch = mkdtempSync(join(tmpdir(), "release-"));
  try {
    const old = join(scratch, "base");
    writeFileSync(old, zstdDecompressSync(readFileSync(join(folder, files.full.place))));
    using from = openHashed(old);
    using to = openHashed(path);
    if (from.sha256 !== files.sha256) {
      throw new Error(`cannot use ${files.full.place}: it is not what its manifest says`);
    }
    const bytes = from.sha256 === to.sha256 ? null : encodeDelta(from, to, level);
    return bytes === null ? null : { bytes, baseSha256: from.sha256 };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function putPayload(folder: string, place: string, bytes: Uint8Array) {
  put(join(folder, place), bytes);
  return { place, size: bytes.byteLength, sha256: sha256(bytes) };
}
