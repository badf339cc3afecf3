/**
 * The state of one path: which status is published, how fresh the evidence is, when the next check
 * is due. Evidence is the send time of the newest resolved probe; a moment before `validFrom`
 * proves nothing (worker restart), and a span in which we did not run does not age it (stall).
 */

import type { Status } from "../domain/status.ts";
import type { Instant, Micros } from "../domain/units.ts";
import { after } from "../domain/units.ts";
import type { EnginePath } from "./input.ts";

export class PathState {
  readonly layout: EnginePath;
  published: Status = "unknown";
  nextCheck: Instant;
  /** Down by a verdict, whatever the window says. */
  isHardDown = false;
  /** A verdict was lifted; the status that follows owes itself to that. */
  isRecovering = false;
  #checks = 0;
  #validFrom: Instant;
  /** Staleness counts from here: newest evidence, or the end of a stall. */
  #freshFrom: Instant | null = null;

  constructor(layout: EnginePath, now: Instant) {
    this.layout = layout;
    this.#validFrom = now;
    this.nextCheck = after(now, layout.checkInterval);
  }

  /** Takes the send time of the newest resolved probe (NaN: none yet). */
  observe(newestSentUs: number): void {
    if (!(newestSentUs >= this.#validFrom)) return;
    if (this.#freshFrom === null || newestSentUs > this.#freshFrom) {
      this.#freshFrom = newestSentUs as Instant;
    }
  }

  /** Everything observed so far proves nothing any more. */
  forget(now: Instant): void {
    this.#validFrom = now;
    this.#freshFrom = null;
    this.isHardDown = false;
    this.isRecovering = false;
  }

  /** The span up to `to` does not count towards staleness. */
  excuse(to: Instant): void {
    if (this.#freshFrom !== null && to > this.#freshFrom) this.#freshFrom = to;
  }

  isFresh(now: Instant): boolean {
    return this.#freshFrom !== null && now < after(this.#freshFrom, this.layout.staleAfter);
  }

  /** The moment the evidence turns stale; null when there is none. */
  staleAt(): Instant | null {
    return this.#freshFrom === null ? null : after(this.#freshFrom, this.layout.staleAfter);
  }

  /**
   * Counts the check that is due, keeping the grid: checks missed in a stall are skipped, not made
   * up. True when this check is one to be stored.
   */
  passCheck(now: Instant): boolean {
    const interval = this.layout.checkInterval;
    const missed = Math.floor((now - this.nextCheck) / interval);
    this.nextCheck = after(this.nextCheck, ((missed + 1) * interval) as Micros);
    this.#checks++;
    return this.layout.persistEvery > 0 && this.#checks % this.layout.persistEvery === 0;
  }
}
