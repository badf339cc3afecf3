/**
 * What an answer over OTLP/HTTP means for the queue (OTLP 1.5, "OTLP/HTTP Response"): only 429,
 * 502, 503 and 504 and broken connections are tried again; every other refusal is for good. Two
 * answers are not the receiver's: a page of HTML and a redirect to elsewhere come from a captive
 * portal or a wrong address, and must not cost data.
 */

import { ProtobufLogsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { Delivery, EntryKind } from "../../controller/queue/ports.ts";
import { parseRetryAfter } from "../../domain/retry-after.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  /** The beginning of it. */
  readonly body: Uint8Array;
}

const RETRIED = new Set([429, 502, 503, 504]);
const TEXT_MAX = 500;

export function deliveryOf(answer: Answer, kind: EntryKind, nowMs: number): Delivery {
  const { status, contentType, body } = answer;
  const isPage = contentType.startsWith("text/html");
  if (status >= 200 && status < 300) {
    if (isPage) return retry("the answer is a page, not a receiver's: a captive portal?");
    return accepted(body, contentType, kind);
  }
  if (status >= 300 && status < 400) return retry(`redirected elsewhere (${status})`);
  if (RETRIED.has(status)) {
    const afterMs = parseRetryAfter(answer.retryAfter, nowMs);
    return { kind: "retry", afterMs, reason: `the receiver answered ${status}` };
  }
  return { kind: "permanent", status, text: textOf(body, contentType) };
}

function retry(reason: string): Delivery {
  return { kind: "retry", afterMs: null, reason };
}

function accepted(body: Uint8Array, contentType: string, kind: EntryKind): Delivery {
  const { rejected, message } = contentType.includes("json")
    ? partialOfJson(body)
    : partialOfProtobuf(body, kind);
  if (rejected === 0 && message === "") return { kind: "delivered" };
  return { kind: "partial", rejected, message: clean(message) };
}

interface Partial {
  readonly rejected: number;
  readonly message: string;
}

const NOTHING: Partial = { rejected: 0, message: "" };

/** A body that is none of OTLP's says nothing: the status alone counts. */
function partialOfProtobuf(body: Uint8Array, kind: EntryKind): Partial {
  if (body.byteLength === 0) return NOTHING;
  try {
    if (kind === "logs") {
      const { partialSuccess } = ProtobufLogsSerializer.deserializeResponse(body);
      return partialOf(partialSuccess?.rejectedLogRecords, partialSuccess?.errorMessage);
    }
    const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(body);
    return partialOf(partialSuccess?.rejectedDataPoints, partialSuccess?.errorMessage);
  } catch {
    return NOTHING;
  }
}

function partialOfJson(body: Uint8Array): Partial {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    const partial = fieldOf(parsed, "partialSuccess");
    const rejected =
      fieldOf(partial, "rejectedDataPoints") ?? fieldOf(partial, "rejectedLogRecords");
    return partialOf(rejected, fieldOf(partial, "errorMessage"));
  } catch {
    return NOTHING;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** int64 is text in OTLP's JSON. */
function partialOf(rejected: unknown, message: unknown): Partial {
  const count = Number(rejected ?? 0);
  return {
    rejected: Number.isSafeInteger(count) && count > 0 ? count : 0,
    message: typeof message === "string" ? message : "",
  };
}

/** For people: google.rpc.Status in protobuf has its message readable inside. */
function textOf(body: Uint8Array, contentType: string): string {
  const text = clean(new TextDecoder().decode(body.subarray(0, 4 * TEXT_MAX)));
  return text === "" ? `no text (${contentType === "" ? "no content type" : contentType})` : text;
}

/** It came from outside, and goes to logs and pages. */
function clean(text: string): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]+/gu, " ")
    .trim()
    .slice(0, TEXT_MAX);
}
