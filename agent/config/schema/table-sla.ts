/** What was promised, for the reports of service levels. */

import { PATH_ID, text } from "./forms.ts";
import type { SectionName, SectionSpecs, Spec } from "./spec.ts";

function most(help: string, max: number, unit: string): Spec {
  return { kind: "number", help, min: 0.01, max, unit, nullable: true };
}

export const SLA_TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  sla: {
    timezone: {
      kind: "text",
      help: "IANA name; months and days are those of its calendar",
      default: "UTC",
    },
    objectives: {
      kind: "list",
      of: { kind: "section", of: "objective", help: "of a path or a policy" },
      help: "what was promised",
      most: 200,
    },
  },
  objective: {
    path: text("of this path", PATH_ID),
    policy: {
      kind: "integer",
      help: "of this policy: down while all of its paths are",
      min: 1,
      max: 2 ** 31 - 1,
    },
    availability_pct: {
      kind: "number",
      help: "at least; maintenance is forgiven",
      min: 1,
      max: 99.9999,
      unit: "%",
      nullable: true,
    },
    latency_p95_ms: most("at most, over all probes of the month", 60_000, "ms"),
    loss_pct: {
      kind: "number",
      help: "at most, on average",
      min: 0,
      max: 100,
      unit: "%",
      nullable: true,
    },
    jitter_ms: most("at most, on average", 60_000, "ms"),
    mos: {
      kind: "number",
      help: "at least, of the month's latency and loss",
      min: 1,
      max: 4.5,
      nullable: true,
    },
  },
};
