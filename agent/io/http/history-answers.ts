/**
 * Answers about the past: checks or buckets of a path, aggregates of one path or all. As JSON or,
 * with `format=csv`, as a table.
 */

import type { Aggregate } from "../../domain/aggregate.ts";
import { pathId } from "../../domain/ids.ts";
import type { Tier } from "../../domain/rollup.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import { csvOf } from "./csv.ts";
import { historyRows, rounded } from "./json.ts";
import type { ParameterError } from "./query.ts";
import { readHistory, word } from "./query.ts";
import { readAggregate, readChart } from "./span-query.ts";
import type { AgentView } from "./view.ts";

export type HistoryAnswer =
  | { readonly kind: "json"; readonly body: object }
  | { readonly kind: "csv"; readonly text: string; readonly next: number | null }
  | { readonly kind: "wrong"; readonly errors: readonly ParameterError[] }
  | { readonly kind: "unknown-path" };

const UNKNOWN: HistoryAnswer = { kind: "unknown-path" };

export function answerHistory(
  view: AgentView,
  id: string,
  params: URLSearchParams,
  now: UnixSeconds,
): HistoryAnswer {
  const resolution = word<Tier | "raw">(params, "resolution", ["raw", "5m", "1h", "1d"]);
  if (resolution.errors.length > 0) return { kind: "wrong", errors: resolution.errors };
  if (resolution.value !== "raw")
    return answerChart(view, { id, tier: resolution.value }, params, now);
  const read = readHistory(id, params, now);
  if (read.kind === "wrong") return read;
  if (view.path(id) === null) return UNKNOWN;
  const page = view.history(read.query);
  if ("kind" in page) return UNKNOWN;
  const rows = historyRows(page);
  const { next_cursor } = page;
  if (params.get("format") === "csv") return { kind: "csv", text: csvOf(rows), next: next_cursor };
  const { from, to } = read.query;
  return { kind: "json", body: { path_id: id, from, to, rows, next_cursor } };
}

function answerChart(
  view: AgentView,
  { id, tier }: { readonly id: string; readonly tier: Tier },
  params: URLSearchParams,
  now: UnixSeconds,
): HistoryAnswer {
  const read = readChart(tier, params, now);
  if (read.kind === "wrong") return read;
  if (view.path(id) === null) return UNKNOWN;
  const page = view.buckets({ path: pathId(id), ...read.query });
  const rows = page.points.map(aggregateBody);
  if (params.get("format") === "csv") return { kind: "csv", text: csvOf(rows), next: page.next };
  const { from, to } = read.query;
  const body = { path_id: id, resolution: tier, from, to, rows, next_cursor: page.next };
  return { kind: "json", body };
}

export function answerAggregate(
  view: AgentView,
  id: string,
  params: URLSearchParams,
  now: UnixSeconds,
): HistoryAnswer {
  const read = readAggregate(params, now);
  if (read.kind === "wrong") return read;
  if (view.path(id) === null) return UNKNOWN;
  const body = aggregateBody(view.aggregate(pathId(id), read.query));
  if (params.get("format") === "csv") return { kind: "csv", text: csvOf([body]), next: null };
  return { kind: "json", body };
}

export async function answerAggregates(
  view: AgentView,
  params: URLSearchParams,
  now: UnixSeconds,
): Promise<HistoryAnswer> {
  const read = readAggregate(params, now);
  if (read.kind === "wrong") return read;
  const paths = (await view.aggregates(read.query)).map(aggregateBody);
  if (params.get("format") === "csv") return { kind: "csv", text: csvOf(paths), next: null };
  const { period, from, to } = read.query;
  return { kind: "json", body: { period, start_time: from, end_time: to, paths } };
}

export function aggregateBody(aggregate: Aggregate): Aggregate {
  return {
    ...aggregate,
    latency_avg: rounded(aggregate.latency_avg),
    latency_min: rounded(aggregate.latency_min),
    latency_max: rounded(aggregate.latency_max),
    latency_p50: rounded(aggregate.latency_p50),
    latency_p95: rounded(aggregate.latency_p95),
    latency_p99: rounded(aggregate.latency_p99),
    quantile_error_pct: rounded(aggregate.quantile_error_pct),
    packet_loss_avg: rounded(aggregate.packet_loss_avg),
    packet_loss_max: rounded(aggregate.packet_loss_max),
    jitter_avg: rounded(aggregate.jitter_avg),
    jitter_max: rounded(aggregate.jitter_max),
    health_score_avg: rounded(aggregate.health_score_avg),
    health_score_min: rounded(aggregate.health_score_min),
    uptime_pct: rounded(aggregate.uptime_pct),
    coverage_pct: rounded(aggregate.coverage_pct) ?? 0,
  };
}
