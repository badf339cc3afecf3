/**
 * The report as one page to print or send: no script, no font, no image from elsewhere. A subject
 * never breaks in the middle of a chart.
 */

import { localTime } from "../domain/calendar.ts";
import { unixSeconds } from "../domain/units.ts";
import { htmlPage } from "./page.ts";
import type { SlaDay, SlaReport, SubjectReport } from "./report.ts";
import type { ChartPoint } from "./svg.ts";
import { barChart, lineChart } from "./svg.ts";
import {
  causeText,
  METRIC_NAMES,
  metricText,
  spanText,
  targetText,
  verdictText,
} from "./wording.ts";

export function reportHtml(report: SlaReport): string {
  const { node, month, timezone, from, to, generated_at, is_final } = report;
  const at = (seconds: number) => localTime(unixSeconds(seconds), timezone);
  const until = is_final ? `to ${at(to)}` : `running, as of ${at(generated_at)}`;
  const place = [node.id, node.site].filter((name) => name !== "").join(", ");
  const title = `Service level report ${month}`;
  const head =
    `<header><h1>${title}</h1>` +
    `<p>${safe(place)} &middot; ${at(from)} ${until} &middot; ${safe(timezone)}</p></header>`;
  const overview = report.subjects.length > 1 ? overviewTable(report.subjects) : "";
  const subjects = report.subjects.map((one) => subjectSection(one, report)).join("");
  const none = report.subjects.length === 0 ? "<p>No path and no policy to report on.</p>" : "";
  return htmlPage(title, `${head}${overview}${subjects}${none}${footer(report)}`);
}

function footer({ generated_at, timezone }: SlaReport): string {
  const made = localTime(unixSeconds(generated_at), timezone);
  return (
    `<footer><p>Made ${made} (${safe(timezone)}). Availability: share of the watched time in which ` +
    "the path was not down; a policy is down while all of its paths are. Down time in announced " +
    "maintenance does not count. The budget is the down time that the objective leaves in the " +
    "whole month.</p></footer>"
  );
}

function overviewTable(subjects: readonly SubjectReport[]): string {
  const rows = subjects.map((one) => {
    const missed = one.results.filter(({ met }) => met === false).length;
    const verdict =
      one.results.length === 0 ? badge("none", "no objective") : verdictBadge(missed === 0);
    return cells([
      `<strong>${safe(one.name)}</strong>`,
      metricText("availability_pct", one.availability_pct),
      spanText(one.down_s),
      one.budget === null ? "-" : `${one.budget.remaining_pct.toFixed(1)} %`,
      metricText("latency_p95_ms", one.latency_p95_ms),
      metricText("loss_pct", one.loss_pct),
      verdict,
    ]);
  });
  const names = ["", "availability", "down", "budget left", "p95", "loss", "objectives"];
  return table(names, rows, "overview");
}

function verdictBadge(isMet: boolean): string {
  return isMet ? badge("good", "met") : badge("bad", "missed");
}

function badge(kind: string, text: string): string {
  return `<span class="badge ${kind}">${text}</span>`;
}

function subjectSection(one: SubjectReport, report: SlaReport): string {
  const kind = one.kind === "path" ? "path" : "policy";
  const parts = [
    `<h2>${safe(one.name)} <small>${kind} ${safe(one.id)}</small></h2>`,
    figures(one),
    one.results.length > 0 ? resultsTable(one) : "",
    charts(one),
    incidentsTable(one, report),
    maintenanceTable(one, report),
  ];
  return `<section>${parts.join("")}</section>`;
}

function figures(one: SubjectReport): string {
  const tiles = [
    ["availability", metricText("availability_pct", one.availability_pct)],
    ["down", spanText(one.down_s)],
    ["in maintenance", spanText(one.excused_s)],
    ["watched", `${one.coverage_pct.toFixed(1)} %`],
    ...(one.budget === null
      ? []
      : [
          ["budget", spanText(one.budget.total_s)],
          ["budget left", spanText(one.budget.remaining_s)],
        ]),
  ];
  const shown = tiles.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<dl>${shown.join("")}</dl>${burnLine(one)}`;
}

function burnLine({ burn }: SubjectReport): string {
  if (burn === null) return "";
  const rates = Object.entries(burn.rates).map(
    ([window, rate]) => `${window}: ${rate === null ? "-" : rate.toFixed(1)}`,
  );
  const kind = burn.level === "ok" ? "good" : "bad";
  return `<p class="burn">Burn rate ${rates.join(" &middot; ")} ${badge(kind, burn.level)}</p>`;
}

function resultsTable({ results }: SubjectReport): string {
  const rows = results.map((result) =>
    cells([
      METRIC_NAMES[result.metric],
      safe(targetText(result)),
      metricText(result.metric, result.value),
      badge(result.met === null ? "none" : result.met ? "good" : "bad", verdictText(result)),
    ]),
  );
  return table(["objective", "promised", "measured", ""], rows, "results");
}

function charts(one: SubjectReport): string {
  const { days, targets } = one;
  const points = (of: (day: SlaDay) => number | null): ChartPoint[] =>
    days.map((day) => ({ label: String(Number(day.date.slice(-2))), value: of(day) }));
  const availability = points((day) => day.availability_pct);
  const worst = Math.min(100, ...valuesOf(availability), targets.availability_pct ?? 100);
  const latency = points((day) => day.latency_p95_ms);
  const highest = Math.max(1, ...valuesOf(latency), targets.latency_p95_ms ?? 0);
  const budget = points((day) => day.budget_remaining_pct);
  const figure = (caption: string, svg: string) =>
    `<figure><figcaption>${caption}</figcaption>${svg}</figure>`;
  const low = floorOf(worst);
  return [
    figure(
      "Availability per day",
      barChart(
        availability,
        {
          ...{ title: "Availability per day", unit: "%", target: targets.availability_pct },
          ...{ low, high: 100, format: (value) => trimmed(value, 100 - low < 1 ? 2 : 1) },
        },
        (value) => value < (targets.availability_pct ?? 100),
      ),
    ),
    figure(
      "Latency, 95th percentile per day",
      lineChart(latency, {
        ...{ title: "Latency p95 per day", unit: "ms", target: targets.latency_p95_ms, low: 0 },
        ...{ high: niceTop(highest), format: (value) => trimmed(value, highest < 10 ? 1 : 0) },
      }),
    ),
    one.budget === null ? "" : figure("Error budget left", budgetChart(budget)),
  ].join("");
}

function budgetChart(points: readonly ChartPoint[]): string {
  const least = Math.min(0, ...valuesOf(points));
  const low = least < 0 ? -niceTop(-least) : 0;
  const options = { title: "Error budget left", unit: "%", target: 0, low, high: 100 };
  return lineChart(points, { ...options, format: (value) => trimmed(value, 0) }, true);
}

function valuesOf(points: readonly ChartPoint[]): number[] {
  return points.flatMap(({ value }) => (value === null ? [] : [value]));
}

const SCALES = [99.9, 99.5, 99, 98, 95, 90, 80, 50, 0];

/** The bottom of the scale: bars that all look full tell nothing. */
function floorOf(worst: number): number {
  return SCALES.find((bottom) => worst > bottom) ?? 0;
}

/** 1, 2 or 5 times a power of ten, at least the value. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return (([1, 2, 5].find((factor) => factor * power >= value) ?? 10) as number) * power;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.0+$/, "");
}

function incidentsTable({ incidents }: SubjectReport, { timezone }: SlaReport): string {
  if (incidents.length === 0) return "<h3>Incidents</h3><p>None.</p>";
  const at = (seconds: number) => localTime(unixSeconds(seconds), timezone);
  const rows = incidents.map((one) => {
    const about = one.is_exact ? "" : "about ";
    return cells([
      `${about}${at(one.from)}`,
      `${about}${at(one.to)}`,
      spanText(one.down_s),
      one.excused_s > 0 ? spanText(one.excused_s) : "-",
      safe(causeText(one)),
      one.budget_pct === null ? "-" : `${one.budget_pct.toFixed(1)} %`,
    ]);
  });
  const names = ["began", "ended", "down", "in maintenance", "cause", "of the budget"];
  return `<h3>Incidents</h3>${table(names, rows, "incidents")}`;
}

function maintenanceTable({ maintenance }: SubjectReport, { timezone }: SlaReport): string {
  if (maintenance.length === 0) return "";
  const at = (seconds: number) => localTime(unixSeconds(seconds), timezone);
  const rows = maintenance.map(({ path, from, to, author, reason }) =>
    cells([
      safe(path),
      at(from),
      to === null ? "goes on" : at(to),
      safe(author),
      safe(reason === "" ? "-" : reason),
    ]),
  );
  const names = ["path", "began", "ended", "author", "reason"];
  return `<h3>Maintenance</h3>${table(names, rows, "maintenance")}`;
}

function table(names: readonly string[], rows: readonly string[], kind: string): string {
  const head = names.map((name) => `<th>${name}</th>`).join("");
  const body = rows.map((row) => `<tr>${row}</tr>`).join("");
  return `<table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function cells(values: readonly string[]): string {
  return values.map((value) => `<td>${value}</td>`).join("");
}

function safe(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
