/** The exposition before Prometheus' own linter. */

import { expect, test } from "bun:test";
import { scrapeOfEverything } from "../support/full-scrape.ts";

const promtool = Bun.which("promtool");
const reason = promtool === null ? " (skipped: needs promtool)" : "";

test.skipIf(promtool === null)(
  `promtool complains about three of the given names, and nothing else${reason}`,
  async () => {
    const text = await scrapeOfEverything();
    expect(text).toContain("scrape_duration");
    expect(text).toContain("probe_rtt_seconds_bucket");
    expect(text).toContain("alerts_notifications_total");
    const child = Bun.spawn([promtool ?? "", "check", "metrics"], {
      stdio: [new TextEncoder().encode(text), "pipe", "pipe"],
    });
    const [out, complaints] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(out).toBe("");
    expect(complaints.trim().split("\n").sort()).toEqual([
      'patronus_sdwan_failover_policies_total non-counter metrics should not have "_total" suffix',
      "patronus_sdwan_path_jitter_ms metric names should not contain abbreviated units",
      "patronus_sdwan_path_latency_ms metric names should not contain abbreviated units",
    ]);
  },
);
