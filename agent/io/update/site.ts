/**
 * The server with the releases: small documents whole, payloads into the download folder with what
 * was there before going on. Nothing is trusted here; sizes are bounded so that an endless body
 * ends, and a redirect is refused because the configuration names the server.
 */

import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Timers } from "../../controller/ports.ts";
import type { FetchOrder, Got, UpdateSite } from "../../controller/update/ports.ts";
import { DOCUMENT_MAX } from "../../update/fields.ts";
import { SIGNATURE_TEXT_MAX } from "../../update/minisign.ts";
import type { SignedDocuments } from "../../update/trust.ts";
import { DownloadFile, prepareFolder } from "./download-file.ts";
import type { MonotonicClock } from "./progressing.ts";
import { Progressing } from "./progressing.ts";

export interface SiteParts {
  readonly timers: Timers;
  readonly clock: MonotonicClock;
  /** The controller's own, beside the database. */
  readonly folder: string;
}

/** Left to the database and its log. */
const SPACE_MARGIN = 4 * 1024 * 1024;

export function openSite(parts: SiteParts): UpdateSite {
  const current = new Progressing(parts.timers, parts.clock);
  return {
    async documents(url, channel) {
      try {
        const value = await fetchDocuments(new URL(url), channel, current);
        return { kind: "got", value };
      } catch (error) {
        return failed(error);
      } finally {
        current.end();
      }
    },
    async fetch(order) {
      try {
        return await load(order, parts.folder, current);
      } catch (error) {
        return failed(error);
      } finally {
        current.end();
      }
    },
    stop: () => current.end(),
  };
}

async function fetchDocuments(
  base: URL,
  channel: string,
  current: Progressing,
): Promise<SignedDocuments> {
  const bytes = (place: string, most: number) => fetchBytes(new URL(place, base), most, current);
  const text = async (place: string) =>
    new TextDecoder().decode(await bytes(place, SIGNATURE_TEXT_MAX));
  return {
    keys: await bytes("keys.json", DOCUMENT_MAX),
    keysSignature: await text("keys.json.minisig"),
    manifest: await bytes(`${channel}/manifest.json`, DOCUMENT_MAX),
    manifestSignature: await text(`${channel}/manifest.json.minisig`),
  };
}

async function fetchBytes(url: URL, most: number, current: Progressing): Promise<Uint8Array> {
  const response = await get(url, {}, current);
  if (response.status !== 200) throw new Error(`${url.pathname} answers ${response.status}`);
  const chunks: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of bodyOf(response)) {
    current.moved();
    octets += chunk.byteLength;
    if (octets > most) throw new Error(`${url.pathname} is longer than ${most} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function load(order: FetchOrder, folder: string, current: Progressing): Promise<Got<null>> {
  const { payload, documents } = order;
  prepareFolder(folder);
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < payload.size + SPACE_MARGIN) {
    return { kind: "failed", reason: `${folder} has too little space for ${payload.size} octets` };
  }
  const file = DownloadFile.open(folder, payload.sha256);
  try {
    if (file.size > payload.size) file.restart(null);
    if (file.size < payload.size) await loadRest(order, file, current);
    if (file.finish() !== payload.sha256) {
      file.discard();
      return { kind: "failed", reason: "the payload is not what the manifest names" };
    }
  } finally {
    file.close();
  }
  const put = (name: string, content: Uint8Array | string) => {
    const path = join(folder, name);
    rmSync(path, { force: true });
    writeFileSync(path, content, { mode: 0o640, flag: "wx" });
  };
  put("keys.json", documents.keys);
  put("keys.json.minisig", documents.keysSignature);
  put("manifest.json", documents.manifest);
  put("manifest.json.minisig", documents.manifestSignature);
  return { kind: "got", value: null };
}

async function loadRest(
  { url, payload, progress }: FetchOrder,
  file: DownloadFile,
  current: Progressing,
): Promise<void> {
  const at = new URL(payload.place, url);
  const etag = file.etag;
  const headers: Record<string, string> =
    file.size > 0 && etag !== null ? { range: `bytes=${file.size}-`, "if-range": etag } : {};
  const response = await get(at, headers, current);
  const isRest = response.status === 206 && startOf(response) === file.size;
  if (!isRest && response.status !== 200) {
    throw new Error(`${at.pathname} answers ${response.status}`);
  }
  if (!isRest) file.restart(strongTag(response));
  for await (const chunk of bodyOf(response)) {
    current.moved();
    if (file.size + chunk.byteLength > payload.size) {
      file.discard();
      throw new Error(`${at.pathname} is longer than ${payload.size} octets`);
    }
    file.append(chunk);
    progress(file.size);
  }
  if (file.size < payload.size) {
    throw new Error(`${at.pathname} ended at ${file.size} of ${payload.size} octets`);
  }
}

function get(url: URL, headers: Record<string, string>, current: Progressing): Promise<Response> {
  // As it lies on the server: a packed transfer has other offsets.
  const asked = { "accept-encoding": "identity", ...headers };
  return fetch(url, { headers: asked, redirect: "error", signal: current.begin() });
}

function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  if (response.body === null) throw new Error("the answer has no body");
  return response.body;
}

/** First octet of a partial answer; -1: it does not say. */
function startOf(response: Response): number {
  const match = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "");
  return match === null ? -1 : Number(match[1]);
}

/** RFC 9110 13.1.5: only a strong validator may join two answers. */
function strongTag(response: Response): string | null {
  const tag = response.headers.get("etag") ?? response.headers.get("last-modified");
  return tag === null || tag.startsWith("W/") ? null : tag;
}

function failed(error: unknown): { readonly kind: "failed"; readonly reason: string } {
  return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
}
