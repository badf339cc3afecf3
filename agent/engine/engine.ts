/**
 * The pure heart: (inputs, now) -> effects. It reads scores from the cache, decides what each
 * path's status is, when a check is due and when the journal is flushed. It knows no clock, no
 * socket and no disk; `nextWakeup` says when it wants to be called although nothing happened.
 */

import type { PathIndex } from "../domain/ids.ts";
import { pathIndex } from "../domain/ids.ts";
import { unreachable } from "../domain/invariant.ts";
import type { Status } from "../domain/status.ts";
import { statusOf } from "../domain/status.ts";
import type { Instant, Micros } from "../domain/units.ts";
import { after, earliest } from "../domain/units.ts";
import type { Scorer } from "../scoring/scorer.ts";
import type { Effect, StatusCause } from "./effect.ts";
import type { EnginePath, Input } from "./input.ts";
import { PathState } from "./path-state.ts";

export interface EngineOptions {
  readonly flushInterval: Micros;
}

export class Engine {
  readonly #scores: Pick<Scorer, "paths" | "series">;
  readonly #flushInterval: Micros;
  #paths: PathState[] = [];
  #nextFlush: Instant | null = null;
  /** Nothing falls due before this moment; a lower bound, so that a busy turn skips the scan. */
  #dueAt: Instant | null = null;

  constructor(scores: Pick<Scorer, "paths" | "series">, options: EngineOptions) {
    this.#scores = scores;
    this.#flushInterval = options.flushInterval;
  }

  handle(inputs: readonly Input[], now: Instant): Effect[] {
    const effects: Effect[] = [];
    for (const input of inputs) this.#take(input, now, effects);
    this.#passTime(now, effects);
    return effects;
  }

  /** The moment `handle` should be called with no input at the latest; null: never. */
  nextWakeup(): Instant | null {
    return this.#dueAt;
  }

  /** The published status of a path; unknown for a row that does not exist. */
  status(path: number): Status {
    return this.#paths[path]?.published ?? "unknown";
  }

  /** Down by a verdict of the worker; false for a row that does not exist. */
  isHardDown(path: number): boolean {
    return this.#paths[path]?.isHardDown ?? false;
  }

  #take(input: Input, now: Instant, effects: Effect[]): void {
    switch (input.kind) {
      case "table":
        this.#lay(input.paths, now);
        return;
      case "ingested":
        for (let i = 0; i < input.count; i++) this.#refresh(input.paths[i] ?? 0, now, effects);
        return;
      case "verdict":
        this.#judge(input.path, input.isDown, { now, effects });
        return;
      case "worker-lost":
        for (const [row, path] of this.#paths.entries()) {
          path.forget(now);
          this.#publish(row, "unknown", "worker-lost", effects);
        }
        return;
      case "stalled":
        for (const path of this.#paths) path.excuse(input.to);
        return;
      default:
        unreachable(input);
    }
  }

  #lay(layouts: readonly EnginePath[], now: Instant): void {
    this.#paths = layouts.map((layout) => new PathState(layout, now));
    this.#nextFlush ??= after(now, this.#flushInterval);
    this.#dueAt = now;
  }

  #refresh(row: number, now: Instant, effects: Effect[]): void {
    const path = this.#paths[row];
    if (path === undefined) return;
    path.observe(this.#newestSent(path.layout));
    if (!path.isFresh(now)) return;
    this.#publish(row, this.#scored(row), path.isRecovering ? "replies" : "score", effects);
  }

  /** Silence is evidence of its own: it needs no samples, and is fresh. */
  #judge(
    row: PathIndex,
    isDown: boolean,
    { now, effects }: { readonly now: Instant; readonly effects: Effect[] },
  ): void {
    const path = this.#paths[row];
    if (path === undefined) return;
    path.isHardDown = isDown;
    path.isRecovering = !isDown;
    if (!isDown) return;
    path.observe(now);
    this.#publish(row, "down", "silence", effects);
  }

  #newestSent(layout: EnginePath): number {
    let newest = Number.NaN;
    for (let i = 0; i < layout.seriesCount; i++) {
      const sent = this.#scores.series.lastSentUs[layout.firstSeries + i] ?? Number.NaN;
      if (sent > newest || Number.isNaN(newest)) newest = sent;
    }
    return newest;
  }

  #scored(row: number): Status {
    return statusOf(this.#scores.paths.status[row] ?? 0);
  }

  #passTime(now: Instant, effects: Effect[]): void {
    if (this.#dueAt === null || now < this.#dueAt) return;
    for (const [row, path] of this.#paths.entries()) {
      const known = path.published !== "unknown";
      if (known && !path.isFresh(now)) this.#publish(row, "unknown", "stale", effects);
      if (now < path.nextCheck) continue;
      const store = path.passCheck(now);
      if (path.published === "unknown") continue;
      effects.push({ kind: "sample-check", path: pathIndex(row) });
      if (store) effects.push({ kind: "record-check", path: pathIndex(row) });
    }
    if (this.#nextFlush !== null && now >= this.#nextFlush) {
      this.#nextFlush = after(now, this.#flushInterval);
      effects.push({ kind: "flush-journal" });
    }
    this.#dueAt = this.#earliestDue();
  }

  #earliestDue(): Instant | null {
    let next = this.#nextFlush;
    for (const path of this.#paths) {
      next = earliest(next, path.nextCheck);
      if (path.published !== "unknown") next = earliest(next, path.staleAt());
    }
    return next;
  }

  #publish(row: number, to: Status, cause: StatusCause, effects: Effect[]): void {
    const path = this.#paths[row];
    if (path === undefined || path.published === to) return;
    const from = path.published;
    path.published = to;
    path.isRecovering = false;
    if (to !== "unknown") this.#dueAt = earliest(this.#dueAt, path.staleAt());
    effects.push({ kind: "status-changed", path: pathIndex(row), from, to, cause });
  }
}
