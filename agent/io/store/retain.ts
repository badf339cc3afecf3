/**
 * In the Worker: a round of retention beside the agent, which goes on writing. Each step holds the
 * lock of writers for some milliseconds, and the pauses between are as long as the steps.
 */

import { constants, Database } from "bun:sqlite";
import type { RetentionPlan } from "../../domain/retention.ts";
import { between, US_PER_MS } from "../../domain/units.ts";
import { databaseUri, walBacklog } from "./database.ts";
import type { Anchors } from "./retention.ts";
import { Retention } from "./retention.ts";
import type { ThreadStart } from "./thread-clock.ts";
import { threadClock } from "./thread-clock.ts";

export interface RetainJob {
  readonly path: string;
  readonly plan: RetentionPlan;
  readonly isClockTrusted: boolean;
  readonly start: ThreadStart;
  readonly anchors: Anchors;
  /** Else the WAL would grow with all that is deleted. */
  readonly walPagesMax: number;
}

/** How long a step waits for the agent's own write. */
const BUSY_MS = 5_000;
const PAUSE_MIN_MS = 1;

/** The anchors for the next round. Throws what SQLite throws. */
export function retain({
  path,
  plan,
  isClockTrusted,
  start,
  anchors,
  walPagesMax,
}: RetainJob): Anchors {
  const flags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI;
  const db = new Database(databaseUri(path), flags);
  try {
    db.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    db.run("PRAGMA synchronous = NORMAL");
    db.run("PRAGMA wal_autocheckpoint = 0");
    db.run("PRAGMA journal_size_limit = -1");
    const clock = threadClock(start);
    const options = { clock, plan: () => plan, isClockTrusted: () => isClockTrusted, anchors };
    const retention = new Retention(options);
    for (;;) {
      const from = clock.monotonic();
      if (!retention.step(db)) return anchors;
      if (walBacklog(db) > walPagesMax) db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
      const took = between(from, clock.monotonic()) / US_PER_MS;
      Bun.sleepSync(Math.max(PAUSE_MIN_MS, took));
    }
  } finally {
    db.close();
  }
}
