/** The part of the OpenAPI document about alerts. */

import { ALERT_TYPES, SEVERITIES } from "../../domain/alerts.ts";
import type { Schema } from "./openapi-forms.ts";
import {
  answer,
  list,
  object,
  problem,
  query,
  ref,
  sentences,
  text,
  textOrNull,
  whole,
} from "./openapi-forms.ts";

const unixMs: Schema = { type: "integer", description: "Unix milliseconds" };
const unixMsOrNull: Schema = { type: ["integer", "null"], description: "Unix milliseconds" };
const severity: Schema = { enum: SEVERITIES };
const nextCursor: Schema = { type: ["integer", "null"], description: "null: the last page" };

const alert = {
  id: text,
  rule: text,
  type: { enum: ALERT_TYPES },
  severity,
  status: { enum: ["firing", "resolved"] },
  summary: text,
  path_id: textOrNull,
  policy_id: { type: ["integer", "null"] },
  cause: text,
  consequences: sentences,
  started_at_ms: unixMs,
  resolved_at_ms: unixMsOrNull,
} as const;

export const ALERTS_SCHEMAS = {
  Alert: object(alert),
  AlertState: object({
    ...alert,
    state: { enum: ["firing", "waiting", "hidden", "muted", "ending"] },
  }),
  AlertMessage: object({
    record: whole,
    id: text,
    status: { enum: ["firing", "resolved", "test"] },
    severity,
    created_at_ms: unixMs,
    alerts: list(ref("Alert")),
  }),
  AlertChannel: object({
    name: text,
    type: { enum: ["webhook", "alertmanager", "mail", "exec"] },
    min_severity: severity,
    waiting: whole,
    oldest_age_secs: { type: ["number", "null"] },
    delivered: whole,
    retries: whole,
    dropped: whole,
    last_success_ms: unixMsOrNull,
    last_error: textOrNull,
  }),
} as const;

export const STREAM_PATHS = {
  "/api/v1/stream": {
    get: {
      summary:
        "Server-sent events: status, failover, alert as they happen, a snapshot every 5 s; " +
        "Last-Event-ID goes on where a client was, `gap` says that something was lost",
      parameters: [query("types", "Some of status,failover,alert,snapshot; default: all", text)],
      responses: {
        "200": answer("Events", text, "text/event-stream"),
        "400": problem("Bad parameters"),
        "503": problem("Too many followers"),
      },
    },
  },
} as const;

export const ALERTS_PATHS = {
  "/api/v1/alerts": {
    get: {
      summary: "What is wrong by the rules, whether it was told or why not, and the channels",
      responses: {
        "200": answer(
          "Alerts",
          object({
            alerts: list(ref("AlertState")),
            count: whole,
            channels: list(ref("AlertChannel")),
          }),
        ),
      },
    },
  },
  "/api/v1/alerts/history": {
    get: {
      summary: "Messages as they were told, newest first",
      parameters: [
        query("limit", "Messages of a page", { type: "integer", minimum: 1, maximum: 1000 }),
        query("cursor", "next_cursor of the page before", whole),
        query("severity", "Of this severity only", severity),
      ],
      responses: {
        "200": answer(
          "One page",
          object({ messages: list(ref("AlertMessage")), count: whole, next_cursor: nextCursor }),
        ),
        "400": problem("Bad parameters"),
      },
    },
  },
  "/api/v1/alerts/test": {
    post: {
      summary: "Send a test by a channel, at once; needs the token over TCP",
      security: [{ token: [] }],
      requestBody: {
        required: true,
        content: { "application/json": { schema: object({ channel: text }) } },
      },
      responses: {
        "200": answer(
          "What came of it",
          object({
            channel: text,
            outcome: { enum: ["delivered", "retry", "refused"] },
            detail: text,
          }),
        ),
        "400": problem("Bad body"),
        "404": problem("Unknown channel"),
      },
    },
  },
} as const;
