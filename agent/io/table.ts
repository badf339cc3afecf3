/**
 * Text tables for people: aligned columns, units in the heading, a dash for what does not exist.
 * Pure text; colours only where the caller says that a terminal reads it.
 */

import { fixed, megabytes, milliseconds } from "../domain/amount.ts";
import type { PathHealth } from "../domain/path-health.ts";
import type { Status } from "../domain/status.ts";

const COLORS: Record<Status, string> = {
  up: "\u001b[32m",
  degraded: "\u001b[33m",
  down: "\u001b[31m",
  unknown: "\u001b[90m",
};
const RESET = "\u001b[0m";
const ABSENT = "-";

export interface Heading {
  readonly heading: string;
  readonly align: "left" | "right";
}

interface Column extends Heading {
  cell(path: PathHealth): string;
}

const COLUMNS: readonly Column[] = [
  { heading: "PATH", align: "left", cell: (path) => path.path_id },
  { heading: "STATUS", align: "left", cell: (path) => path.status },
  { heading: "SCORE", align: "right", cell: (path) => fixed(path.health_score, 1) },
  { heading: "LOSS %", align: "right", cell: (path) => fixed(path.packet_loss_pct, 1) },
  { heading: "P50 ms", align: "right", cell: (path) => milliseconds(path.latency_p50_ms) },
  { heading: "P95 ms", align: "right", cell: (path) => milliseconds(path.latency_p95_ms) },
  { heading: "JITTER ms", align: "right", cell: (path) => milliseconds(path.jitter_ms) },
  { heading: "MOS", align: "right", cell: (path) => fixed(path.mos, 2) },
  { heading: "LIMITED BY", align: "left", cell: limitedBy },
  { heading: "MB/MONTH", align: "right", cell: (path) => megabytes(path.probe_octets_month) },
  { heading: "TARGET", align: "left", cell: (path) => targetText(path) },
];

/** One line per path under a heading, without a final newline. */
export function pathTable(paths: readonly PathHealth[], color: boolean): string {
  const [heading = "", ...lines] = alignedLines(
    COLUMNS,
    paths.map((path) => COLUMNS.map((column) => column.cell(path))),
  );
  const shown = lines.map((text, i) => {
    const status = paths[i]?.status ?? "unknown";
    return color ? text.replace(` ${status} `, ` ${COLORS[status]}${status}${RESET} `) : text;
  });
  return [heading, ...shown].join("\n");
}

/** The heading and a line per row, every column as wide as it needs to be. */
export function alignedLines(
  columns: readonly Heading[],
  rows: readonly (readonly string[])[],
): string[] {
  const headings = columns.map((column) => column.heading);
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  return [headings, ...rows].map((cells) =>
    cells
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        return columns[i]?.align === "right" ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function limitedBy({ limiting, probe_blocked }: PathHealth): string {
  if (probe_blocked) return "probes blocked";
  return limiting === "none" ? ABSENT : limiting;
}

function targetText(path: PathHealth): string {
  const [first] = path.targets;
  const shown = path.targets.find((target) => target.host === path.target) ?? first;
  if (shown === undefined) return ABSENT;
  const others = path.targets.length > 1 ? ` (+${path.targets.length - 1})` : "";
  const suspect = path.targets.some((target) => target.suspect) ? " (suspect)" : "";
  return `${shown.probe} ${shown.host}${others}${suspect}`;
}
