/**
 * One attempt over HTTP: bounded in time and in what is read of the answer, no redirect to another
 * host. Certificates and headers are read from their files for each attempt, so a renewed one needs
 * no restart. With an `interface` the request goes through node:http, because fetch cannot choose
 * its source address.
 */

import { readFileSync } from "node:fs";
import type { Clock } from "../../controller/ports.ts";
import type { QueueEntry, Sender } from "../../controller/queue/ports.ts";
import type { OtlpDestination, OtlpTls } from "../../domain/otlp.ts";
import { VERSION } from "../../domain/version.ts";
import type { Answer } from "./answer.ts";
import { deliveryOf } from "./answer.ts";

/** Far above any partial success; the rest of a longer answer is not read. */
export const ANSWER_OCTETS_MAX = 65_536;
/** The status is known: what the body adds is not worth a longer wait. */
const BODY_WAIT_MS = 2_000;
const REDIRECTS_MAX = 3;

export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

export interface Post {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly tls: TlsFiles;
  /** Of the whole attempt. */
  readonly signal: AbortSignal;
}

export function createSender(
  destination: OtlpDestination,
  url: string,
  clock: Pick<Clock, "wall">,
): Sender {
  return async (entry, signal) => {
    try {
      const answer = await attempt(destination, url, { entry, signal });
      return deliveryOf(answer, entry.kind, clock.wall());
    } catch (error) {
      return { kind: "retry", afterMs: null, reason: reasonOf(error, destination.timeout_ms) };
    }
  };
}

async function attempt(
  destination: OtlpDestination,
  url: string,
  { entry, signal }: { readonly entry: QueueEntry; readonly signal: AbortSignal },
): Promise<Answer> {
  const post: Post = {
    url,
    headers: headersOf(destination, entry),
    body: new Uint8Array(entry.body),
    tls: readTls(destination.tls),
    signal: AbortSignal.any([signal, AbortSignal.timeout(destination.timeout_ms)]),
  };
  if (destination.interface === null) return postByFetch(post, REDIRECTS_MAX);
  const { postBound } = await import("./bound-post.ts");
  return postBound(post, destination.interface);
}

/** Follows a redirect that keeps method and host (307, 308), as proxies use them. */
async function postByFetch(post: Post, redirects: number): Promise<Answer> {
  const { url, headers, body, tls, signal } = post;
  const init = { method: "POST", headers, body, signal, redirect: "manual", tls } as const;
  const response = await fetch(url, init);
  const location = response.headers.get("location");
  const next = location !== null && URL.canParse(location, url) ? new URL(location, url) : null;
  const isKept = response.status === 307 || response.status === 308;
  if (isKept && next !== null && next.host === new URL(url).host && redirects > 0) {
    await response.body?.cancel();
    // A redirect from https to http would show the headers to everybody.
    if (next.protocol === new URL(url).protocol) {
      return postByFetch({ ...post, url: next.href }, redirects - 1);
    }
  }
  return {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    retryAfter: response.headers.get("retry-after"),
    body: await beginning(response),
  };
}

/** An answer that breaks off, drips or never ends still has its status. */
async function beginning(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const late = AbortSignal.timeout(BODY_WAIT_MS);
  const stop = () => void reader.cancel().catch(ignore);
  late.addEventListener("abort", stop);
  const chunks: Uint8Array[] = [];
  let octets = 0;
  try {
    while (octets < ANSWER_OCTETS_MAX) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      octets += value.byteLength;
    }
  } catch {
    // Reset in the middle: what came is kept.
  }
  late.removeEventListener("abort", stop);
  stop();
  return Buffer.concat(chunks).subarray(0, ANSWER_OCTETS_MAX);
}

function ignore(): void {
  // The connection is given up anyway.
}

function headersOf(destination: OtlpDestination, entry: QueueEntry): Record<string, string> {
  const isGzip = entry.body[0] === 0x1f && entry.body[1] === 0x8b;
  return {
    ...destination.headers,
    ...readHeaders(destination.headers_file),
    "user-agent": `patronus-agent/${VERSION}`,
    "content-type": entry.contentType,
    ...(isGzip ? { "content-encoding": "gzip" } : {}),
  };
}

/** Lines of `name: value`; empty ones and those with # do not count. Throws when unreadable. */
function readHeaders(path: string | null): Record<string, string> {
  if (path === null) return {};
  const headers: Record<string, string> = {};
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [, name, value] = /^\s*([^#:\s][^:\s]*)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers[name.toLowerCase()] = value;
  }
  return headers;
}

function readTls({ ca_file, cert_file, key_file, insecure }: OtlpTls): TlsFiles {
  const read = (path: string) => readFileSync(path, "utf8");
  return {
    ...(ca_file === null ? {} : { ca: read(ca_file) }),
    ...(cert_file === null ? {} : { cert: read(cert_file) }),
    ...(key_file === null ? {} : { key: read(key_file) }),
    rejectUnauthorized: !insecure,
  };
}

/** Without what the headers held; the runtime's messages name address and code. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return `${error.message}${code}`.slice(0, 300);
}
