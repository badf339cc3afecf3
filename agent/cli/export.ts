/** `export`: history as a file, path by path. */

import { csvOf } from "../io/http/csv.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import type { Resolution } from "./history-pages.ts";
import { readPages, resolutionOf } from "./history-pages.ts";
import type { Snapshot } from "./paths.ts";
import { socketPath } from "./socket-path.ts";
import type { Span } from "./span-options.ts";
import { spanOf } from "./span-options.ts";

export async function exportHistory(input: CommandInput): Promise<number> {
  const format = input.text("format") ?? "csv";
  if (format !== "csv" && format !== "json") {
    throw new UsageError(`cannot use --format ${JSON.stringify(format)}: want csv or json`);
  }
  const span = spanOf(input);
  const resolution = resolutionOf(input, span.period);
  const socket = await socketPath(input);
  const snapshot = await ask(socket, "/api/v1/health/snapshot");
  if (snapshot.kind === "failed") {
    console.error(snapshot.message);
    return snapshot.exitCode;
  }
  const known = (snapshot.body as Snapshot).paths.map((path) => path.path_id); // the same program
  const wanted = input.operands.length > 0 ? input.operands : known;
  return writePaths(socket, wanted, { format, span, resolution });
}

interface Form {
  readonly format: "csv" | "json";
  readonly span: Span;
  readonly resolution: Resolution;
}

async function writePaths(
  socket: string,
  paths: readonly string[],
  { format, span, resolution }: Form,
): Promise<number> {
  let hasHead = false;
  for (const path of paths) {
    const answer = await readPages(socket, { path, span, resolution });
    if (answer.kind === "failed") {
      console.error(answer.message);
      return answer.exitCode;
    }
    if (format === "json") for (const row of answer.rows) console.log(JSON.stringify(row));
    else {
      const text = csvOf(answer.rows);
      process.stdout.write(hasHead ? text.slice(text.indexOf("\r\n") + 2) : text);
      hasHead ||= text !== "";
    }
  }
  return EXIT.ok;
}
