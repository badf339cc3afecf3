/**
 * Every metric about a path: name, type, help and where its value is read. The first five names are
 * given and kept to the letter, promtool's complaint about `_ms` included; the others are in base
 * units. A value that does not exist is an absent line, never 0 and never NaN.
 */

import type { OutcomeKind } from "../../../domain/outcome.ts";
import type { Status } from "../../../domain/status.ts";
import type { PathColumns, SeriesColumns } from "../../../scoring/scorer.ts";

export type MetricKind = "gauge" | "counter" | "info";

export interface Family {
  /** As the samples are named, `_total` and `_info` included. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
}

/** The cache during a scrape; the columns may be other ones after a pause. */
export interface Cache {
  readonly series: SeriesColumns;
  readonly paths: PathColumns;
  /** Codes of domain/status.ts, by path. */
  readonly status: Uint8Array;
  /** The statuses as numbers, by path. */
  readonly statusValue: Float64Array;
}

/** One number per path; the labels are path_id and path_name. Absent where the column has NaN. */
export interface ValueFamily extends Family {
  readonly shape: "value";
  /** Decimals of a line. */
  readonly digits: number;
  /** From the unit of the column to that of the metric. */
  readonly factor: number;
  /** What the column's index is: the path, or the series that speaks for it. */
  readonly by: "path" | "series";
  readonly column: (cache: Cache) => Float64Array;
}

/** A counter per kind of outcome, summed over the path's targets. */
export interface CountFamily extends Family {
  readonly shape: "counts";
  readonly label: string;
  readonly outcomes: readonly OutcomeKind[];
}

/** Lines made of labels alone. */
export interface LabelFamily extends Family {
  readonly shape: "states" | "info";
}

export type PathFamily = ValueFamily | CountFamily | LabelFamily;

const PREFIX = "patronus_sdwan_";
export const STATES = ["up", "degraded", "down", "unknown"] as const satisfies readonly Status[];

/** By status code; unknown has no number. */
export const STATUS_VALUE = [Number.NaN, 1, 0.5, 0] as const;

type Values = Omit<ValueFamily, "name" | "kind" | "shape" | "by">;

function ofPath(name: string, values: Values): ValueFamily {
  return { name: `${PREFIX}${name}`, kind: "gauge", shape: "value", by: "path", ...values };
}

function ofSeries(name: string, values: Values): ValueFamily {
  return { ...ofPath(name, values), by: "series" };
}

// Latencies with the resolution of the kernel's stamps, 1 ns: a surface that rounds more than the
// cache would disagree with it.
const VALUE_FAMILIES: readonly ValueFamily[] = [
  ofPath("path_health_score", {
    help: "Health score of the path, 0 to 100.",
    digits: 6,
    factor: 1,
    column: ({ paths }) => paths.score,
  }),
  ofSeries("path_latency_ms", {
    help: "Mean round-trip time, milliseconds.",
    digits: 6,
    factor: 1,
    column: ({ series }) => series.latencyMs,
  }),
  ofSeries("path_packet_loss_pct", {
    help: "Probes lost, percent.",
    digits: 6,
    factor: 1,
    column: ({ series }) => series.lossPct,
  }),
  ofSeries("path_jitter_ms", {
    help: "Mean difference of consecutive round-trip times, milliseconds.",
    digits: 6,
    factor: 1,
    column: ({ series }) => series.jitterMs,
  }),
  ofPath("path_status", {
    help: "Status of the path: 1 up, 0.5 degraded, 0 down.",
    digits: 1,
    factor: 1,
    column: ({ statusValue }) => statusValue,
  }),
  ofSeries("path_latency_seconds", {
    help: "Mean round-trip time.",
    digits: 9,
    factor: 1e-3,
    column: ({ series }) => series.latencyMs,
  }),
  ofSeries("path_jitter_seconds", {
    help: "Mean difference of consecutive round-trip times.",
    digits: 9,
    factor: 1e-3,
    column: ({ series }) => series.jitterMs,
  }),
  ofSeries("path_packet_loss_ratio", {
    help: "Probes lost, 0 to 1.",
    digits: 8,
    factor: 1e-2,
    column: ({ series }) => series.lossPct,
  }),
  ofSeries("path_mos", {
    help: "Estimated voice quality (ITU-T G.107), 1 to 4.5.",
    digits: 3,
    factor: 1,
    column: ({ series }) => series.mos,
  }),
];

export const PATH_FAMILIES: readonly PathFamily[] = [
  ...VALUE_FAMILIES,
  {
    name: `${PREFIX}path_state`,
    kind: "gauge",
    shape: "states",
    help: "1 for the state the path is in, 0 for the others.",
  },
  {
    name: `${PREFIX}path_info`,
    kind: "info",
    shape: "info",
    help: "What the path is; join by path_id.",
  },
  {
    name: `${PREFIX}probes_total`,
    kind: "counter",
    shape: "counts",
    label: "outcome",
    // The final outcomes: their sum is the number of probes that ended.
    outcomes: ["replied", "late", "lost", "unreachable", "corrupt", "unsent"],
    help: "Probes by how they ended; unsent is no loss of the path.",
  },
];

/**
 * The two lines before the samples; OpenMetrics names families without the suffix of the samples.
 */
export function familyHeader(family: Family, openMetrics: boolean): string {
  const name = openMetrics ? family.name.replace(SUFFIX[family.kind], "") : family.name;
  const kind = family.kind === "info" && !openMetrics ? "gauge" : family.kind;
  return `# HELP ${name} ${family.help}\n# TYPE ${name} ${kind}\n`;
}

const SUFFIX = { gauge: /$^/, counter: /_total$/, info: /_info$/ } as const;
