/** Webhooks, and Alertmanager's API v2, which is one with a fixed body. */

import type { ChannelSender } from "../../controller/alerts/ports.ts";
import type { Clock } from "../../controller/ports.ts";
import type { AlertmanagerChannel, WebhookChannel } from "../../domain/alerts.ts";
import { invariant } from "../../domain/invariant.ts";
import type { Formatted } from "./formats.ts";
import { alertmanagerAlerts, formatWebhook } from "./formats.ts";
import type { HttpPost } from "./http-post.ts";
import { post } from "./http-post.ts";
import type { Lookup } from "./places.ts";
import { readCa, readHeaderFile, readSecret, SecretFault } from "./secrets.ts";
import { signatureHeaders } from "./signature.ts";

export interface HttpChannelParts {
  readonly clock: Pick<Clock, "wall">;
  /** Default: the system's. */
  readonly lookup?: Lookup | undefined;
}

/** A firing alert outlives this many times that it was not sent again. */
const RESENDS_MISSED = 4;
/** Until somebody has repaired the file. */
const SECRET_RETRY_MS = 60_000;

export function webhookSender(config: WebhookChannel, parts: HttpChannelParts): ChannelSender {
  return (message, signal) =>
    sendTo(config, parts, signal, () => {
      const body = formatWebhook(message, config);
      const { secret_file } = config;
      const signed = { id: message.id, body: body.text };
      const wall = parts.clock.wall();
      const proof =
        secret_file === null ? {} : signatureHeaders(signed, readSecret(secret_file), wall);
      return { ...body, headers: { "webhook-id": message.id, ...proof } };
    });
}

export function alertmanagerSender(
  config: AlertmanagerChannel,
  parts: HttpChannelParts,
): ChannelSender {
  return (message, signal) =>
    sendTo(config, parts, signal, () => {
      const lasts = RESENDS_MISSED * config.resend_secs * 1_000;
      // A test ends by itself.
      const until = parts.clock.wall() + (message.status === "test" ? 1_000 : lasts);
      return { ...alertmanagerAlerts(message, until), headers: {} };
    });
}

type Prepared = Formatted & { readonly headers: Readonly<Record<string, string>> };

async function sendTo(
  config: WebhookChannel | AlertmanagerChannel,
  parts: HttpChannelParts,
  signal: AbortSignal,
  prepare: () => Prepared,
): ReturnType<ChannelSender> {
  let request: HttpPost;
  try {
    const { contentType, text, headers } = prepare();
    request = {
      url: urlOf(config),
      headers: {
        ...config.headers,
        ...(config.headers_file === null ? {} : readHeaderFile(config.headers_file)),
        ...headers,
        "content-type": contentType,
      },
      body: text,
      ca: config.ca_file === null ? null : readCa(config.ca_file),
      allowLinkLocal: config.allow_link_local,
      timeoutMs: config.timeout_secs * 1_000,
      lookup: parts.lookup,
    };
  } catch (error) {
    if (!(error instanceof SecretFault)) throw error;
    return { kind: "retry", afterMs: SECRET_RETRY_MS, reason: error.message };
  }
  return post(request, signal, () => parts.clock.wall());
}

/** Throws SecretFault. */
function urlOf({ url, url_file, type }: WebhookChannel | AlertmanagerChannel): string {
  invariant(url !== null || url_file !== null, "a channel without a place");
  const text = url ?? readSecret(url_file ?? "");
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new SecretFault(`cannot use ${url_file}: want an http or https URL`);
  }
  if (type === "webhook") return text;
  const base = new URL(text);
  const path = base.pathname.replace(/\/+$/, "");
  base.pathname = path.endsWith("/api/v2/alerts") ? path : `${path}/api/v2/alerts`;
  return base.href;
}
