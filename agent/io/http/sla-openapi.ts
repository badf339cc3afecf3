/** The part of the OpenAPI document about service levels. */

import { BURN_WINDOWS } from "../../sla/budget.ts";
import { SLA_METRICS } from "../../sla/report.ts";
import type { Schema } from "./openapi-forms.ts";
import {
  answer,
  flag,
  list,
  mos,
  ms,
  object,
  percent,
  problem,
  query,
  ref,
  text,
  textOrNull,
  unixTime,
  whole,
} from "./openapi-forms.ts";

const number: Schema = { type: "number" };
const numberOrNull: Schema = { type: ["number", "null"] };
const rate: Schema = { ...numberOrNull, description: "1 spends the budget by the month's end" };
const targets = object(Object.fromEntries(SLA_METRICS.map((metric) => [metric, numberOrNull])));
const quality = { latency_p95_ms: ms, loss_pct: percent, jitter_ms: ms, mos } as const;
const head = {
  node: object({ id: text, site: text }),
  month: text,
  timezone: text,
  from: unixTime,
  to: unixTime,
  generated_at: unixTime,
  is_final: { ...flag, description: "The month is over" },
} as const;

const summary = {
  kind: { enum: ["path", "policy"] },
  id: text,
  name: text,
  targets,
  results: list(
    object({
      metric: { enum: SLA_METRICS },
      target: number,
      value: numberOrNull,
      met: { type: ["boolean", "null"], description: "null: not measured" },
    }),
  ),
  ...quality,
  availability_pct: percent,
  down_s: { ...whole, description: "Down and not in maintenance" },
  excused_s: { ...whole, description: "Down in maintenance" },
  observed_s: whole,
  coverage_pct: percent,
  budget: {
    ...object({ total_s: number, spent_s: number, remaining_s: number, remaining_pct: number }),
    type: ["object", "null"],
  },
  burn: {
    ...object({
      rates: object(Object.fromEntries(Object.keys(BURN_WINDOWS).map((name) => [name, rate]))),
      level: { enum: ["ok", "ticket", "page"] },
    }),
    type: ["object", "null"],
  },
} as const;

const day = object({
  date: text,
  from: unixTime,
  to: unixTime,
  availability_pct: percent,
  ...quality,
  down_s: whole,
  excused_s: whole,
  observed_s: whole,
  budget_remaining_pct: numberOrNull,
});
const incident = object({
  from: unixTime,
  to: unixTime,
  down_s: whole,
  excused_s: whole,
  cause: text,
  is_exact: { ...flag, description: "Edges to the second, not to the bucket of history" },
  budget_pct: { ...numberOrNull, description: "Share of the month's budget" },
});
const maintenance = object({
  path: text,
  from: unixTime,
  to: { type: ["integer", "null"], description: "null: it goes on" },
  author: text,
  reason: textOrNull,
});

export const SLA_SCHEMAS = {
  SlaSummary: object(summary, "null: the value does not exist. Never 0 instead."),
  SlaReport: object({
    ...head,
    subjects: list(
      object({
        ...summary,
        days: list(day),
        incidents: list(incident),
        maintenance: list(maintenance),
      }),
    ),
  }),
} as const;

const subjectParameters = [
  query("path", "Only this path", text),
  query("policy", "Only this policy", whole),
];
const responses = {
  "400": problem("Bad parameters"),
  "404": problem("Unknown path or policy"),
} as const;

export const SLA_PATHS = {
  "/api/v1/sla": {
    get: {
      summary: "Objectives, budgets and burn rates of the running month",
      parameters: subjectParameters,
      responses: {
        "200": answer("Overview", object({ ...head, subjects: list(ref("SlaSummary")) })),
        ...responses,
      },
    },
  },
  "/api/v1/sla/report": {
    get: {
      summary: "The report of a month with days, incidents and maintenance",
      parameters: [
        query("month", "Such as 2026-10; default: the running one", text),
        query("format", "A table, or a page to print", { enum: ["json", "csv", "html"] }),
        ...subjectParameters,
      ],
      responses: { "200": answer("Report", ref("SlaReport")), ...responses },
    },
  },
} as const;
