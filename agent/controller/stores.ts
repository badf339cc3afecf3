/** Opens what is kept on disk: the history with its clock guard, and the book of failovers. */

import type { AgentConfig } from "../domain/config.ts";
import { planRetention } from "../domain/retention.ts";
import { isClockSynchronised } from "../io/clock.ts";
import { SqliteFailoverBook } from "../io/store/failover-book.ts";
import { SqliteJournal } from "../io/store/journal.ts";
import { CLOCK_FLOOR, ClockGuard } from "./clock-guard.ts";
import type { Clock, Log, Timers } from "./ports.ts";

export interface StoreParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Nothing that must not wait is under way. */
  isCalm(): boolean;
  /** Policies of the API were found in a file that could not be read at start. */
  onPoliciesFound(): void;
}

export interface Stores {
  readonly journal: SqliteJournal;
  readonly guard: ClockGuard;
  readonly book: SqliteFailoverBook;
}

export function openStores(config: AgentConfig, parts: StoreParts): Stores {
  const { clock, timers, log } = parts;
  const journal = new SqliteJournal({
    ...{ clock, timers, log },
    path: config.storage.path,
    maxSizeMb: config.storage.max_size_mb,
    plan: () => planRetention(config),
    isClockTrusted: () => guard.isTrusted,
    isCalm: () => parts.isCalm(),
  });
  const guard = new ClockGuard({
    clock,
    isSynchronised: isClockSynchronised,
    newestStored: () => journal.newestStored,
  });
  const book = new SqliteFailoverBook({
    ...{ clock, timers, log },
    handle: journal.handle,
    isClockSane: () => guard.isSane,
    clockFloor: CLOCK_FLOOR,
    onPoliciesFound: () => parts.onPoliciesFound(),
  });
  return { journal, guard, book };
}
