/**
 * Answers for spans of time: stored buckets, those not written yet, and the one that is still open.
 * For all paths it goes path by path with a turn of the event loop between, so that a report does
 * not hold up a decision.
 */

import type { Aggregate, AggregateQuery, BucketPage, BucketQuery } from "../domain/aggregate.ts";
import type { PathId } from "../domain/ids.ts";
import type { Rollup } from "../domain/rollup.ts";
import { coarserEnd, TIER_SECS } from "../domain/rollup.ts";
import { floorTo } from "../domain/tier-plan.ts";
import type { UnixSeconds } from "../domain/units.ts";
import { between, micros, US_PER_MS, unixSeconds } from "../domain/units.ts";
import { aggregateRollups, bucketAggregate } from "../scoring/aggregate.ts";
import { mergeRollups } from "../scoring/rollup-merge.ts";
import type { Clock, Journal, RollupQuery, RollupSpan, Timers } from "./ports.ts";

export interface AggregatorParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly journal: Pick<Journal, "rollups">;
  readonly history: {
    /** The open bucket of a path; null: nothing is known in it. */
    open(path: PathId): Rollup | null;
  };
}

/** After this much of work for all paths the event loop gets a turn. */
const TURN = micros(5 * US_PER_MS);

export class Aggregator {
  readonly #parts: AggregatorParts;

  constructor(parts: AggregatorParts) {
    this.#parts = parts;
  }

  one(path: PathId, { period, from, to }: AggregateQuery): Aggregate {
    const span = this.#read({ path, from, to, coarsest: "1d" });
    return aggregateRollups(span.rows, {
      path_id: path,
      period,
      start_time: span.from,
      end_time: this.#over(span),
      tiers: span.tiers,
    });
  }

  async all(paths: readonly PathId[], query: AggregateQuery): Promise<Aggregate[]> {
    const { clock } = this.#parts;
    const answers: Aggregate[] = [];
    let turn = clock.monotonic();
    for (const path of paths) {
      if (between(turn, clock.monotonic()) >= TURN) {
        await this.#nextTurn();
        turn = clock.monotonic();
      }
      answers.push(this.one(path, query));
    }
    return answers;
  }

  /** Points of a chart, oldest first; the newest may still grow. */
  buckets({ path, tier, from, to, limit }: BucketQuery): BucketPage {
    const step = TIER_SECS[tier];
    const first = floorTo(from, tier);
    const end = Math.min(coarserEnd(to, tier), first + limit * step);
    const whole = { path, from: unixSeconds(first), to: unixSeconds(end), coarsest: tier };
    const span = this.#read(whole);
    const groups = Map.groupBy(span.rows, (row) => coarserEnd(row.end, tier));
    const points = [...groups]
      .sort(([a], [b]) => a - b)
      .map(([at, rows]) => bucketAggregate(mergeRollups(rows, at), tier, unixSeconds(at - step)));
    return { points, next: end < to ? unixSeconds(end) : null };
  }

  #read(query: RollupQuery): RollupSpan {
    const span = this.#parts.journal.rollups(query);
    const open = this.#parts.history.open(query.path);
    if (open === null || open.end <= span.from || open.end > span.to) return span;
    const tiers = span.tiers.includes("5m") ? span.tiers : (["5m", ...span.tiers] as const);
    return { ...span, tiers, rows: [...span.rows, open] };
  }

  /** A span that has not ended is answered for until now. */
  #over(span: RollupSpan): UnixSeconds {
    const now = unixSeconds(this.#parts.clock.wall() / 1_000);
    return unixSeconds(Math.max(span.from, Math.min(span.to, now)));
  }

  #nextTurn(): Promise<void> {
    const { clock, timers } = this.#parts;
    return new Promise((resolve) => {
      timers.arm(clock.monotonic(), resolve);
    });
  }
}
