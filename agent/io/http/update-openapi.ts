/** The part of the OpenAPI document about updates of the program. */

import { UPDATE_ACTIVITIES, UPDATE_STEPS } from "../../domain/update.ts";
import type { Schema } from "./openapi-forms.ts";
import {
  answer,
  flag,
  list,
  object,
  problem,
  ref,
  text,
  textOrNull,
  unixTime,
  whole,
} from "./openapi-forms.ts";

const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const release = { release: whole, version: text } as const;

export const UPDATE_SCHEMAS = {
  UpdateStep: object({
    number: whole,
    at: unixTime,
    step: { enum: UPDATE_STEPS },
    ...release,
    detail: text,
  }),
  Update: object({
    enabled: flag,
    channel: text,
    automatic: flag,
    running: object({ ...release, target: text, sha256: textOrNull }),
    activity: { enum: UPDATE_ACTIVITIES },
    available: orNull(object({ ...release, how: { enum: ["delta", "full"] }, octets: whole })),
    loaded_octets: { type: ["integer", "null"] },
    last_check: orNull(
      object({
        at: unixTime,
        outcome: { enum: ["current", "offered", "refused", "failed"] },
        reason: text,
      }),
    ),
    waiting: textOrNull,
    trial: orNull(object({ ...release, ends_in_secs: whole })),
    previous: orNull(object(release)),
    highest_release: whole,
    min_release: whole,
    keys_version: whole,
    refused: list(object({ ...release, sha256: text, reason: text })),
    steps: list(ref("UpdateStep")),
  }),
} as const;

const body = (schema: Schema) => ({
  required: true,
  content: { "application/json": { schema } },
});
const started = answer("Started", object({ status: { const: "started" } }));

export const UPDATE_PATHS = {
  "/api/v1/update": {
    get: {
      summary: "The running release, a newer one, and what became of earlier ones",
      responses: { "200": answer("Update", ref("Update")), "501": problem("Not offered") },
    },
  },
  "/api/v1/update/check": {
    post: {
      summary: "Ask the server now; needs an admin's token over TCP",
      security: [{ token: [] }],
      responses: { "200": answer("Update", ref("Update")), "501": problem("Not offered") },
    },
  },
  "/api/v1/update/apply": {
    post: {
      summary: "Load and install the newer release; needs an admin's token over TCP",
      security: [{ token: [] }],
      requestBody: body({ type: "object", properties: { any_path: flag } }),
      responses: {
        "202": started,
        "400": problem("Bad body"),
        "409": problem("Refused"),
        "501": problem("Not offered"),
      },
    },
  },
  "/api/v1/update/rollback": {
    post: {
      summary: "Back to the release before; needs an admin's token over TCP",
      security: [{ token: [] }],
      requestBody: body({ type: "object", properties: { author: text } }),
      responses: {
        "202": started,
        "400": problem("Bad body"),
        "409": problem("Refused"),
        "501": problem("Not offered"),
      },
    },
  },
} as const;
