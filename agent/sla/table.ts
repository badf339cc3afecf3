/** The report as a table: a record per subject and day, for spreadsheets. */

import type { SlaReport } from "./report.ts";

export type ReportRecord = Readonly<Record<string, string | number | null>>;

export function reportRecords({ month, timezone, subjects }: SlaReport): ReportRecord[] {
  return subjects.flatMap(({ kind, id, name, targets, days }) =>
    days.map((day) => ({
      month,
      timezone,
      kind,
      id,
      name,
      date: day.date,
      start_time: day.from,
      end_time: day.to,
      availability_pct: rounded(day.availability_pct),
      availability_target_pct: targets.availability_pct,
      down_s: day.down_s,
      maintenance_down_s: day.excused_s,
      observed_s: day.observed_s,
      budget_remaining_pct: rounded(day.budget_remaining_pct),
      latency_p95_ms: rounded(day.latency_p95_ms),
      loss_pct: rounded(day.loss_pct),
      jitter_ms: rounded(day.jitter_ms),
      mos: rounded(day.mos),
    })),
  );
}

/** Five digits behind the point: a second of a month is 0.00004 %. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e5) / 1e5;
}
