/**
 * Incidents, made anew from what is stored at every report: runs of buckets with down time, their
 * edges sharpened by the status changes that lie in the first and last of them. Without a change (a
 * crash lost it, or it is too old) down time is taken to touch the neighbouring bucket.
 */

import type { StatusMark } from "../domain/sla.ts";
import type { Slice } from "./slice.ts";

export interface Incident {
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
  /** Down time that counts. */
  readonly down_s: number;
  /** Down time in maintenance. */
  readonly excused_s: number;
  readonly cause: string;
  /** The edges are known to the second, not to the bucket. */
  readonly is_exact: boolean;
  /** Share of the month's budget; null: no availability was promised. */
  readonly budget_pct: number | null;
}

/** A loss like this is an outage as a bucket shows it, not a bad line. */
const LOST_ALL_PCT = 99;
const LOSSY_PCT = 5;

type Mark = Pick<StatusMark, "at" | "status" | "cause">;

/** Slices and marks oldest first; the marks of one path, or none. */
export function incidentsOf(
  slices: readonly Slice[],
  marks: readonly Mark[],
  budgetSecs: number | null,
): Incident[] {
  const runs: Slice[][] = [];
  for (const slice of slices) {
    if (slice.bad_s + slice.excused_s === 0) continue;
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && last.to === slice.from) run.push(slice);
    else runs.push([slice]);
  }
  return runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)];
    return first === undefined || last === undefined
      ? []
      : [incidentOf({ run, first, last }, marks, budgetSecs)];
  });
}

interface Run {
  readonly run: readonly Slice[];
  readonly first: Slice;
  readonly last: Slice;
}

function incidentOf(
  { run, first, last }: Run,
  marks: readonly Mark[],
  budgetSecs: number | null,
): Incident {
  const began = marks.find((mark) => mark.status === "down" && isWithin(mark, first));
  const ended = marks.findLast((mark) => mark.status !== "down" && isWithin(mark, last));
  const isOne = run.length === 1;
  const down = (slice: Slice) => slice.bad_s + slice.excused_s;
  const from = began?.at ?? (isOne ? first.from : first.to - down(first));
  const guess = isOne ? from + down(last) : last.from + down(last);
  const to = ended === undefined || ended.at <= from ? Math.min(last.to, guess) : ended.at;
  const bad = run.reduce((sum, slice) => sum + slice.bad_s, 0);
  return {
    from,
    to: Math.max(to, from),
    down_s: bad,
    excused_s: run.reduce((sum, slice) => sum + slice.excused_s, 0),
    cause: began?.cause ?? causeOf(run),
    is_exact: began !== undefined && ended !== undefined,
    budget_pct: budgetSecs === null || budgetSecs <= 0 ? null : (100 * bad) / budgetSecs,
  };
}

function isWithin({ at }: Mark, { from, to }: Slice): boolean {
  return at >= from && at <= to;
}

function causeOf(run: readonly Slice[]): string {
  const worst = Math.max(...run.map(({ lossPct }) => lossPct ?? 0));
  if (worst >= LOST_ALL_PCT) return "no replies";
  if (worst >= LOSSY_PCT) return `loss up to ${worst.toFixed(0)} %`;
  return "quality below the limit";
}
