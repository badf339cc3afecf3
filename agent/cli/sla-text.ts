/** The report of a month as text: a table of subjects, then what happened to each. */

import { localTime } from "../domain/calendar.ts";
import { unixSeconds } from "../domain/units.ts";
import type { Heading } from "../io/table.ts";
import { alignedLines } from "../io/table.ts";
import type { SlaReport, SubjectReport } from "../sla/report.ts";
import {
  causeText,
  METRIC_NAMES,
  metricText,
  spanText,
  targetText,
  verdictText,
} from "../sla/wording.ts";

const SUBJECTS = headings("left:NAME AVAILABILITY DOWN BUDGET-LEFT P95 LOSS JITTER MOS SEEN");

export function reportLines(report: SlaReport): string[] {
  const { month, timezone, is_final, generated_at, subjects } = report;
  const state = is_final
    ? ""
    : `, running, as of ${localTime(unixSeconds(generated_at), timezone)}`;
  const rows = subjects.map((one) => [
    one.name,
    metricText("availability_pct", one.availability_pct),
    spanText(one.down_s),
    one.budget === null ? "-" : spanText(one.budget.remaining_s),
    metricText("latency_p95_ms", one.latency_p95_ms),
    metricText("loss_pct", one.loss_pct),
    metricText("jitter_ms", one.jitter_ms),
    metricText("mos", one.mos),
    `${one.coverage_pct.toFixed(1)} %`,
  ]);
  const table = subjects.length === 0 ? ["nothing to report on"] : alignedLines(SUBJECTS, rows);
  const details = subjects.flatMap((one) => subjectLines(one, timezone));
  return [`Service levels ${month} (${timezone}${state})`, "", ...table, ...details];
}

function subjectLines(one: SubjectReport, timezone: string): string[] {
  const at = (seconds: number) => localTime(unixSeconds(seconds), timezone);
  const results = one.results.map(
    (result) =>
      `  ${METRIC_NAMES[result.metric]}: ${metricText(result.metric, result.value)}, ` +
      `promised ${targetText(result)}: ${verdictText(result)}`,
  );
  const incidents = one.incidents.map((incident) => {
    const share =
      incident.budget_pct === null ? "" : `, ${incident.budget_pct.toFixed(1)} % of the budget`;
    const excused =
      incident.excused_s > 0 ? `, ${spanText(incident.excused_s)} in maintenance` : "";
    const about = incident.is_exact ? "" : "about ";
    const span = `${about}${at(incident.from)} .. ${at(incident.to)}`;
    return `  down ${span}: ${spanText(incident.down_s)}${excused}, ${causeText(incident)}${share}`;
  });
  const maintenance = one.maintenance.map(
    ({ path, from, to, author, reason }) =>
      `  maintenance ${at(from)} .. ${to === null ? "goes on" : at(to)}: ${path}, ${author}` +
      (reason === "" ? "" : `, ${reason}`),
  );
  const lines = [...results, ...burnLines(one), ...incidents, ...maintenance];
  return lines.length === 0 ? [] : ["", `${one.name} (${one.kind} ${one.id})`, ...lines];
}

function burnLines({ burn }: SubjectReport): string[] {
  if (burn === null) return [];
  const rates = Object.entries(burn.rates).map(
    ([window, rate]) => `${window} ${rate === null ? "-" : rate.toFixed(1)}`,
  );
  return [`  burn rate: ${rates.join(", ")}: ${burn.level}`];
}

/** "left:A B-C": the first to the left, the others to the right, with spaces for dashes. */
function headings(text: string): readonly Heading[] {
  return text.split(" ").map((word, i) => ({
    heading: word.replace("left:", "").replaceAll("-", " "),
    align: i === 0 ? "left" : "right",
  }));
}
