/** What of the engine's effects must outlive us, and who is told of it afterwards. */

import type { PolicyConfig } from "../../domain/config.ts";
import type { Instant, UnixMillis } from "../../domain/units.ts";
import type { FailoverEffect } from "../../engine/failover/effect.ts";
import type { Log } from "../ports.ts";
import { logEvent } from "./event-log.ts";
import type { FailoverListener } from "./listener.ts";
import type { FailoverBook } from "./ports.ts";

export interface Scribe {
  readonly book: FailoverBook;
  readonly listener: FailoverListener;
  readonly log: Log;
  /** null: it is gone. */
  configOf(policy: number): PolicyConfig | null;
}

export interface Moment {
  readonly monotonic: Instant;
  readonly wall: UnixMillis;
}

/** Writes it; returns how it is told, null: not at all. */
export function noteEffect(
  effect: FailoverEffect,
  { book, listener, log, configOf }: Scribe,
  { monotonic, wall }: Moment,
): (() => void) | null {
  switch (effect.kind) {
    case "record": {
      const { event } = effect;
      const id = book.record(event, wall);
      return () => {
        logEvent(log, event, configOf(event.policy));
        listener.event(event, id, wall);
      };
    }
    case "audit":
      book.audit(effect.record, wall);
      return () => listener.audited(effect.record);
    case "all-down":
      return () => listener.allDown(effect);
    case "persist":
      book.saveState(effect.state, monotonic);
      return null;
    default:
      return null;
  }
}
