/**
 * Host side of the WASM core: lays out memory, copies outcome batches in, and offers the results as
 * typed-array views of the core's memory: the health cache. A read is one load.
 */

import type { Thresholds, Weights } from "../domain/config.ts";
import type { PathIndex } from "../domain/ids.ts";
import { invariant } from "../domain/invariant.ts";
import { OUTCOME_KINDS } from "../domain/outcome.ts";
import type { Limiting, Status } from "../domain/status.ts";
import { limitingOf, statusOf } from "../domain/status.ts";
import { OUTCOME_SIZE, OUTCOMES_MAX } from "../wire/frame.ts";
import type { CoreExports } from "./core-abi.ts";
import { CONFIG_FIELDS, openCore, REGION } from "./core-abi.ts";
import type { PathColumns, PathLayout, Scorer, SeriesColumns } from "./scorer.ts";

export { CORE_ABI } from "./core-abi.ts";

/** The score of values given by hand, with everything it is made of. */
export interface ScoreParts {
  readonly score: number;
  readonly composite: number;
  readonly penalties: { readonly latency: number; readonly loss: number; readonly jitter: number };
  readonly caps: { readonly latency: number; readonly loss: number; readonly jitter: number };
  readonly limiting: Limiting;
  readonly status: Status;
}

/** Throws when the module is not the core of this program's version. */
export function loadScorer(bytes: Uint8Array<ArrayBuffer>): WasmScorer {
  return new WasmScorer(openCore(bytes));
}

export class WasmScorer implements Scorer {
  readonly #core: CoreExports;
  #input = new Uint8Array(0);
  #rejected = 0;
  touchedPaths = new Uint32Array(0);
  series: SeriesColumns;
  paths: PathColumns;
  pathCount = 0;
  seriesCount = 0;

  constructor(core: CoreExports) {
    this.#core = core;
    this.#layOut(0, 0, 1);
    this.series = this.#seriesViews();
    this.paths = this.#pathViews();
  }

  /** Records refused since configure. */
  get rejected(): number {
    return this.#rejected;
  }

  configure(paths: readonly PathLayout[]): void {
    const series = paths.reduce((sum, path) => sum + path.seriesCount, 0);
    const window = Math.max(1, ...paths.map((path) => path.windowProbes));
    this.#rejected = 0;
    this.#layOut(series, paths.length, window);
    const config = this.#view(Float64Array, REGION.config, paths.length * CONFIG_FIELDS);
    for (const [row, path] of paths.entries()) config.set(settingsOf(path), row * CONFIG_FIELDS);
    this.series = this.#seriesViews();
    this.paths = this.#pathViews();
    this.#core.start();
  }

  ingest(records: Uint8Array): number {
    const count = Math.floor(records.byteLength / OUTCOME_SIZE);
    invariant(count <= OUTCOMES_MAX, `a batch has at most ${OUTCOMES_MAX} records, not ${count}`);
    this.#input.set(records);
    const touched = this.#core.ingest(count);
    this.#rejected += this.#core.rejected.value;
    return touched;
  }

  resetPath(path: PathIndex): void {
    this.#core.resetPath(path);
  }

  setHardDown(path: PathIndex, down: boolean): void {
    this.#core.setHardDown(path, down ? 1 : 0);
  }

  /** null: a value is negative or not finite. `configure` must have been called. */
  scoreOf(path: number, latencyMs: number, lossPct: number, jitterMs: number): ScoreParts | null {
    if (this.#core.scoreOf(path, latencyMs, lossPct, jitterMs) === 0) return null;
    const at = (i: number) => scratch[i] ?? Number.NaN;
    const scratch = this.#view(Float64Array, REGION.scratch, 10);
    return {
      score: at(0),
      composite: at(1),
      penalties: { latency: at(2), loss: at(3), jitter: at(4) },
      caps: { latency: at(5), loss: at(6), jitter: at(7) },
      limiting: limitingOf(at(8)),
      status: statusOf(at(9)),
    };
  }

  #layOut(series: number, paths: number, window: number): void {
    if (this.#core.layOut(series, paths, window) === 0) {
      throw new RangeError(`cannot lay out ${series} series of ${window} probes: out of memory`);
    }
    this.seriesCount = series;
    this.pathCount = paths;
    this.#input = this.#view(Uint8Array, REGION.input, OUTCOMES_MAX * OUTCOME_SIZE);
    this.touchedPaths = this.#view(Uint32Array, REGION.touchedList, paths);
  }

  #view<T>(View: ViewConstructor<T>, region: number, length: number): T {
    return new View(this.#core.memory.buffer, this.#core.offset(region), length);
  }

  #seriesViews(): SeriesColumns {
    const count = this.seriesCount;
    const all = this.#view(Float64Array, REGION.series, count * 15);
    const column = (i: number) => all.subarray(i * count, (i + 1) * count);
    return {
      score: column(0),
      composite: column(1),
      latencyMs: column(2),
      minMs: column(3),
      maxMs: column(4),
      stddevMs: column(5),
      p50Ms: column(6),
      p95Ms: column(7),
      p99Ms: column(8),
      lossPct: column(9),
      jitterMs: column(10),
      jitterRfc3550Ms: column(11),
      pdvMs: column(12),
      mos: column(13),
      lastSentUs: column(14),
      status: this.#view(Uint8Array, REGION.seriesStatus, count),
      limiting: this.#view(Uint8Array, REGION.seriesLimiting, count),
      samples: this.#view(Uint32Array, REGION.samples, count),
      totals: this.#view(Float64Array, REGION.totals, count * OUTCOME_KINDS.length),
    };
  }

  #pathViews(): PathColumns {
    const count = this.pathCount;
    return {
      score: this.#view(Float64Array, REGION.pathScore, count),
      status: this.#view(Uint8Array, REGION.pathStatus, count),
      limiting: this.#view(Uint8Array, REGION.pathLimiting, count),
      chosen: this.#view(Int32Array, REGION.pathChosen, count),
    };
  }
}

type ViewConstructor<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

/** In the order of core-wasm/assembly/layout.ts; a cap that is off is NaN. */
function settingsOf(path: PathLayout): number[] {
  const { thresholds, weights }: { thresholds: Thresholds; weights: Weights } = path;
  return [
    ...[path.firstSeries, path.seriesCount, path.reliability, path.windowProbes, path.minSamples],
    ...[thresholds.latency_ms.max, thresholds.latency_ms.critical ?? Number.NaN],
    ...[thresholds.loss_pct.max, thresholds.loss_pct.critical ?? Number.NaN],
    ...[thresholds.jitter_ms.max, thresholds.jitter_ms.critical ?? Number.NaN],
    ...[weights.latency, weights.loss, weights.jitter],
  ];
}
