/**
 * From the cache to values: what a surface, a row or a log line says of a path. NaN and unknown
 * become null here, once; nothing behind this file can mistake a missing latency for 0 ms.
 */

import { dataCostPerMonth } from "../config/data-cost.ts";
import { formatAddress } from "../domain/address.ts";
import type { AgentConfig, PathConfig } from "../domain/config.ts";
import type { PathId, PathIndex } from "../domain/ids.ts";
import { pathId } from "../domain/ids.ts";
import { OUTCOME_KINDS } from "../domain/outcome.ts";
import type { HealthRow, PathHealth, TargetHealth } from "../domain/path-health.ts";
import type { Status } from "../domain/status.ts";
import { limitingOf, statusOf } from "../domain/status.ts";
import type { UnixSeconds } from "../domain/units.ts";
import { US_PER_S, unixSeconds } from "../domain/units.ts";
import type { Scorer, SeriesColumns } from "../scoring/scorer.ts";
import { DirectionBook } from "./direction-book.ts";
import type { Clock, LogFields } from "./ports.ts";
import type { ProbePlan } from "./probe-table.ts";

export interface HealthSources {
  readonly clock: Clock;
  readonly scorer: Scorer;
  /** The engine's published status of a path. */
  status(path: number): Status;
}

type SeriesMetric = Exclude<keyof SeriesColumns, "totals">;

export class HealthReader {
  readonly #sources: HealthSources;
  /** Fed by the driver, beside the core. */
  readonly directions = new DirectionBook();
  #config: AgentConfig | null = null;
  #plan: ProbePlan | null = null;

  constructor(sources: HealthSources) {
    this.#sources = sources;
  }

  configure(config: AgentConfig, plan: ProbePlan): void {
    this.#config = config;
    this.#plan = plan;
  }

  all(): PathHealth[] {
    return (this.#config?.paths ?? []).map((path, row) => this.#read(path, row));
  }

  one(id: string): PathHealth | null {
    const paths = this.#config?.paths ?? [];
    const row = paths.findIndex((path) => path.id === id);
    const path = paths[row];
    return path === undefined ? null : this.#read(path, row);
  }

  /** null: no such row. */
  idOf(path: PathIndex): PathId | null {
    const id = this.#config?.paths[path]?.id;
    return id === undefined ? null : pathId(id);
  }

  /** The row of a check; null while the path is unknown (nothing is stored then). */
  row(path: PathIndex): HealthRow | null {
    const config = this.#config?.paths[path];
    const status = this.#sources.status(path);
    if (config === undefined || status === "unknown") return null;
    const replied = this.#metric(path, "latencyMs") !== null;
    return {
      path_id: pathId(config.id),
      timestamp: this.#wallSeconds(),
      latency_ms: this.#metric(path, "latencyMs"),
      packet_loss_pct: this.#metric(path, "lossPct") ?? 100,
      jitter_ms: replied ? (this.#metric(path, "jitterMs") ?? 0) : null,
      health_score: this.#score(path) ?? 0,
      status,
    };
  }

  logFields(path: PathIndex): LogFields {
    const config = this.#config?.paths[path];
    const score = this.#score(path);
    return {
      path: config?.id ?? String(path),
      status: this.#sources.status(path),
      score: score === null ? null : Math.round(score * 10) / 10,
      limiting: limitingOf(this.#sources.scorer.paths.limiting[path] ?? 0),
    };
  }

  #read(path: PathConfig, row: number): PathHealth {
    const status = this.#sources.status(row);
    const known = status !== "unknown";
    const value = (metric: SeriesMetric) => (known ? this.#metric(row, metric) : null);
    const chosen = this.#chosen(row);
    return {
      path_id: pathId(path.id),
      name: path.name,
      status,
      health_score: known ? this.#score(row) : null,
      latency_ms: value("latencyMs"),
      latency_min_ms: value("minMs"),
      latency_max_ms: value("maxMs"),
      latency_stddev_ms: value("stddevMs"),
      latency_p50_ms: value("p50Ms"),
      latency_p95_ms: value("p95Ms"),
      latency_p99_ms: value("p99Ms"),
      packet_loss_pct: value("lossPct"),
      jitter_ms: value("jitterMs"),
      jitter_rfc3550_ms: value("jitterRfc3550Ms"),
      pdv_ms: value("pdvMs"),
      mos: value("mos"),
      limiting: known ? limitingOf(this.#sources.scorer.paths.limiting[row] ?? 0) : "none",
      samples: chosen < 0 ? 0 : (this.#sources.scorer.series.samples[chosen] ?? 0),
      last_checked: this.#lastChecked(row),
      probe_octets_month: dataCostPerMonth(path),
      interface: path.interface,
      target: chosen < 0 ? null : (this.#plan?.series[chosen]?.target.host ?? null),
      targets: this.#targets(row),
    };
  }

  #targets(row: number): TargetHealth[] {
    const first = this.#plan?.layouts[row]?.firstSeries ?? 0;
    const { series } = this.#sources.scorer;
    return (this.#config?.paths[row]?.targets ?? []).map((target, i) => {
      const at = first + i;
      const address = this.#plan?.series[at]?.address ?? null;
      return {
        host: target.host,
        address: address === null ? null : formatAddress(address),
        probe: target.probe.type,
        status: statusOf(series.status[at] ?? 0),
        health_score: finite(series.score[at]),
        latency_ms: finite(series.latencyMs[at]),
        packet_loss_pct: finite(series.lossPct[at]),
        ...this.directions.of(at),
        outcomes: this.#outcomes(at),
      };
    });
  }

  #outcomes(series: number): Record<string, number> {
    const { totals } = this.#sources.scorer.series;
    const first = series * OUTCOME_KINDS.length;
    return Object.fromEntries(OUTCOME_KINDS.map((kind, i) => [kind, totals[first + i] ?? 0]));
  }

  #chosen(row: number): number {
    return this.#sources.scorer.paths.chosen[row] ?? -1;
  }

  #metric(row: number, metric: SeriesMetric): number | null {
    const chosen = this.#chosen(row);
    return chosen < 0 ? null : finite(this.#sources.scorer.series[metric][chosen]);
  }

  #score(row: number): number | null {
    return finite(this.#sources.scorer.paths.score[row]);
  }

  #lastChecked(row: number): UnixSeconds | null {
    const layout = this.#plan?.layouts[row];
    if (layout === undefined) return null;
    const { lastSentUs } = this.#sources.scorer.series;
    let newest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < layout.seriesCount; i++) {
      const sent = lastSentUs[layout.firstSeries + i] ?? Number.NaN;
      if (sent > newest) newest = sent;
    }
    if (!Number.isFinite(newest)) return null;
    const age = Math.max(0, this.#sources.clock.monotonic() - newest) / US_PER_S;
    return unixSeconds(this.#sources.clock.wall() / 1_000 - age);
  }

  #wallSeconds(): UnixSeconds {
    return unixSeconds(this.#sources.clock.wall() / 1_000);
  }
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
