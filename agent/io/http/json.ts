/** Health as JSON: rounded to 1e-6 (1 ns); a value that does not exist is null. */

import type { HistoryPage } from "../../controller/ports.ts";
import type { PathHealth, TargetHealth } from "../../domain/path-health.ts";

const STEPS_PER_UNIT = 1e6;

export function rounded(value: number | null): number | null {
  if (value === null || !Number.isFinite(value)) return null;
  return Math.round(value * STEPS_PER_UNIT) / STEPS_PER_UNIT;
}

export function pathBody(path: PathHealth): PathHealth {
  return {
    ...path,
    health_score: rounded(path.health_score),
    latency_ms: rounded(path.latency_ms),
    latency_min_ms: rounded(path.latency_min_ms),
    latency_max_ms: rounded(path.latency_max_ms),
    latency_stddev_ms: rounded(path.latency_stddev_ms),
    latency_p50_ms: rounded(path.latency_p50_ms),
    latency_p95_ms: rounded(path.latency_p95_ms),
    latency_p99_ms: rounded(path.latency_p99_ms),
    packet_loss_pct: rounded(path.packet_loss_pct),
    jitter_ms: rounded(path.jitter_ms),
    jitter_rfc3550_ms: rounded(path.jitter_rfc3550_ms),
    pdv_ms: rounded(path.pdv_ms),
    mos: rounded(path.mos),
    targets: path.targets.map(targetBody),
  };
}

function targetBody(target: TargetHealth): TargetHealth {
  return {
    ...target,
    health_score: rounded(target.health_score),
    latency_ms: rounded(target.latency_ms),
    packet_loss_pct: rounded(target.packet_loss_pct),
    one_way_forward_ms: rounded(target.one_way_forward_ms),
    one_way_backward_ms: rounded(target.one_way_backward_ms),
    forward_loss_pct: rounded(target.forward_loss_pct),
    backward_loss_pct: rounded(target.backward_loss_pct),
  };
}

export function historyRows(page: HistoryPage): HistoryPage["rows"] {
  return page.rows.map((row) => ({
    ...row,
    latency_ms: rounded(row.latency_ms),
    packet_loss_pct: rounded(row.packet_loss_pct) ?? row.packet_loss_pct,
    jitter_ms: rounded(row.jitter_ms),
    health_score: rounded(row.health_score) ?? row.health_score,
  }));
}
