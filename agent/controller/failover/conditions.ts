/**
 * What is known of each path in each family, put together from the cache, the worker's verdicts and
 * the kernel's links. Verdicts are on a path as a whole; where a path has targets of both families,
 * each family stands for its own targets.
 */

import type { AgentConfig, PathConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { pathId } from "../../domain/ids.ts";
import { OUTCOME, OUTCOME_FLAG } from "../../domain/outcome.ts";
import type { Status } from "../../domain/status.ts";
import { limitingOf } from "../../domain/status.ts";
import type { Instant } from "../../domain/units.ts";
import { instant } from "../../domain/units.ts";
import type {
  FailoverPath,
  HardDownCause,
  PathCondition,
  RouteFamily,
  WindowStatistics,
} from "../../engine/failover/input.ts";
import { ROUTE_FAMILIES } from "../../engine/failover/input.ts";
import type { Scorer } from "../../scoring/scorer.ts";
import { OUTCOME_AT, OUTCOME_SIZE, viewOf } from "../../wire/frame.ts";
import { VERDICT } from "../../wire/verdict.ts";
import type { ProbePlan } from "../probe-table.ts";

export interface ConditionSources {
  readonly scorer: Scorer;
  status(row: number): Status;
  /** The worker's verdict stands. */
  isDown(row: number): boolean;
  /** The kernel's word on a path; null: it may carry packets. */
  linkDown(path: PathId, family: RouteFamily): HardDownCause | null;
}

interface Known {
  readonly id: PathId;
  readonly reliability: number;
  readonly minSamples: number;
  /** Series by family. */
  readonly series: Readonly<Record<RouteFamily, readonly number[]>>;
  isSuspect: boolean;
}

export class ConditionBook {
  readonly #sources: ConditionSources;
  #known: readonly Known[] = [];
  #pathOf: readonly number[] = [];
  #newestReply = new Float64Array(0);
  readonly #dead = new Set<number>();

  constructor(sources: ConditionSources) {
    this.#sources = sources;
  }

  /** A new table: what targets told is to be learnt anew. */
  configure(config: AgentConfig, plan: ProbePlan): void {
    this.#known = config.paths.map((path, row) => knownOf(path, row, plan));
    this.#pathOf = plan.series.map(({ path }) => path);
    this.#newestReply = new Float64Array(plan.series.length).fill(Number.NaN);
    this.#dead.clear();
  }

  /** For the engine. */
  paths(): readonly FailoverPath[] {
    return this.#known.map(({ id, series }) => ({
      id,
      measured: ROUTE_FAMILIES.filter((family) => series[family].length > 0),
    }));
  }

  rowOf(path: PathId): number {
    return this.#known.findIndex(({ id }) => id === path);
  }

  /** Outcome records: when did which target answer last? */
  ingest(records: Uint8Array): void {
    const view = viewOf(records);
    for (let at = 0; at + OUTCOME_SIZE <= records.byteLength; at += OUTCOME_SIZE) {
      const kind = view.getUint8(at + OUTCOME_AT.kind);
      if (kind !== OUTCOME.replied && kind !== OUTCOME.late) continue;
      const series = view.getUint32(at + OUTCOME_AT.series, true);
      const isVoid = (view.getUint8(at + OUTCOME_AT.flags) & OUTCOME_FLAG.rttVoid) !== 0;
      const rttUs = isVoid ? 0 : view.getFloat64(at + OUTCOME_AT.rttUs, true);
      const arrived = view.getFloat64(at + OUTCOME_AT.sentUs, true) + rttUs;
      const before = this.#newestReply[series] ?? Number.NaN;
      if (!(before > arrived)) this.#newestReply[series] = arrived;
    }
  }

  /** Returns the row that it concerns; -1: none. */
  verdict(kind: number, index: number): number {
    if (kind === VERDICT.targetDead || kind === VERDICT.targetLive) {
      if (kind === VERDICT.targetDead) this.#dead.add(index);
      else this.#dead.delete(index);
      return this.#pathOf[index] ?? -1;
    }
    const known = this.#known[index];
    if (known === undefined) return -1;
    known.isSuspect = kind === VERDICT.suspect;
    return index;
  }

  /** Suspicions do not outlive a worker, or a span in which nobody looked. */
  excuse(): void {
    for (const known of this.#known) known.isSuspect = false;
  }

  /** Nobody watches the targets any more. */
  forget(): void {
    this.excuse();
    this.#dead.clear();
  }

  of(row: number): readonly PathCondition[] {
    const known = this.#known[row];
    if (known === undefined) return [];
    return ROUTE_FAMILIES.map((family) => this.#condition(known, row, family));
  }

  #condition(known: Known, row: number, family: RouteFamily): PathCondition {
    const { scorer, status, isDown, linkDown } = this.#sources;
    const path = known.id;
    const series = known.series[family];
    const link = linkDown(path, family);
    if (series.length === 0) return { path, family, ...UNMEASURED, hardDown: link };
    const isMixed = known.series[4].length > 0 && known.series[6].length > 0;
    const isSilent = isDown(row) || (isMixed && this.#isFamilyDead(known, family));
    const chosen = isMixed ? this.#bestOf(known, series) : (scorer.paths.chosen[row] ?? -1);
    const score = isMixed ? scorer.series.score[chosen] : scorer.paths.score[row];
    return {
      path,
      family,
      score: finite(score),
      status: status(row),
      hardDown: link ?? (isSilent ? "probes" : null),
      suspect: known.isSuspect && !isSilent,
      newestReply: this.#newestOf(series),
      window: chosen < 0 ? null : this.#window(chosen, row),
    };
  }

  /** Fewer targets of the family live than the path needs, or than there are. */
  #isFamilyDead(known: Known, family: RouteFamily): boolean {
    const series = known.series[family];
    const live = series.filter((one) => !this.#dead.has(one)).length;
    return live < Math.min(known.reliability, series.length);
  }

  /** The k-th best of these series that have samples; -1: none has. */
  #bestOf({ reliability, minSamples }: Known, series: readonly number[]): number {
    const { score, samples } = this.#sources.scorer.series;
    const known = series
      .filter((one) => (samples[one] ?? 0) >= minSamples)
      .sort((a, b) => (score[b] ?? 0) - (score[a] ?? 0));
    return known[Math.min(reliability, known.length) - 1] ?? -1;
  }

  #newestOf(series: readonly number[]): Instant | null {
    let newest = Number.NEGATIVE_INFINITY;
    for (const one of series) {
      const at = this.#newestReply[one] ?? Number.NaN;
      if (at > newest) newest = at;
    }
    return Number.isFinite(newest) ? instant(newest) : null;
  }

  #window(series: number, row: number): WindowStatistics {
    const { series: columns, paths } = this.#sources.scorer;
    return {
      samples: columns.samples[series] ?? 0,
      latency_ms: finite(columns.latencyMs[series]),
      packet_loss_pct: finite(columns.lossPct[series]),
      jitter_ms: finite(columns.jitterMs[series]),
      limiting: limitingOf(paths.limiting[row] ?? 0),
    };
  }
}

const UNMEASURED = {
  score: null,
  status: "unknown",
  suspect: false,
  newestReply: null,
  window: null,
} as const;

function knownOf(path: PathConfig, row: number, plan: ProbePlan): Known {
  const { firstSeries, seriesCount } = plan.layouts[row] ?? { firstSeries: 0, seriesCount: 0 };
  const all = Array.from({ length: seriesCount }, (_, i) => firstSeries + i);
  const of = (family: RouteFamily) =>
    all.filter((series) => plan.series[series]?.address?.family === family);
  return {
    id: pathId(path.id),
    reliability: path.reliability,
    minSamples: path.health.min_samples,
    series: { 4: of(4), 6: of(6) },
    isSuspect: false,
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
