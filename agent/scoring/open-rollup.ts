/**
 * The bucket of a path that is still open: time in each status, the checks, and what the core
 * counted. It knows no clock; moments come with the calls. Closing gives the row and begins anew
 * with the status that holds.
 */

import type { PathId } from "../domain/ids.ts";
import type { Rollup } from "../domain/rollup.ts";
import type { Status } from "../domain/status.ts";
import type { Instant, UnixSeconds } from "../domain/units.ts";
import { between, US_PER_S } from "../domain/units.ts";
import { mergeBlobs } from "./rollup-merge.ts";
import type { PathTally } from "./scorer.ts";

/** A path at a check. null: does not exist. */
export interface CheckSample {
  readonly lossPct: number;
  readonly jitterMs: number | null;
  readonly score: number;
}

const US_PER_MS = 1_000;
const HUNDREDTHS = 100;

export class OpenRollup {
  readonly path: PathId;
  #status: Status;
  #since: Instant;
  #observed = { up: 0, degraded: 0, down: 0, unknown: 0 };
  #checks = 0;
  #jitterSumUs = 0;
  #jitterMaxUs: number | null = null;
  #lossMaxBp = 0;
  #scoreSumC = 0;
  #scoreMinC: number | null = null;
  #tallies: PathTally[] = [];

  constructor(path: PathId, status: Status, now: Instant) {
    this.path = path;
    this.#status = status;
    this.#since = now;
  }

  changeStatus(to: Status, now: Instant): void {
    this.#pass(now);
    this.#status = to;
  }

  /** The span counts for no status: we did not run. */
  voidSpan(from: Instant, to: Instant): void {
    if (from > this.#since) this.#pass(from);
    if (to > this.#since) this.#since = to;
  }

  takeCheck({ lossPct, jitterMs, score }: CheckSample): void {
    this.#checks++;
    this.#lossMaxBp = Math.max(this.#lossMaxBp, Math.round(lossPct * HUNDREDTHS));
    const scoreC = Math.round(score * HUNDREDTHS);
    this.#scoreSumC += scoreC;
    this.#scoreMinC = Math.min(this.#scoreMinC ?? scoreC, scoreC);
    if (jitterMs === null) return;
    const jitterUs = Math.round(jitterMs * US_PER_MS);
    this.#jitterSumUs += jitterUs;
    this.#jitterMaxUs = Math.max(this.#jitterMaxUs ?? 0, jitterUs);
  }

  takeTally(tally: PathTally): void {
    if (tally.probes > 0) this.#tallies.push(tally);
  }

  /** The row so far; null when nothing is known of the path in this bucket. */
  read(end: UnixSeconds, now: Instant): Rollup | null {
    this.#pass(now);
    const { up, degraded, down } = this.#observed;
    const [up_s, degraded_s, down_s] = wholeSeconds(up, degraded, down);
    const rtts = this.#tallies.flatMap(({ rtt }) => (rtt === null ? [] : [rtt]));
    const probes = this.#tallies.reduce((sum, tally) => sum + tally.probes, 0);
    if (probes === 0 && this.#checks === 0 && up_s + degraded_s + down_s === 0) return null;
    return {
      path_id: this.path,
      end,
      probes,
      lost: this.#tallies.reduce((sum, tally) => sum + tally.lost, 0),
      up_s,
      degraded_s,
      down_s,
      maint_s: 0,
      rtt_sum_us: Math.round(rtts.reduce((sum, rtt) => sum + rtt.sumUs, 0)),
      rtt_min_us: rtts.length === 0 ? null : Math.round(Math.min(...rtts.map((r) => r.minUs))),
      rtt_max_us: rtts.length === 0 ? null : Math.round(Math.max(...rtts.map((r) => r.maxUs))),
      jitter_sum_us: this.#jitterSumUs,
      jitter_max_us: this.#jitterMaxUs,
      loss_max_bp: this.#lossMaxBp,
      score_sum_c: this.#scoreSumC,
      score_min_c: this.#scoreMinC,
      checks: this.#checks,
      rtt_hist: mergeBlobs(rtts.map(({ histogram }) => histogram)),
    };
  }

  /** As `read`, and the next bucket begins. */
  close(end: UnixSeconds, now: Instant): Rollup | null {
    const row = this.read(end, now);
    this.#observed = { up: 0, degraded: 0, down: 0, unknown: 0 };
    this.#checks = 0;
    this.#jitterSumUs = 0;
    this.#jitterMaxUs = null;
    this.#lossMaxBp = 0;
    this.#scoreSumC = 0;
    this.#scoreMinC = null;
    this.#tallies = [];
    return row;
  }

  #pass(now: Instant): void {
    if (now <= this.#since) return;
    this.#observed[this.#status] += between(this.#since, now);
    this.#since = now;
  }
}

/** Spans in us as whole seconds that add up to their rounded sum: no bucket is over-full. */
function wholeSeconds(...spans: readonly number[]): [number, number, number] {
  let passed = 0;
  const seconds = spans.map((span) => {
    const from = Math.round(passed / US_PER_S);
    passed += span;
    return Math.round(passed / US_PER_S) - from;
  });
  return [seconds[0] ?? 0, seconds[1] ?? 0, seconds[2] ?? 0];
}
