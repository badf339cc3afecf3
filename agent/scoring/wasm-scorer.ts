/**
 * Host side of the WASM core: lays out memory, copies outcome batches in, and offers the results as
 * typed-array views of the core's memory: the health cache. A read is one load.
 */

import type { PathIndex, SeriesIndex } from "../domain/ids.ts";
import { invariant } from "../domain/invariant.ts";
import { OUTCOME_KINDS } from "../domain/outcome.ts";
import type { Limiting, Status } from "../domain/status.ts";
import { limitingOf, statusOf } from "../domain/status.ts";
import { OUTCOME_SIZE, OUTCOMES_MAX } from "../wire/frame.ts";
import type { ColumnName, CoreExports } from "./core-abi.ts";
import { COLUMN_NAMES, openCore, PROFILE_FIELDS, REGION } from "./core-abi.ts";
import { profilesOf } from "./profiles.ts";
import type { PathColumns, PathLayout, PathTally, Scorer, SeriesColumns } from "./scorer.ts";

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

const NS_PER_US = 1_000;

/** Throws when the module is not the core of this program's version. */
export function loadScorer(bytes: Uint8Array<ArrayBuffer>): WasmScorer {
  return new WasmScorer(openCore(bytes));
}

export class WasmScorer implements Scorer {
  readonly #core: CoreExports;
  #input = new Uint8Array(0);
  /** One count, of the last batch. */
  #refused = new Uint32Array(1);
  #rejected = 0;
  touchedPaths = new Uint32Array(0);
  series: SeriesColumns;
  paths: PathColumns;
  pathCount = 0;
  seriesCount = 0;

  constructor(core: CoreExports) {
    this.#core = core;
    core.layOut(0, 0, 0, 0);
    this.series = this.#seriesViews();
    this.paths = this.#pathViews();
  }

  /** Records refused since configure. */
  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Throws a RangeError when the memory for these windows cannot be had; the scorer is empty then.
   */
  configure(paths: readonly PathLayout[]): void {
    const { rows, profiles, profileCount } = profilesOf(paths);
    const series = paths.reduce((sum, path) => sum + path.seriesCount, 0);
    const outcomes = paths.reduce((sum, path) => sum + path.seriesCount * path.windowProbes, 0);
    const fits = this.#core.layOut(series, paths.length, profileCount, outcomes) !== 0;
    this.seriesCount = fits ? series : 0;
    this.pathCount = fits ? paths.length : 0;
    this.#rejected = 0;
    this.#renewViews();
    if (!fits) throw new RangeError(`cannot lay out ${series} series of ${outcomes} outcomes`);
    this.#view(Uint32Array, REGION.paths, rows.length).set(rows);
    this.#view(Float64Array, REGION.profiles, profileCount * PROFILE_FIELDS).set(profiles);
    const started = this.#core.start() !== 0;
    invariant(started, "the series of the paths are not contiguous, or a window is below 1");
  }

  ingest(records: Uint8Array): number {
    const count = Math.floor(records.byteLength / OUTCOME_SIZE);
    invariant(count <= OUTCOMES_MAX, `a batch has at most ${OUTCOMES_MAX} records, not ${count}`);
    this.#input.set(records);
    const touched = this.#core.ingest(count);
    this.#rejected += this.#refused[0] ?? 0;
    return touched;
  }

  resetPath(path: PathIndex): void {
    this.#core.resetPath(this.#known(path));
  }

  setHardDown(path: PathIndex, down: boolean): void {
    this.#core.setHardDown(this.#known(path), down ? 1 : 0);
  }

  setBlocked(path: PathIndex, blocked: boolean): void {
    this.#core.setBlocked(this.#known(path), blocked ? 1 : 0);
  }

  setExcluded(series: SeriesIndex, excluded: boolean): void {
    const isKnown = Number.isInteger(series) && series >= 0 && series < this.seriesCount;
    invariant(isKnown, `there is no series ${series}, only ${this.seriesCount}`);
    this.#core.setExcluded(series, excluded ? 1 : 0);
  }

  takeTally(path: PathIndex): PathTally {
    const octets = this.#core.takeTally(this.#known(path));
    const at = this.#view(Float64Array, REGION.scratch, 5);
    const [probes = 0, lost = 0, sumNs = 0, minNs = 0, maxNs = 0] = at;
    if (octets === 0) return { probes, lost, rtt: null };
    const histogram = this.#view(Uint8Array, REGION.blob, octets).slice();
    const rtt = { sumUs: sumNs / NS_PER_US, minUs: minNs / NS_PER_US, maxUs: maxNs / NS_PER_US };
    return { probes, lost, rtt: { ...rtt, histogram } };
  }

  /** null: a value is negative or not finite. */
  scoreOf(path: number, latencyMs: number, lossPct: number, jitterMs: number): ScoreParts | null {
    if (this.#core.scoreOf(this.#known(path), latencyMs, lossPct, jitterMs) === 0) return null;
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

  /** The core writes where it is told to: a path that is not there must not get through. */
  #known(path: number): number {
    const exists = Number.isInteger(path) && path >= 0 && path < this.pathCount;
    invariant(exists, `there is no path ${path}, only ${this.pathCount}`);
    return path;
  }

  #view<T>(View: ViewConstructor<T>, region: number, length: number): T {
    return new View(this.#core.memory.buffer, this.#core.offset(region), length);
  }

  /** Growing memory detaches the old buffer, and the regions have moved. */
  #renewViews(): void {
    this.#input = this.#view(Uint8Array, REGION.input, OUTCOMES_MAX * OUTCOME_SIZE);
    this.#refused = this.#view(Uint32Array, REGION.rejected, 1);
    this.touchedPaths = this.#view(Uint32Array, REGION.touchedList, this.pathCount);
    this.series = this.#seriesViews();
    this.paths = this.#pathViews();
  }

  #seriesViews(): SeriesColumns {
    const count = this.seriesCount;
    const all = this.#view(Float64Array, REGION.series, count * COLUMN_NAMES.length);
    const column = (name: ColumnName) => {
      const i = COLUMN_NAMES.indexOf(name);
      return all.subarray(i * count, (i + 1) * count);
    };
    return {
      score: column("score"),
      composite: column("composite"),
      latencyMs: column("latency"),
      minMs: column("min"),
      maxMs: column("max"),
      stddevMs: column("stddev"),
      p50Ms: column("p50"),
      p95Ms: column("p95"),
      p99Ms: column("p99"),
      lossPct: column("loss"),
      jitterMs: column("jitter"),
      jitterRfc3550Ms: column("jitter-rfc3550"),
      pdvMs: column("pdv"),
      mos: column("mos"),
      lastSentUs: column("last-sent"),
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
