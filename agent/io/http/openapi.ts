/** The OpenAPI 3.1 document of the API, kept by hand; a test holds it against the routes. */

import { OUTCOME_KINDS } from "../../domain/outcome.ts";
import { LIMITINGS, STATUSES } from "../../domain/status.ts";
import { VERSION } from "../../domain/version.ts";
import { HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX, HISTORY_SPAN_DEFAULT } from "./query.ts";

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const textOrNull: Schema = { type: ["string", "null"] };
const whole: Schema = { type: "integer", minimum: 0 };
const flag: Schema = { type: "boolean" };
const unixTime: Schema = { type: "integer", description: "Unix seconds" };
const sentences: Schema = { type: "array", items: text };
const score: Schema = { type: ["number", "null"], minimum: 0, maximum: 100 };
const clockDifference: Schema = {
  type: ["number", "null"],
  description: "STAMP with synchronised clocks only; negative by as much as they are apart",
};
const percent: Schema = { type: ["number", "null"], minimum: 0, maximum: 100 };
const ms: Schema = { type: ["number", "null"], minimum: 0, description: "Milliseconds" };
const mos: Schema = { type: ["number", "null"], minimum: 1, maximum: 5 };
const status: Schema = { enum: STATUSES };

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object that has every property named. */
function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const base = { type: "object", properties, required: Object.keys(properties) };
  return description === undefined ? base : { ...base, description };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

function answer(description: string, schema: Schema, type = "application/json"): Schema {
  return { description, content: { [type]: { schema } } };
}

function problem(description: string): Schema {
  return answer(description, ref("Problem"), "application/problem+json");
}

const pathIdParameter: Schema = {
  name: "id",
  in: "path",
  required: true,
  description: "Id of the path, as in the configuration",
  schema: text,
};

function query(name: string, description: string, schema: Schema): Schema {
  return { name, in: "query", description, schema };
}

const healthProperties = {
  path_id: text,
  name: text,
  status,
  health_score: score,
  latency_ms: ms,
  latency_min_ms: ms,
  latency_max_ms: ms,
  latency_stddev_ms: ms,
  latency_p50_ms: ms,
  latency_p95_ms: ms,
  latency_p99_ms: ms,
  packet_loss_pct: percent,
  jitter_ms: ms,
  jitter_rfc3550_ms: ms,
  pdv_ms: ms,
  mos,
  limiting: { enum: LIMITINGS, description: "The metric that keeps the score from 100" },
  samples: whole,
  last_checked: { type: ["integer", "null"], description: "Unix seconds" },
  interface: textOrNull,
  probe_octets_month: whole,
  target: textOrNull,
  targets: list(ref("TargetHealth")),
} as const;

const schemas = {
  Problem: object(
    {
      type: text,
      title: text,
      status: whole,
      detail: text,
      instance: { type: "string", description: "This occurrence; a failure has it in the log" },
    },
    "RFC 9457; bad parameters come with `errors`, an agent that is not ready with `reasons`.",
  ),
  PathHealth: object(healthProperties, "null: the value does not exist. Never 0 instead."),
  TargetHealth: object({
    host: text,
    address: textOrNull,
    probe: text,
    status,
    health_score: score,
    latency_ms: ms,
    packet_loss_pct: percent,
    one_way_forward_ms: clockDifference,
    one_way_backward_ms: clockDifference,
    forward_loss_pct: percent,
    backward_loss_pct: percent,
    outcomes: object(
      Object.fromEntries(OUTCOME_KINDS.map((kind) => [kind, whole])),
      "Totals since the probe table was set",
    ),
  }),
  HistoryRow: object({
    health_id: { type: ["integer", "null"], description: "null: not yet on disk" },
    path_id: text,
    timestamp: unixTime,
    latency_ms: ms,
    packet_loss_pct: percent,
    jitter_ms: ms,
    health_score: score,
    status: { enum: ["up", "degraded", "down"] },
  }),
  StoreState: {
    type: "object",
    properties: { kind: { enum: ["ok", "failing"] }, since: unixTime, reason: text },
    required: ["kind"],
  },
  AgentStatus: object({
    version: text,
    git: text,
    target: text,
    runtime: text,
    node: object({ id: text, site: text }),
    started_at: unixTime,
    uptime_secs: whole,
    config: object({ origin: text, paths: whole, policies: whole }),
    processes: { type: ["object", "null"] },
    worker: object({
      abilities: { type: ["object", "null"] },
      counters: { type: ["object", "null"] },
      acknowledged: flag,
      stale_frames: whole,
    }),
    store: object({ state: ref("StoreState"), pending_rows: whole }),
    problems: sentences,
  }),
} as const;

const snapshot = object({ timestamp: unixTime, paths: list(ref("PathHealth")) });
const historyPage = object({
  path_id: text,
  from: unixTime,
  to: unixTime,
  rows: list(ref("HistoryRow")),
  next_cursor: { type: ["integer", "null"], description: "null: no more rows" },
});
const readiness = object({ ready: flag, reasons: sentences });

const historyParameters = [
  pathIdParameter,
  query("from", `Unix seconds; default: ${HISTORY_SPAN_DEFAULT} before \`to\``, unixTime),
  query("to", "Unix seconds; default: now", unixTime),
  query("limit", "Rows of one page", {
    type: "integer",
    minimum: 1,
    maximum: HISTORY_LIMIT_MAX,
    default: HISTORY_LIMIT_DEFAULT,
  }),
  query("cursor", "`next_cursor` of the page before", whole),
];

export const OPENAPI = {
  openapi: "3.1.0",
  info: {
    title: "patronus-agent",
    version: VERSION,
    description: "Path health of an edge box. Times are Unix seconds, errors RFC 9457.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  security: [{}, { token: [] }],
  paths: {
    "/": {
      get: {
        summary: "The paths as a page",
        responses: { "200": answer("A table", text, "text/html") },
      },
    },
    "/metrics": {
      get: {
        summary: "Prometheus exposition: text 0.0.4, text 1.0.0 or OpenMetrics 1.0",
        responses: { "200": answer("Metrics", text, "text/plain") },
      },
    },
    "/healthz": {
      get: {
        summary: "Alive: the process serves",
        responses: { "200": answer("Alive", object({ status: { const: "ok" } })) },
      },
    },
    "/readyz": {
      get: {
        summary: "Ready: the worker probes by the current table and results exist",
        responses: { "200": answer("Ready", readiness), "503": problem("Not ready") },
      },
    },
    "/openapi.json": {
      get: {
        summary: "This document",
        responses: { "200": answer("OpenAPI 3.1", { type: "object" }) },
      },
    },
    "/api/v1/status": {
      get: {
        summary: "The agent itself: processes, worker, store, problems",
        responses: { "200": answer("Status", ref("AgentStatus")) },
      },
    },
    "/api/v1/health/snapshot": {
      get: {
        summary: "All paths now; ETag and If-None-Match",
        responses: {
          "200": answer("Snapshot", snapshot),
          "304": { description: "Nothing but the time has changed" },
        },
      },
    },
    "/api/v1/health/paths/{id}": {
      get: {
        summary: "One path now",
        parameters: [pathIdParameter],
        responses: {
          "200": answer("Health", object({ timestamp: unixTime, ...healthProperties })),
          "404": problem("Unknown path"),
        },
      },
    },
    "/api/v1/health/paths/{id}/history": {
      get: {
        summary: "Stored checks of one path, oldest first",
        parameters: historyParameters,
        responses: {
          "200": answer("One page", historyPage),
          "400": problem("Bad parameters"),
          "404": problem("Unknown path"),
        },
      },
    },
    "/api/v1/reload": {
      post: {
        summary: "Read the configuration again; needs the token over TCP",
        security: [{ token: [] }],
        responses: {
          "202": answer("Requested", object({ status: { const: "requested" } })),
          "409": problem("Refused"),
          "501": problem("Not offered over HTTP"),
        },
      },
    },
  },
  components: {
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    schemas,
  },
} as const;
