/** The exposition before Prometheus' own linter. */

import { expect, test } from "bun:test";
import { createApp } from "../../agent/io/http/app.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeFailoverView } from "../support/fake-failover-view.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeView } from "../support/fake-view.ts";

const promtool = Bun.which("promtool");
const reason = promtool === null ? " (skipped: needs promtool)" : "";

test.skipIf(promtool === null)(
  `promtool complains about three of the given names, and nothing else${reason}`,
  async () => {
    const view = new FakeView();
    view.metrics.fill();
    const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
    const failover = new FakeFailoverView();
    const paths = ["fiber", "lte"];
    const policy = { id: 1, name: "office", active: "lte", usingPrimary: false, failovers: 2 };
    const switches = { bounds: [0.001, 1], counts: [3, 4], count: 4, sum: 0.25 };
    failover.figures = { ...failover.figures, policies: [{ ...policy, paths }], switches };
    const parts = { clock: new FakeClock(), log: new FakeLog(), failover };
    const app = createApp(view, { ...options, ...parts });
    await app.request("/metrics");
    const text = await (await app.request("/metrics")).text();
    expect(text).toContain("scrape_duration");
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
