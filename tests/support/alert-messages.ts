/** A message about two alerts, and receivers for channels. */

import type { Message, WebhookChannel } from "../../agent/domain/alerts.ts";
import { unixMillis } from "../../agent/domain/units.ts";

export const BEGAN = 1_700_000_000_000;

export const MESSAGE: Message = {
  id: "loyw3v28-1",
  status: "firing",
  severity: "critical",
  created_at_ms: unixMillis(BEGAN + 5_000),
  node_id: "cpe-1",
  site: "berlin",
  alerts: [
    {
      id: `path-down/path-down:fiber/${BEGAN}`,
      rule: "path-down",
      type: "path-down",
      severity: "critical",
      status: "firing",
      summary: "path Fiber (fiber) is down: no answer",
      path_id: "fiber",
      policy_id: null,
      cause: "no answer",
      consequences: ["policy office left Fiber (fiber) for lte"],
      started_at_ms: unixMillis(BEGAN),
      resolved_at_ms: null,
    },
    {
      id: `store-trouble/store-trouble:history/${BEGAN + 1_000}`,
      rule: "store-trouble",
      type: "store-trouble",
      severity: "warning",
      status: "firing",
      summary: "the history is not stored: disk full",
      path_id: null,
      policy_id: null,
      cause: "disk full",
      consequences: [],
      started_at_ms: unixMillis(BEGAN + 1_000),
      resolved_at_ms: null,
    },
  ],
};

export function resolved(message: Message): Message {
  const alerts = message.alerts.map((alert) => ({
    ...alert,
    status: "resolved" as const,
    resolved_at_ms: unixMillis(BEGAN + 60_000),
  }));
  return { ...message, id: `${message.id}-end`, status: "resolved", alerts };
}

export function webhook(url: string, over: Partial<WebhookChannel> = {}): WebhookChannel {
  return {
    name: "ops",
    type: "webhook",
    min_severity: "info",
    send_resolved: true,
    timeout_secs: 2,
    url,
    url_file: null,
    headers: {},
    headers_file: null,
    ca_file: null,
    allow_link_local: false,
    format: "native",
    template: `{"text":"{text}"}`,
    secret_file: null,
    ...over,
  };
}

export const NEVER_ABORTED = new AbortController().signal;
