/** Builders for tests of the real journal: a temporary folder, rows, a checkpointer by hand. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathId } from "../../agent/domain/ids.ts";
import type { HealthRow } from "../../agent/domain/path-health.ts";
import { unixSeconds } from "../../agent/domain/units.ts";
import type {
  CheckpointEnd,
  Checkpointer,
  RewriteWatcher,
} from "../../agent/io/store/checkpoint.ts";
import type { JournalOptions } from "../../agent/io/store/journal.ts";
import { SqliteJournal } from "../../agent/io/store/journal.ts";
import type { RetainJob } from "../../agent/io/store/retain.ts";
import type { Anchors } from "../../agent/io/store/retention.ts";
import type { RewriteJob } from "../../agent/io/store/rewrite.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeLog } from "./fake-log.ts";
import { RETENTION } from "./retention-plan.ts";

export const T0 = 1_700_000_000;

/** A folder of its own; `remove` at the end of the test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "patronus-store-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function healthRow(second: number, overrides: Partial<HealthRow> = {}): HealthRow {
  return {
    path_id: pathId("fiber"),
    timestamp: unixSeconds(T0 + second),
    latency_ms: 12.345,
    packet_loss_pct: 0,
    jitter_ms: 0.5,
    health_score: 99.25,
    status: "up",
    ...overrides,
  };
}

/** Notes what it was asked for; a test ends the checkpoint. */
export class ManualCheckpointer implements Checkpointer {
  readonly uris: string[] = [];
  readonly copies: string[] = [];
  readonly rewrites: RewriteJob[] = [];
  readonly rounds: RetainJob[] = [];
  #onEnd: ((end: CheckpointEnd) => void) | null = null;

  get running(): boolean {
    return this.#onEnd !== null;
  }

  start(uri: string, onEnd: (end: CheckpointEnd) => void): void {
    this.uris.push(uri);
    this.#onEnd = onEnd;
  }

  copy(uri: string, copyTo: string, onEnd: (end: CheckpointEnd) => void): void {
    this.copies.push(copyTo);
    this.start(uri, onEnd);
  }

  rewrite(job: RewriteJob, { onOpened, onEnd }: RewriteWatcher): void {
    this.rewrites.push(job);
    onOpened();
    this.#onEnd = onEnd;
  }

  /** Over at once, with nothing deleted. */
  retain(job: RetainJob, onEnd: (end: CheckpointEnd, anchors: Anchors | null) => void): void {
    this.rounds.push(job);
    onEnd({ kind: "ok", value: null }, job.anchors);
  }

  end(end: CheckpointEnd): void {
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    onEnd?.(end);
  }
}

export interface OpenJournal {
  readonly journal: SqliteJournal;
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly checkpointer: ManualCheckpointer;
}

export function openJournal(path: string, overrides: Partial<JournalOptions> = {}): OpenJournal {
  const clock = new FakeClock();
  const log = new FakeLog();
  const checkpointer = new ManualCheckpointer();
  const journal = new SqliteJournal({
    path,
    maxSizeMb: 64,
    clock,
    timers: clock,
    log,
    isCalm: () => true,
    plan: () => RETENTION,
    isClockTrusted: () => false,
    checkpointer,
    ...overrides,
  });
  return { journal, clock, log, checkpointer };
}

/** Everything of the path `fiber`. */
export function everything(journal: SqliteJournal, limit = 10_000) {
  return journal.history({
    path: pathId("fiber"),
    from: unixSeconds(0),
    to: unixSeconds(T0 * 2),
    limit,
    cursor: null,
  });
}
