import { expect, test } from "bun:test";
import { reportLines } from "../../../agent/cli/sla-text.ts";
import { sampleReport } from "../../support/sla-month.ts";

test("reportLines() tells promises, incidents and maintenance in local time", () => {
  expect(reportLines(sampleReport())).toEqual([
    "Service levels 2026-10 (Europe/Berlin)",
    "",
    "NAME              AVAILABILITY        DOWN  BUDGET LEFT      P95    LOSS   JITTER   MOS     SEEN",
    "Fiber uplink          99.955 %  20 min 0 s  24 min 42 s  19.2 ms  0.04 %  0.50 ms  4.40  100.0 %",
    "critical-traffic     100.000 %         0 s            -  19.2 ms  0.04 %  0.50 ms  4.40  100.0 %",
    "",
    "Fiber uplink (path fiber)",
    "  availability: 99.955 %, promised >= 99.9 %: met",
    "  latency p95: 19.2 ms, promised <= 15 ms: missed",
    "  packet loss: 0.04 %, promised <= 1 %: met",
    "  MOS: 4.40, promised >= 4: met",
    "  down about 2026-10-05 12:00 .. 2026-10-05 12:20: 20 min 0 s, no replies, 44.7 % of the budget",
    "  down about 2026-10-20 04:00 .. 2026-10-20 04:30: 0 s, 30 min 0 s in maintenance, no replies," +
      " 0.0 % of the budget",
    "  maintenance 2026-10-20 03:55 .. 2026-10-20 05:00: fiber, mira, splice at the cabinet",
    "",
    "critical-traffic (policy 1)",
    "  packet loss: 0.04 %, promised <= 1 %: met",
    "  maintenance 2026-10-20 03:55 .. 2026-10-20 05:00: fiber, mira, splice at the cabinet",
  ]);
});
