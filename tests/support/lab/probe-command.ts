/** `probe --json` of the compiled file as a lab test runs it. */

import { FILE } from "../agent.ts";
import type { Namespace } from "./namespace.ts";

/** One line per outcome, in the order they were known. */
export interface ProbeLine {
  readonly address: string;
  readonly seq: number;
  readonly outcome: string;
  readonly rtt_ms: number | null;
  /** ICMP type << 8 | code, or errno. */
  readonly code?: number;
}

export interface ProbeSummary {
  readonly address: string;
  readonly sent: number;
  readonly received: number;
  readonly loss_pct: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rtt_ms: {
    readonly min: number | null;
    readonly mean: number | null;
    readonly max: number | null;
  };
}

export interface ProbeReport {
  readonly lines: readonly ProbeLine[];
  /** Of the first target. */
  readonly summary: ProbeSummary;
  readonly summaries: readonly ProbeSummary[];
  /** What it complained of. */
  readonly problems: string;
}

/** Throws when there is no summary. */
export function readReport(text: string, problems = ""): ProbeReport {
  const all = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): ({ type: "probe" } & ProbeLine) | ({ type: "summary" } & ProbeSummary) =>
      JSON.parse(line),
    );
  const summaries = all.filter((line) => line.type === "summary");
  const [summary] = summaries;
  if (summary === undefined) throw new Error(`no summary: ${problems}${text}`);
  return { lines: all.filter((line) => line.type === "probe"), summary, summaries, problems };
}

/** Runs to its end; a later flag wins over an earlier one of the same name. */
export async function runProbe(
  namespace: Namespace,
  args: readonly string[],
): Promise<ProbeReport> {
  const command = namespace.command([FILE, "probe", "--json", ...args]);
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [text, problems] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  return readReport(text, problems);
}
