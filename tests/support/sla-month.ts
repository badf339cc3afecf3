/** October 2026 in Berlin for tests of reports: an outage, a maintenance, slow evenings. */

import { calendarMonth } from "../../agent/domain/calendar.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { invariant } from "../../agent/domain/invariant.ts";
import type { SlaTargets } from "../../agent/domain/sla.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import type { SlaReport } from "../../agent/sla/report.ts";
import { subjectReport } from "../../agent/sla/report.ts";
import type { Slice } from "../../agent/sla/slice.ts";
import { policySlices, sliceOf } from "../../agent/sla/slice.ts";
import { histogramOf, rollup } from "./rollups.ts";

const TARGETS: SlaTargets = {
  availability_pct: 99.9,
  latency_p95_ms: 15,
  loss_pct: 1,
  jitter_ms: null,
  mos: 4,
};

export function sampleReport(name = "Fiber uplink"): SlaReport {
  const month = calendarMonth("2026-10", "Europe/Berlin");
  invariant(month !== null, "October is a month");
  const at = (text: string) => unixSeconds(Date.parse(text) / 1_000);
  // Local noon in summer time.
  const outage = at("2026-10-05T10:00Z");
  const work = { from: at("2026-10-20T01:55Z"), to: at("2026-10-20T03:00Z") };
  const maintenance = [
    { path: pathId("fiber"), ...work, author: "mira", reason: "splice at the cabinet" },
  ];
  const fiber: Slice[] = [];
  const lte: Slice[] = [];
  for (let end = month.from + 300; end <= month.to; end += 300) {
    const isOut = end > outage && end <= outage + 1_200;
    const isWork = end > work.from + 300 && end <= work.from + 2_100;
    const hour = Math.floor((end % 86_400) / 3_600);
    const ms = hour >= 17 && hour <= 20 ? 19 : 11 + (Math.floor(end / 86_400) % 7) / 2;
    const down = isOut || isWork ? 300 : 0;
    const row = rollup(end, {
      ...{ up_s: 300 - down, down_s: down, lost: down === 0 ? 0 : 150 },
      ...{ rtt_hist: down === 0 ? histogramOf(ms, 149) : null, rtt_max_us: 25_000 },
    });
    fiber.push(sliceOf(row, 300, maintenance));
    lte.push(sliceOf(rollup(end, { path_id: pathId("lte") }), 300, []));
  }
  const common = { marks: [], burn: null };
  const path = { kind: "path", id: "fiber" } as const;
  const policy = { kind: "policy", id: 1 } as const;
  const both = policySlices(
    new Map([
      ["fiber", fiber],
      ["lte", lte],
    ]),
    () => "fiber",
  );
  const subjects = [
    subjectReport(
      { ...common, subject: path, name, targets: TARGETS, slices: fiber, maintenance },
      month,
      month.to + 60,
    ),
    subjectReport(
      {
        ...{ ...common, subject: policy, name: "critical-traffic", slices: both, maintenance },
        targets: { ...TARGETS, availability_pct: null, latency_p95_ms: null, mos: null },
      },
      month,
      month.to + 60,
    ),
  ];
  return {
    node: { id: "cpe-0042", site: "berlin-3" },
    month: month.month,
    timezone: month.timezone,
    from: month.from,
    to: month.to,
    generated_at: month.to + 60,
    is_final: true,
    subjects,
  };
}
