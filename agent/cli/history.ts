/** `history`: a path over time, as small bars on a terminal, as rows elsewhere. */

import type { Aggregate } from "../domain/aggregate.ts";
import { fixed, milliseconds } from "../domain/amount.ts";
import { csvOf } from "../io/http/csv.ts";
import type { Heading } from "../io/table.ts";
import { alignedLines } from "../io/table.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import type { HistoryRequest } from "./history-pages.ts";
import { readPages, resolutionOf } from "./history-pages.ts";
import { socketPath } from "./socket-path.ts";
import { spanOf } from "./span-options.ts";
import { scaleOf, sparkline, squeeze } from "./sparkline.ts";

export async function showHistory(input: CommandInput): Promise<number> {
  const [path, second] = input.operands;
  if (path === undefined || second !== undefined) throw new UsageError("want one PATH");
  const span = spanOf(input);
  const resolution = resolutionOf(input, span.period);
  const request: HistoryRequest = { path, span, resolution };
  const answer = await readPages(await socketPath(input), request);
  if (answer.kind === "failed") {
    console.error(answer.message);
    return answer.exitCode;
  }
  const { rows, from, to } = answer;
  if (input.flag("json")) {
    console.log(JSON.stringify({ path_id: path, resolution, from, to, rows }));
  } else if (input.flag("csv")) process.stdout.write(csvOf(rows));
  else if (resolution === "raw") console.log(rawTable(rows).join("\n"));
  else {
    const points = rows as readonly Aggregate[]; // the same program answers
    const width = process.stdout.isTTY === true ? process.stdout.columns : null;
    const lines = width === null ? pointTable(points) : chart(points, { path, width });
    console.log(lines.join("\n"));
  }
  return EXIT.ok;
}

interface Line {
  readonly name: string;
  value(point: Aggregate): number | null;
  text(value: number | null): string;
  worst(a: number, b: number): number;
  readonly scale?: { readonly min: number; readonly max: number };
}

const SHARE = { min: 0, max: 100 };
const LINES: readonly Line[] = [
  { name: "p95 ms", value: (one) => one.latency_p95, text: milliseconds, worst: Math.max },
  { name: "loss %", value: (one) => one.packet_loss_avg, text: percent, worst: Math.max },
  { name: "jitter ms", value: (one) => one.jitter_avg, text: milliseconds, worst: Math.max },
  {
    name: "score",
    value: (one) => one.health_score_min,
    text: percent,
    worst: Math.min,
    scale: SHARE,
  },
  { name: "up %", value: (one) => one.uptime_pct, text: percent, worst: Math.min, scale: SHARE },
];
const NAME_WIDTH = 9;
/** For "  12.3 .. 456.7" behind the bars. */
const LEGEND_WIDTH = 20;
const BARS_MIN = 10;

/** Bars of the worst in each moment, with the least and largest value behind. */
export function chart(
  points: readonly Aggregate[],
  { path, width }: { readonly path: string; readonly width: number },
): string[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [`${path}: nothing stored in this span`];
  const bars = Math.max(BARS_MIN, width - NAME_WIDTH - LEGEND_WIDTH);
  const lines = LINES.map((line) => {
    const values = withGaps(points, line);
    const { min, max } = scaleOf(values);
    const legend = Number.isFinite(min) ? `${line.text(min)} .. ${line.text(max)}` : "-";
    const shown = sparkline(squeeze(values, bars, line.worst), line.scale ?? { min, max });
    return `${line.name.padEnd(NAME_WIDTH)} ${shown}  ${legend}`;
  });
  return [`${path}  ${when(first.start_time)} .. ${when(last.end_time)}`, ...lines];
}

/** Buckets that are not there are gaps of their length. */
function withGaps(points: readonly Aggregate[], line: Line): (number | null)[] {
  const values: (number | null)[] = [];
  let at = points[0]?.start_time ?? 0;
  for (const point of points) {
    const step = point.end_time - point.start_time;
    for (; at < point.start_time; at += step) values.push(null);
    values.push(line.value(point));
    at = point.end_time;
  }
  return values;
}

const POINT_HEADINGS: readonly Heading[] = [
  { heading: "FROM", align: "left" },
  ...["UP %", "SCORE", "LOSS %", "P50 ms", "P95 ms", "JITTER ms", "PROBES"].map(
    (heading) => ({ heading, align: "right" }) as const,
  ),
];

export function pointTable(points: readonly Aggregate[]): string[] {
  const rows = points.map((one) => [
    when(one.start_time),
    fixed(one.uptime_pct, 2),
    fixed(one.health_score_avg, 1),
    fixed(one.packet_loss_avg, 2),
    milliseconds(one.latency_p50),
    milliseconds(one.latency_p95),
    milliseconds(one.jitter_avg),
    String(one.sample_count),
  ]);
  return alignedLines(POINT_HEADINGS, rows);
}

const RAW = ["timestamp", "status", "health_score", "packet_loss_pct", "latency_ms", "jitter_ms"];

function rawTable(rows: readonly object[]): string[] {
  const headings = RAW.map((heading) => ({ heading, align: "right" }) as const);
  const cells = rows.map((row) => {
    const values = new Map<string, unknown>(Object.entries(row));
    return RAW.map((name) => {
      const value = values.get(name) ?? "-";
      return name === "timestamp" ? when(Number(value)) : String(value);
    });
  });
  return alignedLines(headings, cells);
}

/** 2026-11-23 16:50:00Z */
function when(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace("T", " ").replace(".000", "");
}

function percent(value: number | null): string {
  return fixed(value, 1);
}
