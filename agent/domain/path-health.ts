/**
 * The health of a path at one moment, as values: what leaves the cache for a row, a page or JSON.
 */

import type { PathId } from "./ids.ts";
import type { Limiting, Status } from "./status.ts";
import type { UnixSeconds } from "./units.ts";

/** null: the value does not exist (nothing replied, or not enough samples). Never 0 instead. */
export interface PathHealth {
  readonly path_id: PathId;
  readonly name: string;
  readonly status: Status;
  readonly health_score: number | null;
  readonly latency_ms: number | null;
  readonly latency_min_ms: number | null;
  readonly latency_max_ms: number | null;
  readonly latency_stddev_ms: number | null;
  readonly latency_p50_ms: number | null;
  readonly latency_p95_ms: number | null;
  readonly latency_p99_ms: number | null;
  readonly packet_loss_pct: number | null;
  readonly jitter_ms: number | null;
  readonly jitter_rfc3550_ms: number | null;
  readonly pdv_ms: number | null;
  readonly mos: number | null;
  readonly limiting: Limiting;
  /** Probes are silent and traffic is not: the verdict is held. */
  readonly probe_blocked: boolean;
  readonly samples: number;
  /** Wall-clock time of the newest resolved probe; null before the first. */
  readonly last_checked: UnixSeconds | null;
  readonly interface: string | null;
  /** What watching costs, octets in 30 days, both directions with IP headers: an upper bound. */
  readonly probe_octets_month: number;
  /** The target whose statistics speak for the path. */
  readonly target: string | null;
  readonly targets: readonly TargetHealth[];
}

/**
 * What a STAMP target tells of each direction over its window. Delays are null unless both clocks
 * are synchronised, losses unless the reflector counts.
 */
export interface Directions {
  /** Means; negative by as much as the clocks are apart. */
  readonly one_way_forward_ms: number | null;
  readonly one_way_backward_ms: number | null;
  readonly forward_loss_pct: number | null;
  readonly backward_loss_pct: number | null;
}

export interface TargetHealth extends Directions {
  readonly host: string;
  readonly address: string | null;
  readonly probe: string;
  readonly status: Status;
  /** Silent on all paths that ask it while others answer: it does not count. */
  readonly suspect: boolean;
  readonly health_score: number | null;
  readonly latency_ms: number | null;
  readonly packet_loss_pct: number | null;
  /** Totals since start by outcome; the order is OUTCOME_KINDS. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** One stored check: a row of sdwan_path_health. */
export interface HealthRow {
  readonly path_id: PathId;
  readonly timestamp: UnixSeconds;
  readonly latency_ms: number | null;
  readonly packet_loss_pct: number;
  readonly jitter_ms: number | null;
  readonly health_score: number;
  readonly status: "up" | "degraded" | "down";
}
