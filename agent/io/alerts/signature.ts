/**
 * Signed webhooks by the Standard Webhooks specification, for which libraries exist: HMAC-SHA256
 * over id, time stamp and body. The time is that of the attempt, so that a receiver can refuse a
 * replay; the id is that of the message, so that it recognises a second delivery.
 */

import { createHmac } from "node:crypto";

const ENCODED = "whsec_";

export interface Signed {
  readonly id: string;
  readonly body: string;
}

/** `secret`: the text of the file; with the usual prefix the rest of it is base64. */
export function signatureHeaders(
  { id, body }: Signed,
  secret: string,
  wallMs: number,
): Record<string, string> {
  const timestamp = Math.floor(wallMs / 1_000);
  const key = secret.startsWith(ENCODED)
    ? Buffer.from(secret.slice(ENCODED.length), "base64")
    : Buffer.from(secret, "utf8");
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-timestamp": `${timestamp}`, "webhook-signature": `v1,${mac}` };
}
