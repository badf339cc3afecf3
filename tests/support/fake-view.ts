/**
 * The agent as the HTTP surface sees it, with a cache of typed arrays that a test fills by hand.
 */

import type { BackupEnd, HistoryPage, HistoryQuery } from "../../agent/controller/ports.ts";
import type { DeadLetter } from "../../agent/controller/queue/ports.ts";
import type {
  Aggregate,
  AggregateQuery,
  BucketPage,
  BucketQuery,
} from "../../agent/domain/aggregate.ts";
import type { PathId } from "../../agent/domain/ids.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import type { PathHealth } from "../../agent/domain/path-health.ts";
import type { Status } from "../../agent/domain/status.ts";
import { limitingOf, STATUSES, statusOf } from "../../agent/domain/status.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import type {
  AgentStatus,
  AgentView,
  HealthSnapshot,
  MetricsSource,
  PathLabels,
  Readiness,
  ReloadOutcome,
  UnknownPath,
} from "../../agent/io/http/view.ts";
import { FakeScores } from "./fake-scores.ts";
import { RETENTION } from "./retention-plan.ts";

export function pathLabels(row: number, over: Partial<PathLabels> = {}): PathLabels {
  return {
    id: `path-${row}`,
    name: `Path ${row}`,
    interface: `eth${row}`,
    targets: [`192.0.2.${row % 256}`],
    probes: ["icmp"],
    firstSeries: row,
    seriesCount: 1,
    ...over,
  };
}

export class FakeMetrics implements MetricsSource {
  paths: readonly PathLabels[];
  readonly scorer: FakeScores;
  readonly statuses: Status[];

  constructor(paths: readonly PathLabels[]) {
    this.paths = paths;
    const series = paths.reduce((sum, path) => sum + path.seriesCount, 0);
    this.scorer = new FakeScores(paths.length, series);
    this.statuses = paths.map(() => "unknown");
  }

  status(row: number): Status {
    return this.statuses[row] ?? "unknown";
  }

  /** Plausible, different numbers for every path, all of them up. */
  fill(): void {
    const { series, paths } = this.scorer;
    for (const [row, path] of this.paths.entries()) {
      const at = path.firstSeries;
      this.set(row, "up", 60 + ((row * 7) % 40));
      paths.chosen[row] = at;
      series.latencyMs[at] = 5 + ((row * 37) % 90_000) / 1_000;
      series.jitterMs[at] = ((row * 13) % 9_000) / 1_000;
      series.lossPct[at] = ((row * 11) % 50) / 25;
      series.mos[at] = 4.4 - (row % 20) / 100;
      const first = at * OUTCOME_KINDS.length;
      for (let kind = 0; kind < OUTCOME_KINDS.length; kind++) {
        series.totals[first + kind] = kind === 0 ? 10_000 + row : (row + kind) % 50;
      }
    }
  }

  set(row: number, status: Status, score: number): void {
    this.statuses[row] = status;
    this.scorer.paths.status[row] = STATUSES.indexOf(status);
    this.scorer.paths.score[row] = score;
  }
}

/** Of a path without a reply: what does not exist is null. */
export function aggregateOf(path: PathId, over: Partial<Aggregate> = {}): Aggregate {
  return {
    path_id: path,
    period: "day",
    start_time: unixSeconds(1_699_913_600),
    end_time: unixSeconds(1_700_000_000),
    tiers: ["5m", "1h"],
    sample_count: 43_200,
    latency_avg: null,
    latency_min: null,
    latency_max: null,
    latency_p50: null,
    latency_p95: null,
    latency_p99: null,
    quantile_error_pct: null,
    packet_loss_avg: 100,
    packet_loss_max: 100,
    jitter_avg: null,
    jitter_max: null,
    health_score_avg: 0,
    health_score_min: 0,
    uptime_pct: 0,
    coverage_pct: 99.87654321,
    ...over,
  };
}

export class FakeView implements AgentView {
  metrics: FakeMetrics;
  readiness: Readiness = { ready: true, reasons: [] };
  rows: HistoryPage = { rows: [], next_cursor: null };
  timestamp = unixSeconds(1_700_000_000);
  fault: Error | null = null;
  readonly queries: HistoryQuery[] = [];
  readonly charts: BucketQuery[] = [];
  readonly aggregateQueries: AggregateQuery[] = [];
  reload?: () => ReloadOutcome;

  constructor(metrics = new FakeMetrics([pathLabels(0), pathLabels(1)])) {
    this.metrics = metrics;
  }

  snapshot(): HealthSnapshot {
    if (this.fault !== null) throw this.fault;
    return { timestamp: this.timestamp, paths: this.metrics.paths.map((_, row) => this.#row(row)) };
  }

  path(id: string): PathHealth | null {
    const row = this.metrics.paths.findIndex((path) => path.id === id);
    return row < 0 ? null : this.#row(row);
  }

  history(query: HistoryQuery): HistoryPage | UnknownPath {
    this.queries.push(query);
    return this.rows;
  }

  buckets(query: BucketQuery): BucketPage {
    this.charts.push(query);
    return { points: [aggregateOf(query.path)], next: unixSeconds(1_700_000_300) };
  }

  aggregate(path: PathId, query: AggregateQuery): Aggregate {
    this.aggregateQueries.push(query);
    return aggregateOf(path);
  }

  async aggregates(query: AggregateQuery): Promise<readonly Aggregate[]> {
    this.aggregateQueries.push(query);
    return this.metrics.paths.map(({ id }) => aggregateOf(pathId(id)));
  }

  backupEnd: BackupEnd = { kind: "done", path: "/state/patronus.db.backup-1", octets: 4_096 };

  async backup(): Promise<BackupEnd> {
    return this.backupEnd;
  }

  deadLetters(): readonly DeadLetter[] {
    return [];
  }

  ready(): Readiness {
    return this.readiness;
  }

  status(): AgentStatus {
    const child = { pid: 11, generation: 1, restarts: 2, last_exit: null };
    return {
      version: "1.2.3",
      git: "abc1234",
      target: "linux-x64-glibc",
      runtime: "bun 1.4.5",
      node: { id: "cpe-0042", site: "berlin-3" },
      started_at: unixSeconds(1_699_990_000),
      uptime_secs: 10_000,
      config: { origin: "agent.yaml", paths: this.metrics.paths.length, policies: 0 },
      processes: {
        supervisor_pid: 10,
        controller: child,
        worker: { ...child, pid: null, restarts: 3 },
        separation: "users",
        problems: [],
      },
      usage: { worker: { cpu_seconds: 12.5, resident_bytes: 20_000_768, major_faults: 7 } },
      memory: { bound: "control group", limit_bytes: 64e6, available_bytes: 20e6 },
      worker: {
        acknowledged: true,
        abilities: null,
        counters: {
          sent: 100,
          received: 99,
          foreign: 1,
          frames_held: 0,
          records_dropped: 0,
          stalls: 0,
          wakeups: 250,
          reflector: null,
        },
        stale_frames: 4,
      },
      store: {
        state: { kind: "ok" },
        pending_rows: 12,
        dropped_rows: 3,
        octets: 45_000_704,
        wal_octets: null,
        retention: RETENTION,
      },
      queue: null,
      problems: [],
    };
  }

  #row(row: number): PathHealth {
    const { paths, scorer } = this.metrics;
    const labels = paths[row] ?? pathLabels(row);
    const chosen = scorer.paths.chosen[row] ?? -1;
    const known = (value: number | undefined) =>
      value === undefined || Number.isNaN(value) ? null : value;
    return {
      path_id: pathId(labels.id),
      name: labels.name,
      status: statusOf(STATUSES.indexOf(this.metrics.status(row))),
      health_score: known(scorer.paths.score[row]),
      latency_ms: known(scorer.series.latencyMs[chosen]),
      latency_min_ms: null,
      latency_max_ms: null,
      latency_stddev_ms: null,
      latency_p50_ms: null,
      latency_p95_ms: null,
      latency_p99_ms: null,
      packet_loss_pct: known(scorer.series.lossPct[chosen]),
      jitter_ms: known(scorer.series.jitterMs[chosen]),
      jitter_rfc3550_ms: null,
      pdv_ms: null,
      mos: known(scorer.series.mos[chosen]),
      probe_blocked: false,
      limiting: limitingOf(scorer.paths.limiting[row] ?? 0),
      samples: chosen < 0 ? 0 : 50,
      last_checked: chosen < 0 ? null : this.timestamp,
      probe_octets_month: 114_048_000,
      interface: labels.interface,
      target: labels.targets[0] ?? null,
      targets: [],
    };
  }
}
