/** What was promised, for the reports of service levels. */

import { PATH_ID, text } from "./forms.ts";
import type { NumberSpec, SectionName, SectionSpecs } from "./spec.ts";

type Bounds = Pick<NumberSpec, "min" | "max" | "unit">;

/** null: not promised. */
function promise(help: string, bounds: Bounds): NumberSpec {
  return { kind: "number", help, ...bounds, nullable: true };
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
    availability_pct: promise("at least; maintenance is forgiven", {
      min: 1,
      max: 99.9999,
      unit: "%",
    }),
    latency_p95_ms: promise("at most, over all probes of the month", {
      min: 0.01,
      max: 60_000,
      unit: "ms",
    }),
    loss_pct: promise("at most, on average", { min: 0, max: 100, unit: "%" }),
    jitter_ms: promise("at most, on average", { min: 0.01, max: 60_000, unit: "ms" }),
    mos: promise("at least, of the month's latency and loss", { min: 1, max: 4.5 }),
  },
};
