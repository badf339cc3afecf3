/**
 * One HTTP request to a receiver of alerts, and what its answer means. No redirect is followed. An
 * answer is read to a bound and no longer than the attempt may take. Nothing that is said about a
 * failure holds more of the URL than its host: the rest may be a secret.
 */

import type { Delivery } from "../../controller/queue/ports.ts";
import { parseRetryAfter } from "../../domain/retry-after.ts";
import { VERSION } from "../../domain/version.ts";
import type { Lookup } from "./places.ts";
import { placeOf } from "./places.ts";
import { oneLine } from "./text.ts";

export interface HttpPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ca: string | null;
  readonly allowLinkLocal: boolean;
  readonly timeoutMs: number;
  /** Default: the system's. */
  readonly lookup?: Lookup | undefined;
}

const ANSWER_OCTETS_MAX = 16_384;
const TEXT_MAX = 300;
const ADDRESSES_MAX = 3;
/** Somebody has to repair it, and until then the alert waits: RFC 9110's 401, 403, 404, 407. */
const REPAIRABLE = new Set([401, 403, 404, 407]);
const REPAIR_MS = 300_000;
/** 408, 421, 425, 429: try again; and every 5xx, because receivers use 500 for anything. */
const PASSING = new Set([408, 421, 425, 429]);

export async function post(
  request: HttpPost,
  signal: AbortSignal,
  wallMs: () => number,
): Promise<Delivery> {
  const url = new URL(request.url);
  const all = AbortSignal.any([signal, AbortSignal.timeout(request.timeoutMs)]);
  try {
    const place = await untilAborted(
      placeOf(url.hostname, request.allowLinkLocal, request.lookup),
      all,
    );
    if (place.kind === "refused") return retry(place.reason);
    return await postTo(
      place.addresses.slice(0, ADDRESSES_MAX),
      { ...request, signal: all },
      wallMs,
    );
  } catch (error) {
    return retry(`cannot reach ${url.host}: ${reasonOf(error, request.timeoutMs)}`);
  }
}

type Bounded = HttpPost & { readonly signal: AbortSignal };

/** The next address when one cannot be reached. Rejects with the last failure. */
async function postTo(
  addresses: readonly string[],
  request: Bounded,
  wallMs: () => number,
): Promise<Delivery> {
  let failure: unknown = new Error("no address");
  for (const address of addresses) {
    try {
      const response = await send(address, request);
      const text = await beginning(response);
      return deliveryOf(response, text, wallMs());
    } catch (error) {
      failure = error;
      if (request.signal.aborted) break;
    }
  }
  throw failure;
}

function send(address: string, { url: text, headers, body, ca, signal }: Bounded) {
  const url = new URL(text);
  const host = url.host;
  const name = url.hostname;
  url.hostname = address.includes(":") ? `[${address}]` : address;
  const tls = url.protocol === "https:" ? { serverName: name.replace(/^\[|\]$/g, "") } : null;
  return fetch(url, {
    method: "POST",
    headers: { ...headers, host, "user-agent": `patronus-agent/${VERSION}` },
    body,
    signal,
    redirect: "manual",
    ...(tls === null ? {} : { tls: ca === null ? tls : { ...tls, ca } }),
  });
}

function retry(reason: string, afterMs: number | null = null): Delivery {
  return { kind: "retry", afterMs, reason };
}

function deliveryOf(response: Response, text: string, wallMs: number): Delivery {
  const { status } = response;
  if (status >= 200 && status < 300) {
    // Without TLS a captive portal may answer for the receiver.
    const isPortal = response.url.startsWith("http:") && /^\s*<(!doctype|html)/i.test(text);
    return isPortal ? retry("a page answered, not a receiver: a captive portal?") : DELIVERED;
  }
  if (status >= 300 && status < 400) return retry(`redirected elsewhere (${status})`);
  const said = text === "" ? "" : `: ${text.slice(0, TEXT_MAX)}`;
  const reason = `the receiver answered ${status}${said}`;
  if (REPAIRABLE.has(status)) return retry(reason, REPAIR_MS);
  if (status >= 500 || PASSING.has(status)) {
    return retry(reason, parseRetryAfter(response.headers.get("retry-after"), wallMs));
  }
  return { kind: "permanent", status, text: text.slice(0, TEXT_MAX) };
}

const DELIVERED: Delivery = { kind: "delivered" };

/** An answer that breaks off, drips or never ends still has its status. */
async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
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
    // Broken off, or too late: what came is enough.
  }
  await reader.cancel().catch(ignore);
  return oneLine(Buffer.concat(chunks).subarray(0, ANSWER_OCTETS_MAX).toString("utf8"));
}

function ignore(): void {
  // The connection is given up anyway.
}

/** A lookup cannot be ended; it is not waited for. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return Promise.race([work, promise]);
}

/** The runtime's own messages hold the URL. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "failed";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  if (error.name === "AbortError") return "given up";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
