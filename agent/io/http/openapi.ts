/** The OpenAPI 3.1 document of the API, kept by hand; a test holds it against the routes. */

import { PERIODS } from "../../domain/aggregate.ts";
import { OUTCOME_KINDS } from "../../domain/outcome.ts";
import { TIERS } from "../../domain/rollup.ts";
import { LIMITINGS } from "../../domain/status.ts";
import { VERSION } from "../../domain/version.ts";
import { ALERTS_PATHS, ALERTS_SCHEMAS, STREAM_PATHS } from "./alerts-openapi.ts";
import { FAILOVER_PATHS, FAILOVER_SCHEMAS } from "./failover-openapi.ts";
import {
  answer,
  clockDifference,
  flag,
  list,
  mos,
  ms,
  object,
  pathIdParameter,
  percent,
  problem,
  query,
  ref,
  score,
  sentences,
  status,
  text,
  textOrNull,
  unixTime,
  whole,
} from "./openapi-forms.ts";
import { HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX, HISTORY_SPAN_DEFAULT } from "./query.ts";
import { QUEUE_PATHS, QUEUE_SCHEMAS } from "./queue-openapi.ts";
import { SLA_PATHS, SLA_SCHEMAS } from "./sla-openapi.ts";
import { CHART_LIMIT_MAX } from "./span-query.ts";
import { UPDATE_PATHS, UPDATE_SCHEMAS } from "./update-openapi.ts";

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
  probe_blocked: { ...flag, description: "Probes are silent, traffic is not: the verdict waits" },
  samples: whole,
  last_checked: { type: ["integer", "null"], description: "Unix seconds" },
  interface: textOrNull,
  probe_octets_month: whole,
  target: textOrNull,
  targets: list(ref("TargetHealth")),
} as const;

const aggregateProperties = {
  path_id: text,
  period: { enum: PERIODS },
  start_time: unixTime,
  end_time: unixTime,
  tiers: { ...list({ enum: TIERS }), description: "Buckets that the answer is made of" },
  sample_count: { ...whole, description: "Resolved scheduled probes" },
  latency_avg: ms,
  latency_min: ms,
  latency_max: ms,
  latency_p50: ms,
  latency_p95: ms,
  latency_p99: ms,
  quantile_error_pct: { ...percent, description: "How far a percentile may be off at the most" },
  packet_loss_avg: percent,
  packet_loss_max: { ...percent, description: "Of the worst check" },
  jitter_avg: ms,
  jitter_max: ms,
  health_score_avg: score,
  health_score_min: score,
  uptime_pct: { ...percent, description: "Time up of the time observed" },
  coverage_pct: { ...percent, description: "Time observed of the span" },
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
    suspect: {
      ...flag,
      description: "Silent on all paths that ask it while others answer: it does not count",
    },
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
  Aggregate: object(aggregateProperties, "null: the value does not exist. Never 0 instead."),
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
    usage: {
      type: "object",
      additionalProperties: object({
        cpu_seconds: { type: "number" },
        resident_bytes: whole,
        major_faults: { ...whole, description: "Pages that had to be read from the disk" },
      }),
      description: "Of each process that runs",
    },
    memory: {
      ...object({
        bound: { type: "string", enum: ["machine", "control group"] },
        limit_bytes: whole,
        available_bytes: whole,
      }),
      type: ["object", "null"],
      description: "What the agent may take, by the tightest bound; null: unknown",
    },
    worker: object({
      abilities: { type: ["object", "null"] },
      counters: { type: ["object", "null"] },
      acknowledged: flag,
      stale_frames: whole,
    }),
    store: object({
      state: ref("StoreState"),
      pending_rows: whole,
      dropped_rows: { ...whole, description: "Never reached the disk, since start" },
      octets: { type: ["integer", "null"], minimum: 0 },
      wal_octets: { type: ["integer", "null"], minimum: 0 },
      retention: object(
        {
          raw_secs: whole,
          rollup_5m_secs: whole,
          rollup_1h_secs: whole,
          rollup_1d_secs: whole,
          events_secs: whole,
          estimate_mb: { type: "number" },
          budget_mb: { type: "number" },
          shortened: list({ enum: ["raw", "rollup_5m", "rollup_1h", "rollup_1d"] }),
        },
        "How long history is kept; `shortened`: less than configured, to fit `max_size_mb`",
      ),
    }),
    queue: { type: ["object", "null"], description: "Per destination; null: nothing is pushed" },
    problems: sentences,
  }),
  ...FAILOVER_SCHEMAS,
  ...SLA_SCHEMAS,
  ...ALERTS_SCHEMAS,
  ...UPDATE_SCHEMAS,
  ...QUEUE_SCHEMAS,
} as const;

const snapshot = object({ timestamp: unixTime, paths: list(ref("PathHealth")) });
const historyPage = {
  ...object({
    path_id: text,
    from: unixTime,
    to: unixTime,
    rows: { oneOf: [list(ref("HistoryRow")), list(ref("Aggregate"))] },
    next_cursor: { type: ["integer", "null"], description: "null: no more rows" },
  }),
  description: "Checks with `resolution=raw`, else aggregates of one bucket each",
};
const aggregates = object({
  period: { enum: PERIODS },
  start_time: unixTime,
  end_time: unixTime,
  paths: list(ref("Aggregate")),
});
const readiness = object({ ready: flag, reasons: sentences });

const formatParameter = query("format", "A table: RFC 4180", { enum: ["json", "csv"] });

const aggregateParameters = [
  query("period", "A span that ends now, or `custom`", { enum: PERIODS, default: "day" }),
  query("from", "Unix seconds; needed with `custom`", unixTime),
  query("to", "Unix seconds, with `custom`; default: now", unixTime),
  formatParameter,
];

const historyParameters = [
  pathIdParameter,
  query("resolution", "Checks or buckets", { enum: ["raw", ...TIERS], default: "raw" }),
  formatParameter,
  query("from", `Unix seconds; default: ${HISTORY_SPAN_DEFAULT} before \`to\``, unixTime),
  query("to", "Unix seconds; default: now", unixTime),
  query("limit", `Rows of one page; of buckets at most ${CHART_LIMIT_MAX}`, {
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
    description:
      "Path health and failover of an edge box. Times are Unix seconds, errors RFC 9457.",
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
        summary: "Stored checks of one path or buckets of them, oldest first",
        parameters: historyParameters,
        responses: {
          "200": answer("One page", historyPage),
          "400": problem("Bad parameters"),
          "404": problem("Unknown path"),
        },
      },
    },
    "/api/v1/health/paths/{id}/aggregate": {
      get: {
        summary: "One path over a span",
        parameters: [pathIdParameter, ...aggregateParameters],
        responses: {
          "200": answer("Aggregate", ref("Aggregate")),
          "400": problem("Bad parameters"),
          "404": problem("Unknown path"),
        },
      },
    },
    "/api/v1/health/aggregate": {
      get: {
        summary: "All paths over a span",
        parameters: aggregateParameters,
        responses: {
          "200": answer("Aggregates", aggregates),
          "400": problem("Bad parameters"),
        },
      },
    },
    "/api/v1/backup": {
      post: {
        summary: "Copy the database into a file beside it; needs the token over TCP",
        security: [{ token: [] }],
        responses: {
          "200": answer("Copied", object({ path: text, octets: whole })),
          "409": problem("Failed"),
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
    ...FAILOVER_PATHS,
    ...SLA_PATHS,
    ...ALERTS_PATHS,
    ...STREAM_PATHS,
    ...UPDATE_PATHS,
    ...QUEUE_PATHS,
  },
  components: {
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    schemas,
  },
} as const;
