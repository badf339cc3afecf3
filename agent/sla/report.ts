/** The report of a month for one path or policy: results against targets, days, incidents. */

import type { CalendarDay, CalendarMonth } from "../domain/calendar.ts";
import { pathId } from "../domain/ids.ts";
import type { MaintenanceSpan, SlaSubject, SlaTargets, StatusMark } from "../domain/sla.ts";
import { unixSeconds } from "../domain/units.ts";
import { aggregateRollups } from "../scoring/aggregate.ts";
import { mergeRollups } from "../scoring/rollup-merge.ts";
import type { Budget, BurnLevel, BurnRates } from "./budget.ts";
import { availabilityPct, budgetOf, sums } from "./budget.ts";
import type { Incident } from "./incidents.ts";
import { incidentsOf } from "./incidents.ts";
import { opinionScore } from "./mos.ts";
import type { Slice } from "./slice.ts";

export interface Quality {
  readonly latency_p95_ms: number | null;
  readonly loss_pct: number | null;
  readonly jitter_ms: number | null;
  readonly mos: number | null;
}

export type SlaMetric = keyof SlaTargets;

export interface SlaResult {
  readonly metric: SlaMetric;
  readonly target: number;
  /** null: nothing was measured. */
  readonly value: number | null;
  /** null: nothing was measured. */
  readonly met: boolean | null;
}

export interface SlaDay extends Quality {
  readonly date: string;
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
  /** null: nothing was watched. */
  readonly availability_pct: number | null;
  readonly down_s: number;
  readonly excused_s: number;
  readonly observed_s: number;
  /** What is left of the budget at the end of the day, %; null: none, or still to come. */
  readonly budget_remaining_pct: number | null;
}

export interface SlaSummary extends Quality {
  readonly kind: SlaSubject["kind"];
  readonly id: string;
  readonly name: string;
  readonly targets: SlaTargets;
  readonly results: readonly SlaResult[];
  readonly availability_pct: number | null;
  readonly down_s: number;
  readonly excused_s: number;
  readonly observed_s: number;
  /** Time watched of the month as far as it has passed. */
  readonly coverage_pct: number;
  /** null: no availability was promised. */
  readonly budget: Budget | null;
  /** null: the month is over, or no availability was promised. */
  readonly burn: { readonly rates: BurnRates; readonly level: BurnLevel } | null;
}

export interface SubjectReport extends SlaSummary {
  readonly days: readonly SlaDay[];
  readonly incidents: readonly Incident[];
  readonly maintenance: readonly MaintenanceSpan[];
}

export interface SlaReport {
  readonly node: { readonly id: string; readonly site: string };
  readonly month: string;
  readonly timezone: string;
  readonly from: number;
  readonly to: number;
  readonly generated_at: number;
  /** The month is over. */
  readonly is_final: boolean;
  readonly subjects: readonly SubjectReport[];
}

export interface SubjectFacts {
  readonly subject: SlaSubject;
  readonly name: string;
  readonly targets: SlaTargets;
  /** Of the month, oldest first. */
  readonly slices: readonly Slice[];
  readonly marks: readonly StatusMark[];
  readonly maintenance: readonly MaintenanceSpan[];
  readonly burn: SlaSummary["burn"];
}

export function subjectReport(facts: SubjectFacts, month: CalendarMonth, now: number) {
  const { subject, name, targets, slices, marks, maintenance, burn } = facts;
  const length = month.to - month.from;
  const { observed, bad, excused } = sums(slices);
  const target = targets.availability_pct;
  const budget = target === null ? null : budgetOf(length, target, bad);
  const passed = Math.max(0, Math.min(now, month.to) - month.from);
  const figures = { ...qualityOf(slices), availability_pct: availabilityPct(slices) };
  const report: SubjectReport = {
    kind: subject.kind,
    id: String(subject.id),
    name,
    targets,
    results: resultsOf(targets, figures),
    ...figures,
    down_s: bad,
    excused_s: excused,
    observed_s: observed,
    coverage_pct: passed > 0 ? Math.min(100, (100 * observed) / passed) : 0,
    budget,
    burn,
    days: daysOf(slices, { month, budget, now }),
    incidents: incidentsOf(slices, marks, budget?.total_s ?? null),
    maintenance,
  };
  return report;
}

/** Without days, incidents and maintenance. */
export function summaryOf(report: SubjectReport): SlaSummary {
  const { days: _days, incidents: _incidents, maintenance: _spans, ...summary } = report;
  return summary;
}

interface DayFrame {
  readonly month: CalendarMonth;
  readonly budget: Budget | null;
  readonly now: number;
}

function daysOf(slices: readonly Slice[], { month, budget, now }: DayFrame): SlaDay[] {
  const groups = Map.groupBy(slices, ({ from }) => dayOf(from, month.days));
  let spent = 0;
  return month.days.map((day) => {
    const own = groups.get(day) ?? [];
    const { observed, bad, excused } = sums(own);
    spent += bad;
    const isPast = budget !== null && budget.total_s > 0 && day.from < now;
    return {
      date: day.date,
      from: day.from,
      to: day.to,
      availability_pct: availabilityPct(own),
      ...qualityOf(own),
      down_s: bad,
      excused_s: excused,
      observed_s: observed,
      budget_remaining_pct: isPast ? 100 * (1 - spent / budget.total_s) : null,
    };
  });
}

/** A bucket belongs to the day that it begins in. */
function dayOf(time: number, days: readonly CalendarDay[]): CalendarDay | undefined {
  const guess = Math.floor((time - (days[0]?.from ?? 0)) / 86_400);
  for (const at of [guess, guess - 1, guess + 1]) {
    const day = days[Math.max(0, at)];
    if (day !== undefined && time >= day.from && time < day.to) return day;
  }
  return undefined;
}

function qualityOf(slices: readonly Slice[]): Quality {
  const rows = slices.flatMap(({ quality }) => (quality === null ? [] : [quality]));
  const [first] = rows;
  if (first === undefined) {
    return { latency_p95_ms: null, loss_pct: null, jitter_ms: null, mos: null };
  }
  const merged = mergeRollups(rows, unixSeconds(rows.at(-1)?.end ?? first.end));
  const one = aggregateRollups([merged], {
    path_id: pathId(first.path_id),
    period: "custom",
    start_time: first.end,
    end_time: first.end,
    tiers: [],
  });
  const { latency_avg, packet_loss_avg } = one;
  return {
    latency_p95_ms: one.latency_p95,
    loss_pct: packet_loss_avg,
    jitter_ms: one.jitter_avg,
    mos: latency_avg === null ? null : opinionScore(latency_avg, packet_loss_avg ?? 0),
  };
}

export const SLA_METRICS = [
  "availability_pct",
  "latency_p95_ms",
  "loss_pct",
  "jitter_ms",
  "mos",
] as const satisfies readonly SlaMetric[];
/** More is better; of the others less is. */
const AT_LEAST: readonly SlaMetric[] = ["availability_pct", "mos"];

function resultsOf(
  targets: SlaTargets,
  figures: Readonly<Record<SlaMetric, number | null>>,
): SlaResult[] {
  return SLA_METRICS.flatMap((metric) => {
    const target = targets[metric];
    if (target === null) return [];
    const value = figures[metric];
    const isMet = (measured: number) =>
      AT_LEAST.includes(metric) ? measured >= target : measured <= target;
    return [{ metric, target, value, met: value === null ? null : isMet(value) }];
  });
}
