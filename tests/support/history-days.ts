/**
 * Days of history in seconds, through the real write path: the core counts every reply, the feed
 * closes buckets at fake edges of five minutes, the journal flushes, rolls up, deletes and
 * checkpoints in its Worker.
 */

import { ClockGuard } from "../../agent/controller/clock-guard.ts";
import { RollupFeed } from "../../agent/controller/rollup-feed.ts";
import type { AgentConfig } from "../../agent/domain/config.ts";
import { pathId, pathIndex } from "../../agent/domain/ids.ts";
import { OUTCOME } from "../../agent/domain/outcome.ts";
import { planRetention } from "../../agent/domain/retention.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import { WorkerCheckpointer } from "../../agent/io/store/checkpoint.ts";
import { SqliteJournal } from "../../agent/io/store/journal.ts";
import type { WasmScorer } from "../../agent/scoring/wasm-scorer.ts";
import { OUTCOME_AT, OUTCOME_SIZE, viewOf } from "../../agent/wire/frame.ts";
import { agentConfig, pathConfig } from "./configs.ts";
import { pathLayout, scorerOf } from "./core.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeLog } from "./fake-log.ts";

/** 2026-11-01, midnight UTC. */
export const FIRST_DAY = 1_793_491_200;
const DAY = 86_400;
const BUCKET = 300;
const PROBES_PER_BUCKET = 150;
const CHECKS_PER_BUCKET = 30;
const CHECKS_PER_ROW = 6;

export interface HistoryDays {
  readonly journal: SqliteJournal;
  readonly feed: RollupFeed;
  readonly clock: FakeClock;
  readonly config: AgentConfig;
  /** Every RTT of path 0, us. */
  readonly rttsUs: number[];
  /** `afterFlush` is called behind every flush. */
  run(days: number, afterFlush?: () => void): Promise<void>;
}

export function historyDays(path: string, paths: number, flushSecs = 300): HistoryDays {
  const clock = new FakeClock(1_000_000, FIRST_DAY * 1_000);
  const base = agentConfig(
    Array.from({ length: paths }, (_, i) => pathConfig(`p${i}`, ["192.0.2.1"])),
  );
  const storage = { ...base.storage, path, flush_interval_secs: flushSecs, max_size_mb: 64 };
  const config = { ...base, storage };
  const scorer = scorerOf(
    ...Array.from({ length: paths }, (_, i) => pathLayout({ firstSeries: i })),
  );
  const checkpointer = new WorkerCheckpointer();
  const log = new FakeLog();
  const guard = new ClockGuard({ clock, isSynchronised: () => true, newestStored: () => null });
  const journal = new SqliteJournal({
    path,
    maxSizeMb: storage.max_size_mb,
    clock,
    timers: clock,
    log,
    checkpointer,
    isCalm: () => true,
    plan: () => planRetention(config),
    isClockTrusted: () => guard.isTrusted,
  });
  const feed = new RollupFeed({ clock, timers: clock, log, scorer, journal, guard, storage });
  feed.retable(config.paths, () => {});
  for (let i = 0; i < paths; i++) feed.changeStatus(pathIndex(i), "up");
  const traffic = new Traffic(scorer, paths);
  const run = async (days: number, afterFlush = () => {}) => {
    for (let i = 1; i <= (days * DAY) / BUCKET; i++) {
      traffic.bucket();
      recordChecks({ journal, feed, clock }, paths);
      if ((clock.wall() / 1_000 + BUCKET) % flushSecs === 0) feed.requestFlush();
      clock.advance(BUCKET * 1_000);
      for (let turn = 0; journal.pending > 0 && turn < 1_000; turn++) clock.advance(0);
      while (checkpointer.running) await Bun.sleep(1);
      if ((clock.wall() / 1_000) % flushSecs === 0) afterFlush();
    }
  };
  return { journal, feed, clock, config, rttsUs: traffic.rttsUs, run };
}

type Writers = Pick<HistoryDays, "journal" | "feed" | "clock">;

function recordChecks({ journal, feed, clock }: Writers, paths: number): void {
  const from = clock.wall() / 1_000;
  for (let check = 1; check <= CHECKS_PER_BUCKET; check++) {
    for (let i = 0; i < paths; i++) {
      const row = {
        path_id: pathId(`p${i}`),
        timestamp: unixSeconds(from + (check * BUCKET) / CHECKS_PER_BUCKET - 1),
        latency_ms: 12 + ((check * 7 + i) % 1_000) / 997,
        packet_loss_pct: (check + i) % 9 === 0 ? 2 : 0,
        jitter_ms: 0.5 + ((check * 3 + i) % 100) / 331,
        health_score: 99 - ((check + i) % 7) / 3,
        status: "up",
      } as const;
      feed.takeCheck(pathIndex(i), row);
      if (check % CHECKS_PER_ROW === 0) journal.recordCheck(row);
    }
  }
}

/** Replies of an LTE uplink: 45 ms, spread, one of 200 far behind; one of 500 lost. */
class Traffic {
  readonly rttsUs: number[] = [];
  readonly #scorer: WasmScorer;
  readonly #paths: number;
  #seed = 7;
  #seq = 0;

  constructor(scorer: WasmScorer, paths: number) {
    this.#scorer = scorer;
    this.#paths = paths;
  }

  bucket(): void {
    const frame = new Uint8Array(this.#paths * OUTCOME_SIZE);
    const view = viewOf(frame);
    for (let probe = 0; probe < PROBES_PER_BUCKET; probe++, this.#seq++) {
      for (let i = 0; i < this.#paths; i++) this.#write(view, i);
      this.#scorer.ingest(frame);
    }
  }

  #write(view: DataView, path: number): void {
    const at = path * OUTCOME_SIZE;
    const isLost = this.#random() < 0.002;
    const spread = this.#random() + this.#random() + this.#random() - 1.5;
    const far = this.#random() < 0.005 ? 15 * this.#random() : 0;
    const rttUs = 45_000 * (1 + 0.5 * spread + far);
    view.setUint32(at + OUTCOME_AT.series, path, true);
    view.setUint8(at + OUTCOME_AT.kind, isLost ? OUTCOME.expired : OUTCOME.replied);
    view.setUint32(at + OUTCOME_AT.seq, this.#seq, true);
    view.setFloat64(at + OUTCOME_AT.rttUs, isLost ? 0 : rttUs, true);
    view.setFloat64(at + OUTCOME_AT.sentUs, this.#seq * 2e6, true);
    if (path === 0 && !isLost) this.rttsUs.push(rttUs);
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}
