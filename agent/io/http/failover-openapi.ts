/** The part of the OpenAPI document about policies, events, orders and their audit. */

import {
  EVENT_TYPES,
  RECORD_ORDERS,
  RECORD_PAGE_DEFAULT,
  RECORD_PAGE_MAX,
} from "./failover-json.ts";
import type { Schema } from "./openapi-forms.ts";
import {
  answer,
  flag,
  list,
  object,
  pathIdParameter,
  problem,
  query,
  ref,
  score,
  sentences,
  text,
  textOrNull,
  unixTime,
  whole,
} from "./openapi-forms.ts";

const unixTimeOrNull: Schema = { type: ["integer", "null"], description: "Unix seconds" };
const family: Schema = { enum: [4, 6] };
const signed = {
  author: { type: "string", maxLength: 64, description: "Default: by the way it came" },
  reason: { type: "string", maxLength: 500 },
} as const;
const expiresSecs: Schema = { type: "integer", minimum: 1, description: "Absent: until revoked" };

const override = {
  author: text,
  reason: text,
  since: unixTime,
  expires_at: unixTimeOrNull,
} as const;
const pin = object({ ...override, path_id: text, mode: { enum: ["strict", "safe"] } });
const hold = object({ ...override, strict: flag });
const obstacle = object({
  kind: text,
  path_id: textOrNull,
  remaining_secs: { type: ["number", "null"], description: "null: time alone does not end it" },
});

/** What a policy is, beside its id. */
const settings = {
  name: text,
  primary_path_id: text,
  backup_path_ids: { ...list(text), description: "In order of priority" },
  failover_threshold: { type: "integer", minimum: 0, maximum: 100 },
  failback_threshold: { type: "integer", minimum: 0, maximum: 100 },
  failback_delay_secs: whole,
  enabled: flag,
  backup_threshold: whole,
  min_improvement: whole,
  dwell_secs: whole,
  route: { type: ["object", "null"], description: "null: decide and report only" },
  all_down: { enum: ["hold", "unreachable", "os"] },
  flows: { enum: ["keep", "reset-on-hard-down", "reset-always"] },
} as const;

export const FAILOVER_SCHEMAS = {
  Policy: object(
    {
      policy_id: whole,
      ...settings,
      active_path_id: textOrNull,
      active_path_id_v6: textOrNull,
      using_primary: flag,
      failover_count: whole,
      failback_count: whole,
      pending_path_id: textOrNull,
      pending_path_id_v6: textOrNull,
      all_down_now: flag,
      origin: { enum: ["file", "api"], description: "`file`: read-only through the API" },
      pin: { oneOf: [pin, { type: "null" }] },
      hold: { oneOf: [hold, { type: "null" }] },
      maintenance: list(object({ ...override, path_id: text })),
    },
    "A policy and where its traffic is; null: not known, or no route of ours.",
  ),
  PolicyDocument: {
    type: "object",
    properties: { policy_id: whole, ...settings, ...signed },
    required: ["primary_path_id", "backup_path_ids"],
    description: "Without `policy_id` a new policy gets a free one; further keys as in the file.",
  },
  FailoverEvent: object({
    event_id: whole,
    policy_id: whole,
    event_type: { enum: EVENT_TYPES },
    from_path_id: textOrNull,
    to_path_id: textOrNull,
    reason: text,
    primary_health_score: score,
    backup_health_score: score,
    timestamp: unixTime,
    timestamp_ms: { type: "integer", description: "Unix milliseconds" },
    family: { enum: [4, 6, null] },
    order_id: { type: ["integer", "null"], description: "Ties an outcome to its intent" },
    cause: textOrNull,
    duration_ms: { type: ["number", "null"], description: "From the order to the verified route" },
    evidence: list(
      object({ path_id: text, health_score: score, window: { type: ["object", "null"] } }),
    ),
  }),
  AuditRecord: object({
    audit_id: whole,
    action: text,
    author: text,
    reason: text,
    policy_id: { type: ["integer", "null"] },
    path_id: textOrNull,
    outcome: { enum: ["done", "refused", "expired", "noted"] },
    detail: text,
    timestamp: unixTime,
    timestamp_ms: { type: "integer", description: "Unix milliseconds" },
  }),
  Explanation: object({
    policy_id: whole,
    family,
    enabled: flag,
    active_path_id: textOrNull,
    pending_path_id: textOrNull,
    all_down: flag,
    decision: { enum: ["stay", "move", "nowhere"] },
    reason: textOrNull,
    to_path_id: textOrNull,
    obstacles: list(obstacle),
    sentences,
    pin: { oneOf: [pin, { type: "null" }] },
    hold: { oneOf: [hold, { type: "null" }] },
    paths: list(
      object({
        path_id: text,
        is_active: flag,
        is_usable: flag,
        health_score: score,
        hard_down: textOrNull,
        failures: whole,
        obstacles: list(obstacle),
      }),
    ),
  }),
} as const;

const policyIdParameter: Schema = {
  name: "id",
  in: "path",
  required: true,
  description: "Number of the policy",
  schema: whole,
};

const recordParameters = [
  query("policy_id", "Of this policy only", whole),
  query("path", "Either side of a move, or the path of an order", text),
  query("since", "Unix seconds, with it", unixTime),
  query("until", "Unix seconds, with it", unixTime),
  query("limit", "Records of one page", {
    type: "integer",
    minimum: 1,
    maximum: RECORD_PAGE_MAX,
    default: RECORD_PAGE_DEFAULT,
  }),
  query("cursor", "`next_cursor` of the page before", whole),
  query("order", "Which come first", { enum: RECORD_ORDERS, default: RECORD_ORDERS[0] }),
];
const nextCursor: Schema = { type: ["integer", "null"], description: "null: no more" };
const policyAnswer = answer("The policy", ref("Policy"));
const TOKEN = [{ token: [] }];

function requestBody(schema: Schema): Schema {
  return { required: true, content: { "application/json": { schema } } };
}

/** An order to one policy; `fields` beside the signature, none of them needed but `required`. */
function order(
  summary: string,
  fields: Readonly<Record<string, Schema>> = {},
  required: readonly string[] = [],
): Schema {
  return {
    post: {
      summary: `${summary}; needs the token over TCP`,
      security: TOKEN,
      parameters: [policyIdParameter],
      requestBody: requestBody({ type: "object", properties: { ...fields, ...signed }, required }),
      responses: {
        "200": policyAnswer,
        "400": problem("Bad body"),
        "404": problem("Unknown policy"),
        "409": problem("Refused, in the words of the engine"),
      },
    },
  };
}

const writeProblems = {
  "400": problem("Bad body; `errors` name the fields"),
  "404": problem("Unknown policy"),
  "409": problem("It is of the configuration file, or the id is taken"),
} as const;

const policyWrites = {
  put: {
    summary: "Replace a policy that the API made; needs the token over TCP",
    security: TOKEN,
    parameters: [policyIdParameter],
    requestBody: requestBody(ref("PolicyDocument")),
    responses: { "200": policyAnswer, ...writeProblems },
  },
  delete: {
    summary: "Delete a policy that the API made, its events stay; needs the token over TCP",
    security: TOKEN,
    parameters: [policyIdParameter],
    responses: {
      "200": answer("Deleted", object({ policy_id: whole, deleted: { const: true } })),
      ...writeProblems,
    },
  },
} as const;

function maintenance(summary: string, fields: Readonly<Record<string, Schema>>): Schema {
  return {
    summary: `${summary}; needs the token over TCP`,
    security: TOKEN,
    parameters: [pathIdParameter],
    requestBody: requestBody({ type: "object", properties: { ...fields, ...signed } }),
    responses: {
      "200": answer("Done", object({ path_id: text, maintenance: flag })),
      "400": problem("Bad body"),
      "404": problem("Unknown path"),
      "409": problem("Refused"),
    },
  };
}

const policies = list(ref("Policy"));

export const FAILOVER_PATHS = {
  "/api/v1/failover/snapshot": {
    get: {
      summary: "All policies and where their traffic is; ETag and If-None-Match",
      responses: {
        "200": answer("Snapshot", object({ timestamp: unixTime, policies })),
        "304": { description: "Nothing but the time has changed" },
      },
    },
  },
  "/api/v1/failover/events": {
    get: {
      summary: "What was decided and what came of it",
      parameters: [...recordParameters, query("type", "Of this type only", { enum: EVENT_TYPES })],
      responses: {
        "200": answer(
          "One page",
          object({ events: list(ref("FailoverEvent")), count: whole, next_cursor: nextCursor }),
        ),
        "400": problem("Bad parameters"),
      },
    },
  },
  "/api/v1/failover/routes": {
    get: {
      summary: "Rules and routes as they should be and as the kernel has them",
      responses: { "200": answer("Routes", { type: "object" }) },
    },
  },
  "/api/v1/failover/policies": {
    get: {
      summary: "All policies",
      responses: { "200": answer("Policies", object({ policies, count: whole })) },
    },
    post: {
      summary: "Make a policy; needs the token over TCP",
      security: TOKEN,
      requestBody: requestBody(ref("PolicyDocument")),
      responses: { "201": policyAnswer, "400": writeProblems[400], "409": writeProblems[409] },
    },
  },
  "/api/v1/failover/policies/{id}": {
    get: {
      summary: "One policy",
      parameters: [policyIdParameter],
      responses: { "200": policyAnswer, "404": problem("Unknown policy") },
    },
    ...policyWrites,
  },
  "/api/v1/failover/policies/{id}/explain": {
    get: {
      summary: "What holds a move back, and for how long",
      parameters: [
        policyIdParameter,
        query("family", "IP version; default: 4, or 6 where only that is routed", family),
      ],
      responses: {
        "200": answer("Explanation", ref("Explanation")),
        "400": problem("Bad parameters"),
        "404": problem("Unknown policy"),
      },
    },
  },
  "/api/v1/failover/policies/{id}/enable": order("Let the policy decide"),
  "/api/v1/failover/policies/{id}/disable": order("Traffic stays where it is"),
  "/api/v1/failover/policies/{id}/switch": order("Move once", { path_id: text }, ["path_id"]),
  "/api/v1/failover/policies/{id}/pin": order(
    "Keep traffic on a path; `safe` leaves a dead one, `strict` does not",
    { path_id: text, mode: { enum: ["safe", "strict"] }, expires_secs: expiresSecs },
    ["path_id"],
  ),
  "/api/v1/failover/policies/{id}/unpin": order("End the pin"),
  "/api/v1/failover/policies/{id}/hold": order("No voluntary moves; `strict`: no moves at all", {
    strict: flag,
    expires_secs: expiresSecs,
  }),
  "/api/v1/failover/policies/{id}/release": order("End the hold"),
  "/api/v1/paths/{id}/maintenance": {
    put: maintenance("Take the path out of use", { expires_secs: expiresSecs }),
    delete: maintenance("The path may be used again", {}),
  },
  "/api/v1/audit": {
    get: {
      summary: "What operators ordered, and what ended it",
      parameters: [...recordParameters, query("action", "The exact action", text)],
      responses: {
        "200": answer(
          "One page",
          object({ records: list(ref("AuditRecord")), count: whole, next_cursor: nextCursor }),
        ),
        "400": problem("Bad parameters"),
      },
    },
  },
} as const;
