/** `aggregate`: what paths were over a span. */

import type { Aggregate } from "../domain/aggregate.ts";
import { fixed, milliseconds } from "../domain/amount.ts";
import { csvOf } from "../io/http/csv.ts";
import type { Heading } from "../io/table.ts";
import { alignedLines } from "../io/table.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";
import { socketPath } from "./socket-path.ts";
import { aggregateParams, spanOf } from "./span-options.ts";

/** A month of a hundred paths from cold flash. */
const TIMEOUT_MS = 30_000;

export async function showAggregate(input: CommandInput): Promise<number> {
  const span = spanOf(input);
  const url = `/api/v1/health/aggregate${aggregateParams(span)}`;
  const answer = await ask(await socketPath(input), url, { timeoutMs: TIMEOUT_MS });
  if (answer.kind === "failed") {
    console.error(answer.message);
    return answer.exitCode;
  }
  const all = (answer.body as { readonly paths: readonly Aggregate[] }).paths; // the same program
  const missing = input.operands.filter((id) => !all.some(({ path_id }) => path_id === id));
  if (missing.length > 0) {
    console.error(`cannot show ${missing.join(", ")}: no such path`);
    return EXIT.failure;
  }
  const wanted = new Set(input.operands);
  const paths = all.filter(({ path_id }) => wanted.size === 0 || wanted.has(path_id));
  if (input.flag("json")) console.log(JSON.stringify({ ...(answer.body as object), paths }));
  else if (input.flag("csv")) process.stdout.write(csvOf(paths));
  else console.log(aggregateTable(paths).join("\n"));
  return EXIT.ok;
}

interface Column extends Heading {
  cell(aggregate: Aggregate): string;
}

const right = (heading: string, cell: (aggregate: Aggregate) => string): Column => ({
  heading,
  align: "right",
  cell,
});

const COLUMNS: readonly Column[] = [
  { heading: "PATH", align: "left", cell: (one) => one.path_id },
  right("UP %", (one) => fixed(one.uptime_pct, 3)),
  right("SEEN %", (one) => fixed(one.coverage_pct, 1)),
  right("SCORE", (one) => fixed(one.health_score_avg, 1)),
  right("MIN", (one) => fixed(one.health_score_min, 1)),
  right("LOSS %", (one) => fixed(one.packet_loss_avg, 2)),
  right("MAX", (one) => fixed(one.packet_loss_max, 1)),
  right("AVG ms", (one) => milliseconds(one.latency_avg)),
  right("P50 ms", (one) => milliseconds(one.latency_p50)),
  right("P95 ms", (one) => milliseconds(one.latency_p95)),
  right("P99 ms", (one) => milliseconds(one.latency_p99)),
  right("JITTER ms", (one) => milliseconds(one.jitter_avg)),
  right("PROBES", (one) => String(one.sample_count)),
  { heading: "FROM", align: "left", cell: (one) => one.tiers.join("+") || "-" },
];

/** A heading and a line per path. */
export function aggregateTable(paths: readonly Aggregate[]): string[] {
  const rows = paths.map((path) => COLUMNS.map((column) => column.cell(path)));
  return alignedLines(COLUMNS, rows);
}
