/** Figures of a report in the words and digits of people, the same in text, table and page. */

import type { Incident } from "./incidents.ts";
import type { SlaMetric, SlaResult } from "./report.ts";

export const METRIC_NAMES: Readonly<Record<SlaMetric, string>> = {
  availability_pct: "availability",
  latency_p95_ms: "latency p95",
  loss_pct: "packet loss",
  jitter_ms: "jitter",
  mos: "MOS",
};

/** With its unit; a dash for what was not measured. */
export function metricText(metric: SlaMetric, value: number | null): string {
  if (value === null) return "-";
  switch (metric) {
    case "availability_pct":
      return `${availabilityText(value)} %`;
    case "loss_pct":
      return `${value.toFixed(2)} %`;
    case "latency_p95_ms":
    case "jitter_ms":
      return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
    case "mos":
      return value.toFixed(2);
  }
}

/** Never 100.000 while a second was missing. */
export function availabilityText(value: number): string {
  const text = value.toFixed(3);
  return value < 100 && text === "100.000" ? "99.999" : text;
}

export function targetText({ metric, target }: Pick<SlaResult, "metric" | "target">): string {
  const unit = metric === "mos" ? "" : metric.endsWith("_pct") ? " %" : " ms";
  return `${metric === "availability_pct" || metric === "mos" ? ">=" : "<="} ${target}${unit}`;
}

export function verdictText({ met }: Pick<SlaResult, "met">): string {
  if (met === null) return "not measured";
  return met ? "met" : "missed";
}

/** 3 d 4 h, 2 h 5 min, 4 min 38 s, 12 s, -1 min 0 s. */
export function spanText(seconds: number): string {
  const sign = seconds < 0 ? "-" : "";
  const s = Math.round(Math.abs(seconds));
  if (s < 60) return `${sign}${s} s`;
  if (s < 3_600) return `${sign}${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${sign}${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
  return `${sign}${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}

const CAUSES = new Map([
  ["silence", "no replies"],
  ["score", "quality below the limit"],
  ["stale", "no probes sent"],
  ["worker-lost", "prober restarted"],
  ["replies", "replies came back"],
]);

export function causeText({ cause }: Pick<Incident, "cause">): string {
  return CAUSES.get(cause) ?? cause;
}
