/** What telemetry may read of the agent: the cache itself, and what failover says. */

import type { Status } from "../../domain/status.ts";
import type { UnixMillis } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type { Histogram } from "../../scoring/histogram.ts";
import type { Scorer } from "../../scoring/scorer.ts";

export interface TelemetryPath {
  readonly id: string;
  readonly name: string;
  readonly interface: string | null;
  readonly firstSeries: number;
  readonly seriesCount: number;
}

export interface TelemetryPolicy {
  readonly id: number;
  readonly name: string;
  /** null: not known yet. */
  readonly active: string | null;
  readonly usingPrimary: boolean;
  readonly paths: readonly string[];
  readonly failovers: number;
}

/** The scheduled probes of a path that were answered, since it is watched. */
export interface RttTotals {
  readonly count: number;
  readonly sumSeconds: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly histogram: Histogram;
}

export interface TelemetrySource {
  readonly paths: readonly TelemetryPath[];
  readonly scorer: Pick<Scorer, "series" | "paths">;
  status(row: number): Status;
  /** null: nothing was answered yet. */
  rtt(row: number): RttTotals | null;
  policies(): readonly TelemetryPolicy[];
}

/** A failover event with its record's number and time. */
export interface NotedEvent {
  readonly event: FailoverEvent;
  readonly id: number;
  readonly at: UnixMillis;
}
