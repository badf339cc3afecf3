/** A real receiver: what VictoriaMetrics stored is what the cache had, name by name. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { openQueue } from "../../agent/controller/telemetry/lazy-telemetry.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { Telemetry } from "../../agent/io/telemetry/telemetry.ts";
import { FakeLog } from "../support/fake-log.ts";
import { temporaryFolder } from "../support/journals.ts";
import { NODE, otlpConfig, otlpDestination, telemetrySource } from "../support/telemetry.ts";
import { startVictoriaMetrics } from "../support/victoria-metrics.ts";

/** Of path p1 of the fixture, or of the policy. */
const GIVEN = {
  patronus_sdwan_path_health_score: 99,
  patronus_sdwan_path_latency_ms: 11,
  patronus_sdwan_path_packet_loss_pct: 1,
  patronus_sdwan_path_jitter_ms: 0.1,
  patronus_sdwan_path_status: 1,
  patronus_sdwan_failover_policies_total: 1,
  patronus_sdwan_failover_active_path: 1,
  patronus_sdwan_failover_count_total: 3,
};
const BASE = {
  patronus_sdwan_path_latency_seconds: 0.011,
  patronus_sdwan_path_jitter_seconds: 0.0001,
  patronus_sdwan_path_packet_loss_ratio: 0.01,
  patronus_sdwan_path_mos: 4.2,
  patronus_sdwan_probes_total: 1_000,
  patronus_sdwan_failover_policy_active: 0,
};

test(
  "names and values come back from VictoriaMetrics, histograms too",
  async () => {
    const receiver = await startVictoriaMetrics();
    if ("skipped" in receiver) {
      console.warn(`skipped: ${receiver.skipped}`);
      return;
    }
    const folder = temporaryFolder();
    const clock = createClock();
    const basics = { clock, timers: createTimers(clock), log: new FakeLog() };
    const file = { path: join(folder.path, "queue.db"), maxBytes: 1 << 20 };
    const queue = await openQueue({ ...basics, isClockTrusted: () => true }, file);
    const metrics_url = `${receiver.url}/opentelemetry/v1/metrics`;
    const otlp = otlpConfig([otlpDestination({ metrics_url })]);
    const parts = { ...basics, queue, source: telemetrySource(3), isClockSane: () => true };
    const telemetry = new Telemetry({ otlp, node: NODE, intervalMs: 60_000 }, parts);
    // A stop collects once more, and the queue delivers what goes at once.
    await telemetry.stop();
    await queue.stop();
    expect(queue.state().destinations[0]).toMatchObject({ delivered: 1, items: 0 });

    const series = await receiver.series("patronus");
    const newest = (name: string) => {
      const named = series.filter(({ metric }) => metric["__name__"] === name);
      const mine =
        named.find(({ metric }) => metric["path_id"] === "p1" && isPlain(metric)) ?? named[0];
      return mine?.values.at(-1);
    };
    const found = (wanted: Record<string, number>) =>
      Object.fromEntries(Object.keys(wanted).map((name) => [name, newest(name)]));
    expect(found(GIVEN)).toEqual(GIVEN);
    expect(found(BASE)).toEqual(BASE);
    const buckets = series.filter(
      ({ metric }) =>
        metric["__name__"] === "patronus_sdwan_probe_rtt_seconds_bucket" &&
        metric["path_id"] === "p1",
    );
    const counted = buckets.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0);
    expect(counted).toBe(6);
    const [first] = buckets;
    expect(first?.metric).toMatchObject({ site: "berlin", path_name: "Path 1" });
    await receiver.stop();
    folder.remove();
  },
  { timeout: 30_000 },
);

/** Of the probes the answered ones. */
function isPlain(metric: Readonly<Record<string, string>>): boolean {
  return metric["outcome"] === undefined || metric["outcome"] === "replied";
}
