/**
 * What the HTTP surface may ask of the agent. The controller implements it; nothing here can change
 * anything but by `reload`. Every answer is a value of the moment: no caller keeps one.
 */

import type {
  BackupEnd,
  HistoryPage,
  HistoryQuery,
  MemoryRoom,
  ProcessUsage,
  StoreState,
} from "../../controller/ports.ts";
import type { DeadLetter, QueueState } from "../../controller/queue/ports.ts";
import type { Aggregate, AggregateQuery, BucketPage, BucketQuery } from "../../domain/aggregate.ts";
import type { PathId } from "../../domain/ids.ts";
import type { PathHealth } from "../../domain/path-health.ts";
import type { RetentionPlan } from "../../domain/retention.ts";
import type { Status } from "../../domain/status.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import type { Scorer } from "../../scoring/scorer.ts";
import type { ProcessReport, WorkerAbilities, WorkerCounters } from "../../wire/frame.ts";

export interface HealthSnapshot {
  readonly timestamp: UnixSeconds;
  readonly paths: readonly PathHealth[];
}

/** What does not change about a path while a probe table lives. */
export interface PathLabels {
  readonly id: string;
  readonly name: string;
  readonly interface: string | null;
  /** Hosts in configuration order. */
  readonly targets: readonly string[];
  /** Probe type per target. */
  readonly probes: readonly string[];
  readonly firstSeries: number;
  readonly seriesCount: number;
}

/** The cache as the exposition reads it: columns, no objects per path. */
export interface MetricsSource {
  /** The same array until the probe table changes, then another one. */
  readonly paths: readonly PathLabels[];
  readonly scorer: Pick<Scorer, "series" | "paths">;
  /** The published status of a path, as in the snapshot. */
  status(row: number): Status;
}

export interface AgentStatus {
  readonly version: string;
  readonly git: string;
  readonly target: string;
  /** Version of the runtime. */
  readonly runtime: string;
  readonly node: { readonly id: string; readonly site: string };
  readonly started_at: UnixSeconds;
  readonly uptime_secs: number;
  readonly config: { readonly origin: string; readonly paths: number; readonly policies: number };
  /** null before the supervisor's first report. */
  readonly processes: ProcessReport | null;
  /** Of processes that run; they are read when asked. */
  readonly usage: Readonly<Record<string, ProcessUsage>>;
  /** Of the machine or the tightest control group; null: nobody tells. */
  readonly memory: MemoryRoom | null;
  readonly worker: {
    /** It probes by the current table. */
    readonly acknowledged: boolean;
    readonly abilities: WorkerAbilities | null;
    readonly counters: WorkerCounters | null;
    /** Frames of an earlier worker or table, not counted. */
    readonly stale_frames: number;
  };
  readonly store: {
    readonly state: StoreState;
    readonly pending_rows: number;
    /** Rows that never reached the disk, since start. */
    readonly dropped_rows: number;
    /** Of the file and its WAL; null: there is none. */
    readonly octets: number | null;
    readonly wal_octets: number | null;
    /** How long history is kept, and what does not fit `max_size_mb`. */
    readonly retention: RetentionPlan;
  };
  /** What waits to be pushed; null: nothing is pushed. */
  readonly queue: QueueState | null;
  /** Sentences for the operator, empty when all is well. */
  readonly problems: readonly string[];
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not, as sentences; empty when ready. */
  readonly reasons: readonly string[];
}

export type ReloadOutcome =
  | { readonly kind: "requested" }
  | { readonly kind: "refused"; readonly reason: string };

export interface UnknownPath {
  readonly kind: "unknown-path";
}

export interface AgentView {
  readonly metrics: MetricsSource;
  snapshot(): HealthSnapshot;
  /** null: no such path. */
  path(id: string): PathHealth | null;
  history(query: HistoryQuery): HistoryPage | UnknownPath;
  /** Points of a chart of a path that exists. */
  buckets(query: BucketQuery): BucketPage;
  /** Of a path that exists. */
  aggregate(path: PathId, query: AggregateQuery): Aggregate;
  /** Of all paths; other work goes on meanwhile. */
  aggregates(query: AggregateQuery): Promise<readonly Aggregate[]>;
  /** A copy of the database beside it. */
  backup(): Promise<BackupEnd>;
  status(): AgentStatus;
  /** Newest last. */
  deadLetters(): readonly DeadLetter[];
  ready(): Readiness;
  /** Absent: reloading over HTTP is not offered. */
  reload?(): ReloadOutcome;
}
