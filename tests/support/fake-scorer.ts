/**
 * A Scorer whose "core" is a rule of three lines: the kind of the last record of a series decides
 * the status of its path. Enough to drive the driver; the statistics are the core's own tests.
 */

import type { PathIndex, SeriesIndex } from "../../agent/domain/ids.ts";
import { OUTCOME } from "../../agent/domain/outcome.ts";
import type { PathLayout, PathTally, Scorer } from "../../agent/scoring/scorer.ts";
import { OUTCOME_AT, OUTCOME_SIZE, viewOf } from "../../agent/wire/frame.ts";
import { FakeScores } from "./fake-scores.ts";

const UP = 1;
const DOWN = 3;

export class FakeScorer extends FakeScores implements Scorer {
  readonly touchedPaths = new Uint32Array(64);
  readonly rejected = 0;
  configured: readonly PathLayout[] = [];
  readonly reset: PathIndex[] = [];
  readonly hardDown = new Set<PathIndex>();
  readonly pathCount: number;
  readonly seriesCount: number;

  constructor(rows: number) {
    super(rows, rows);
    this.pathCount = rows;
    this.seriesCount = rows;
  }

  configure(paths: readonly PathLayout[]): void {
    this.configured = paths;
    this.paths.status.fill(0);
    this.series.lastSentUs.fill(Number.NaN);
  }

  ingest(records: Uint8Array): number {
    const view = viewOf(records);
    let touched = 0;
    for (let at = 0; at < records.byteLength; at += OUTCOME_SIZE) {
      const row = view.getUint32(at + OUTCOME_AT.series, true);
      const replied = view.getUint8(at + OUTCOME_AT.kind) === OUTCOME.replied;
      this.result(row, replied ? UP : DOWN, view.getFloat64(at + OUTCOME_AT.sentUs, true));
      this.paths.score[row] = replied ? 100 : 0;
      this.series.latencyMs[row] = replied
        ? view.getFloat64(at + OUTCOME_AT.rttUs, true) / 1_000
        : Number.NaN;
      this.series.lossPct[row] = replied ? 0 : 100;
      this.touchedPaths[touched++] = row;
    }
    return touched;
  }

  resetPath(path: PathIndex): void {
    this.reset.push(path);
  }

  /** What the next takeTally of a path answers. */
  readonly tallies = new Map<PathIndex, PathTally>();

  takeTally(path: PathIndex): PathTally {
    const tally = this.tallies.get(path) ?? { probes: 0, lost: 0, rtt: null };
    this.tallies.delete(path);
    return tally;
  }

  readonly blocked = new Set<PathIndex>();
  readonly excluded = new Set<SeriesIndex>();

  setBlocked(path: PathIndex, blocked: boolean): void {
    if (blocked) this.blocked.add(path);
    else this.blocked.delete(path);
  }

  setExcluded(series: SeriesIndex, excluded: boolean): void {
    if (excluded) this.excluded.add(series);
    else this.excluded.delete(series);
  }

  setHardDown(path: PathIndex, down: boolean): void {
    if (down) this.hardDown.add(path);
    else this.hardDown.delete(path);
    if (down) this.paths.status[path] = DOWN;
  }
}
