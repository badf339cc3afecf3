/** A cache with values that a test sets, and telemetry over it with a queue that keeps all. */

import type { QueueEntry } from "../../agent/controller/queue/ports.ts";
import type { TelemetryPolicy, TelemetrySource } from "../../agent/controller/telemetry/ports.ts";
import type { OtlpConfig, OtlpDestination } from "../../agent/domain/otlp.ts";
import { OUTCOME, OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import type { Status } from "../../agent/domain/status.ts";
import type { SeriesColumns } from "../../agent/scoring/scorer.ts";

export function otlpDestination(overrides: Partial<OtlpDestination> = {}): OtlpDestination {
  return {
    name: "default",
    metrics_url: "http://127.0.0.1:9/v1/metrics",
    logs_url: null,
    compression: "gzip",
    timeout_ms: 10_000,
    headers: {},
    headers_file: null,
    tls: { ca_file: null, cert_file: null, key_file: null, insecure: false },
    interface: null,
    ...overrides,
  };
}

export function otlpConfig(
  destinations: readonly OtlpDestination[],
  queue: Partial<OtlpConfig["queue"]> = {},
): OtlpConfig {
  return {
    destinations,
    interval_secs: 60,
    queue: { max_mb: 16, max_age_secs: 604_800, replay_per_sec: 10, ...queue },
    resource: {},
  };
}

export const NODE = { id: "cpe-1", site: "berlin", labels: { region: "eu" } };

/** Path i: latency 10 + i ms, loss i %, jitter i / 10 ms, score 100 - i; status up. */
export function telemetrySource(
  count: number,
  statuses: readonly Status[] = [],
): TelemetrySource & { readonly series: SeriesColumns } {
  const column = (value: (i: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => value(i));
  const nothing = column(() => Number.NaN);
  const series: SeriesColumns = {
    score: column((i) => 100 - i),
    composite: nothing,
    latencyMs: column((i) => 10 + i),
    minMs: nothing,
    maxMs: nothing,
    stddevMs: nothing,
    p50Ms: nothing,
    p95Ms: nothing,
    p99Ms: nothing,
    lossPct: column((i) => i),
    jitterMs: column((i) => i / 10),
    jitterRfc3550Ms: nothing,
    pdvMs: nothing,
    mos: column(() => 4.2),
    status: new Uint8Array(count),
    limiting: new Uint8Array(count),
    samples: new Uint32Array(count),
    lastSentUs: nothing,
    totals: new Float64Array(count * OUTCOME_KINDS.length),
  };
  for (let i = 0; i < count; i++) series.totals[i * OUTCOME_KINDS.length + OUTCOME.replied] = 1_000;
  const status = (row: number): Status => statuses[row] ?? "up";
  const policy: TelemetryPolicy = {
    ...{ id: 1, name: "critical", active: "p0", usingPrimary: true, failovers: 3 },
    paths: ["p0", "p1"],
  };
  return {
    paths: Array.from({ length: count }, (_, i) => ({
      ...{ id: `p${i}`, name: `Path ${i}`, interface: `eth${i}` },
      ...{ firstSeries: i, seriesCount: 1 },
    })),
    scorer: {
      series,
      paths: {
        score: series.score,
        status: series.status,
        limiting: series.limiting,
        chosen: Int32Array.from({ length: count }, (_, i) => i),
      },
    },
    series,
    status,
    rtt: (row) => ({
      count: 6,
      sumSeconds: 0.1,
      minSeconds: 0.01,
      maxSeconds: 0.03,
      histogram: { scale: 5, zeros: 1, offset: -200 + row, counts: [1, 0, 4] },
    }),
    policies: () => [policy],
  };
}

/** Request of an entry, unpacked. */
export function requestOf({ body }: QueueEntry): Uint8Array {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  return isGzip ? Bun.gunzipSync(new Uint8Array(body)) : body;
}
