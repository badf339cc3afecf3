/** `sla report`: what was promised in a month and what was kept. */

import { csvOf } from "../io/http/csv.ts";
import { reportHtml } from "../sla/html.ts";
import type { SlaReport } from "../sla/report.ts";
import { reportRecords } from "../sla/table.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { reportLines } from "./sla-text.ts";
import { socketPath } from "./socket-path.ts";
import { paramsOf } from "./span-options.ts";

const FORMATS = ["text", "json", "csv", "html"] as const;
/** A month of a hundred paths from cold flash. */
const TIMEOUT_MS = 60_000;

export async function runSla(input: CommandInput): Promise<number> {
  const [verb, second] = input.operands;
  if (verb !== "report" || second !== undefined) throw new UsageError("want: sla report");
  const name = input.text("format") ?? "text";
  const format = FORMATS.find((one) => one === name);
  if (format === undefined) {
    const known = FORMATS.join(", ");
    throw new UsageError(`cannot use --format ${JSON.stringify(name)}: want one of ${known}`);
  }
  const params = paramsOf({
    month: input.text("month") ?? null,
    path: input.text("path") ?? null,
    policy: input.text("policy") ?? null,
  });
  const url = `/api/v1/sla/report${params}`;
  const answer = await ask(await socketPath(input), url, { timeoutMs: TIMEOUT_MS });
  if (answer.kind === "failed") {
    console.error(answer.message);
    return answer.exitCode;
  }
  process.stdout.write(written(answer.body as SlaReport, format)); // the same program answers
  return EXIT.ok;
}

function written(report: SlaReport, format: (typeof FORMATS)[number]): string {
  switch (format) {
    case "text":
      return `${reportLines(report).join("\n")}\n`;
    case "json":
      return `${JSON.stringify(report)}\n`;
    case "csv":
      return csvOf(reportRecords(report));
    case "html":
      return reportHtml(report);
  }
}
