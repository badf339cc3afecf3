/** Starts a round of retention once an hour: in the Worker, or here where there is none. */

import type { Database } from "bun:sqlite";
import type { Instant } from "../../domain/units.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";
import type { CheckpointEnd, Checkpointer } from "./checkpoint.ts";
import { WAL_PAGES_MAX } from "./checkpoint.ts";
import type { Anchors, RetentionOptions } from "./retention.ts";
import { Retention } from "./retention.ts";

const INTERVAL = micros(3_600 * US_PER_S);

export interface RetentionTurnParts extends RetentionOptions {
  readonly path: string;
  readonly checkpointer: Pick<Checkpointer, "running" | "retain">;
  onEnd(end: CheckpointEnd): void;
}

export class RetentionTurns {
  readonly #parts: RetentionTurnParts;
  #anchors: Anchors = new Map();
  #dueAt: Instant | null = null;
  /** The round that goes on here. */
  #here: Retention | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(parts: RetentionTurnParts) {
    this.#parts = parts;
  }

  /** The file is another one. */
  forget(): void {
    this.#anchors = new Map();
    this.#here = null;
  }

  /** When no round goes on in the Worker. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** True: a round has begun. */
  begin(): boolean {
    const { clock, plan, isClockTrusted, path, checkpointer, onEnd } = this.#parts;
    if (checkpointer.running || !this.#takeTurn()) return false;
    const now = clock.monotonic();
    const job = {
      ...{ path, plan: plan(), isClockTrusted: isClockTrusted(), anchors: this.#anchors },
      start: { monotonic: now, wall: clock.wall() },
      walPagesMax: WAL_PAGES_MAX,
    };
    const of = this.#anchors;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    checkpointer.retain(job, (end, anchors) => {
      if (this.#anchors === of && anchors !== null) this.#anchors = anchors;
      onEnd(end);
      resolve();
    });
    return true;
  }

  /** A step on the agent's own loop; true: there is more to do. */
  stepHere(db: Database): boolean {
    if (this.#here === null && this.#takeTurn()) {
      this.#here = new Retention({ ...this.#parts, anchors: this.#anchors });
    }
    if (this.#here?.step(db) === true) return true;
    this.#here = null;
    return false;
  }

  #takeTurn(): boolean {
    const now = this.#parts.clock.monotonic();
    if (this.#dueAt !== null && now < this.#dueAt) return false;
    this.#dueAt = after(now, INTERVAL);
    return true;
  }
}
