/** Service levels as JSON, CSV and a page to print. */

import { reportHtml } from "../../sla/html.ts";
import type { SlaReport } from "../../sla/report.ts";
import { summaryOf } from "../../sla/report.ts";
import { reportRecords } from "../../sla/table.ts";
import { csvOf } from "./csv.ts";

export function overviewBody(report: SlaReport): object {
  const { subjects, ...head } = report;
  return plain({ ...head, subjects: subjects.map(summaryOf) });
}

export function reportBody(report: SlaReport): object {
  return plain(report);
}

export function reportCsv(report: SlaReport): string {
  return csvOf(reportRecords(report));
}

export function reportPage(report: SlaReport): string {
  return reportHtml(report);
}

/** Six digits behind the point: the rest is noise of the arithmetic. */
function plain(value: object): object {
  const text = JSON.stringify(value, (_, one: unknown) =>
    typeof one === "number" ? Math.round(one * 1e6) / 1e6 : one,
  );
  const body: object = JSON.parse(text);
  return body;
}
