/**
 * Every metric about a path: name, type, help and where its value is read. The first five names are
 * given and kept to the letter, promtool's complaint about `_ms` included; the others are in base
 * units. A value that does not exist is an absent line, never 0 and never NaN.
 */

import type { OutcomeKind } from "../../../domain/outcome.ts";
import { OUTCOME } from "../../../domain/outcome.ts";
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
  /** Codes of domain/status.ts, by row. */
  readonly status: Uint8Array;
}

/** One number per path; the labels are path_id and path_name. */
export interface ValueFamily extends Family {
  readonly shape: "value";
  readonly digits: number;
  /** NaN: absent. Asked for paths of known status only. */
  readonly read: (cache: Cache, row: number) => number;
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
const STATUS_VALUE = [Number.NaN, 1, 0.5, 0] as const;

type SeriesMetric = "latencyMs" | "jitterMs" | "lossPct" | "mos";

function ofChosen(metric: SeriesMetric, factor = 1): ValueFamily["read"] {
  return ({ series, paths }, row) => {
    const chosen = paths.chosen[row] ?? -1;
    return chosen < 0 ? Number.NaN : (series[metric][chosen] ?? Number.NaN) * factor;
  };
}

function gauge(name: string, digits: number, help: string, read: ValueFamily["read"]): ValueFamily {
  return { name: `${PREFIX}${name}`, kind: "gauge", shape: "value", digits, help, read };
}

export const PATH_FAMILIES: readonly PathFamily[] = [
  gauge(
    "path_health_score",
    3,
    "Health score of the path, 0 to 100.",
    ({ paths }, row) => paths.score[row] ?? Number.NaN,
  ),
  gauge("path_latency_ms", 3, "Mean round-trip time, milliseconds.", ofChosen("latencyMs")),
  gauge("path_packet_loss_pct", 3, "Probes lost, percent.", ofChosen("lossPct")),
  gauge(
    "path_jitter_ms",
    3,
    "Mean difference of consecutive round-trip times, milliseconds.",
    ofChosen("jitterMs"),
  ),
  gauge(
    "path_status",
    1,
    "Status of the path: 1 up, 0.5 degraded, 0 down.",
    ({ status }, row) => STATUS_VALUE[status[row] ?? 0] ?? Number.NaN,
  ),
  gauge("path_latency_seconds", 6, "Mean round-trip time.", ofChosen("latencyMs", 1e-3)),
  gauge(
    "path_jitter_seconds",
    6,
    "Mean difference of consecutive round-trip times.",
    ofChosen("jitterMs", 1e-3),
  ),
  gauge("path_packet_loss_ratio", 5, "Probes lost, 0 to 1.", ofChosen("lossPct", 1e-2)),
  gauge("path_mos", 3, "Estimated voice quality (ITU-T G.107), 1 to 4.5.", ofChosen("mos")),
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
  {
    name: `${PREFIX}probe_oddities_total`,
    kind: "counter",
    shape: "counts",
    label: "kind",
    outcomes: ["duplicate", "reordered", "mismatched"],
    help: "Replies beside the expected one, or from an address that was not asked.",
  },
];

export function outcomeCodes(family: CountFamily): number[] {
  return family.outcomes.map((kind) => OUTCOME[kind]);
}

/**
 * The two lines before the samples; OpenMetrics names families without the suffix of the samples.
 */
export function familyHeader(family: Family, openMetrics: boolean): string {
  const name = openMetrics ? family.name.replace(SUFFIX[family.kind], "") : family.name;
  const kind = family.kind === "info" && !openMetrics ? "gauge" : family.kind;
  return `# HELP ${name} ${family.help}\n# TYPE ${name} ${kind}\n`;
}

const SUFFIX = { gauge: /$^/, counter: /_total$/, info: /_info$/ } as const;
