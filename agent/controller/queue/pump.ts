/**
 * Carries one destination's entries away: strictly oldest first, one attempt at a time, deleted
 * only when the receiver has answered for good. What an outage left goes at the replay rate; what
 * is fresh goes at once. A pump that hangs hangs alone.
 */

import { unreachable } from "../../domain/invariant.ts";
import type { Instant } from "../../domain/units.ts";
import {
  after,
  between,
  instant,
  micros,
  US_PER_MS,
  US_PER_S,
  unixMillis,
} from "../../domain/units.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";
import { askedMs, backoffMs, DEFAULT_BACKOFF } from "./backoff.ts";
import type { Held } from "./lane.ts";
import { Lane, MEMORY_WAIT } from "./lane.ts";
import { Pace } from "./pace.ts";
import type {
  DeadLetter,
  Delivery,
  Destination,
  DestinationState,
  QueueEntry,
  QueueStore,
} from "./ports.ts";
import { Tally } from "./tally.ts";

/** Senders have limits of their own; this is the net below them. */
export const ATTEMPT_MAX = micros(30 * US_PER_S);

export interface PumpParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly store: QueueStore;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** What is old by the wall clock may be dropped. */
  isClockTrusted(): boolean;
  refused(letter: Omit<DeadLetter, "count">): void;
  report(fault: string | null): void;
  /** Nothing waits any more. */
  drained(): void;
}

interface Attempt {
  readonly held: Held;
  readonly abort: AbortController;
  readonly disarm: Disarm;
}

export class Pump {
  readonly #parts: PumpParts;
  readonly #lane: Lane;
  readonly tally = new Tally();
  #destination: Destination;
  #pace: Pace;
  #attempt: Attempt | null = null;
  #failures = 0;
  #notBefore: Instant | null = null;
  /** The wait is the receiver's wish, not ours. */
  #isAsked = false;
  #storeTriedAt: Instant | null = null;
  #disarmSend: Disarm | null = null;
  #disarmStore: Disarm | null = null;
  #stopped = false;
  #onIdle: (() => void) | null = null;

  constructor(destination: Destination, parts: PumpParts) {
    this.#parts = parts;
    this.#destination = destination;
    this.#pace = new Pace(destination.limits.replayPerSec);
    const { store, report } = parts;
    const { name, limits } = destination;
    this.#lane = new Lane({ destination: name, store, tally: this.tally, report }, limits);
  }

  /** Begins with what the file holds. */
  start(): void {
    const { clock, random } = this.#parts;
    const now = clock.monotonic();
    const waitMs = this.#lane.load() - clock.wall();
    // A wait that a wrong clock made is no longer than any real one.
    this.#isAsked = waitMs > 0;
    if (waitMs > 0) this.#notBefore = after(now, micros(askedMs(waitMs, 0) * US_PER_MS));
    this.#pace.spread(now, this.#lane.count, random());
    this.#run();
  }

  /** The same destination, reached or limited in another way. */
  replace(destination: Destination): void {
    this.#destination = destination;
    this.#lane.limits = destination.limits;
    this.#pace = new Pace(destination.limits.replayPerSec);
    // The wish was that of the receiver before.
    this.#isAsked = false;
    this.nudge();
  }

  get name(): string {
    return this.#destination.name;
  }

  get isEmpty(): boolean {
    return this.#lane.count === 0;
  }

  has(id: string): boolean {
    return this.#lane.has(id);
  }

  add(entry: QueueEntry, atOnce: boolean): void {
    this.#lane.add(entry, this.#parts.clock.monotonic());
    // Behind something that waits it would wait as well: into the file before anything else.
    const waits = this.#failures > 0 || this.#lane.storedCount > 0 || this.#notBefore !== null;
    if (atOnce || waits) this.#persist();
    else this.#armStore();
    this.#run();
  }

  nudge(): void {
    if (this.#notBefore === null || this.#isAsked || this.#stopped) return;
    this.#notBefore = null;
    this.#run();
  }

  /** Resolves when nothing fresh can still be delivered now; `finish` must follow. */
  idle(): Promise<void> {
    if (this.isEmpty || this.#notBefore !== null || this.#lane.storedCount > 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Stores what is left; whatever is under way is given up and sent again after the next start. */
  finish(): void {
    this.#stopped = true;
    this.#disarmSend?.();
    this.#disarmStore?.();
    this.#attempt?.disarm();
    this.#attempt?.abort.abort();
    this.#attempt = null;
    this.#lane.keep();
    this.#lane.settle();
    if (!this.#lane.persist()) {
      this.#parts.log.error("queued entries lost at shutdown", { destination: this.name });
    }
  }

  state(): DestinationState {
    const { clock } = this.#parts;
    const oldest = this.#lane.oldest;
    const now = clock.monotonic();
    const due = this.#notBefore;
    return {
      name: this.name,
      state: this.#stateName(),
      items: this.#lane.count,
      bytes: this.#lane.bytes,
      stored_items: this.#lane.storedCount,
      oldest_age_secs: oldest === null ? null : Math.max(0, (clock.wall() - oldest) / 1_000),
      delivered: this.tally.delivered,
      partial: this.tally.partial,
      rejected: this.tally.rejected,
      retries: this.tally.retries,
      dropped: this.tally.dropped,
      last_success_ms: this.tally.lastSuccess,
      last_error: this.tally.lastError,
      next_attempt_secs: due === null ? null : Math.max(0, between(now, due) / US_PER_S),
    };
  }

  #stateName(): DestinationState["state"] {
    if (this.#notBefore !== null) return "waiting";
    if (this.#lane.storedCount > 0) return "replaying";
    return this.#attempt === null ? "idle" : "sending";
  }

  // --- sending ----------------------------------------------------------------------------------

  #run(): void {
    if (this.#stopped || this.#attempt !== null) return;
    const wake = this.#step(this.#parts.clock.monotonic());
    if (wake !== null) this.#armSend(wake);
  }

  /** Sends what is due. The value: when to look again; null: when something happens. */
  #step(now: Instant): Instant | null {
    const { clock, isClockTrusted } = this.#parts;
    if (this.#notBefore !== null && this.#notBefore > now) return this.#notBefore;
    this.#notBefore = null;
    const head = this.#lane.head(isClockTrusted() ? clock.wall() : null);
    if (head.kind === "again") return now;
    if (head.kind === "none") {
      this.#rest();
      return null;
    }
    const isFresh = head.held.seq === null;
    const at = isFresh ? now : this.#pace.ready(now);
    if (at > now) {
      this.#lane.keep();
      return at;
    }
    if (!isFresh) this.#pace.take(now);
    this.#send(head.held, now);
    return null;
  }

  #rest(): void {
    this.#tellIdle();
    this.#parts.drained();
  }

  #tellIdle(): void {
    this.#onIdle?.();
    this.#onIdle = null;
  }

  #send(held: Held, now: Instant): void {
    const abort = new AbortController();
    const disarm = this.#parts.timers.arm(after(now, ATTEMPT_MAX), () => {
      this.#end(attempt, { kind: "retry", afterMs: null, reason: "no answer within 30 s" });
      abort.abort();
    });
    const attempt: Attempt = { held, abort, disarm };
    this.#attempt = attempt;
    this.#destination.send(held.entry, abort.signal).then(
      (delivery) => this.#end(attempt, delivery),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#end(attempt, { kind: "retry", afterMs: null, reason });
      },
    );
  }

  #end(attempt: Attempt, delivery: Delivery): void {
    // Too late: the attempt was given up.
    if (this.#attempt !== attempt) return;
    attempt.disarm();
    this.#attempt = null;
    switch (delivery.kind) {
      case "delivered":
        this.#succeed(attempt.held, null);
        break;
      case "partial":
        this.#succeed(attempt.held, delivery);
        break;
      case "permanent":
        this.#bury(attempt.held, delivery);
        break;
      case "retry":
        this.#fail(delivery);
        break;
      default:
        unreachable(delivery);
    }
    this.#run();
  }

  #succeed(held: Held, partial: Extract<Delivery, { kind: "partial" }> | null): void {
    const { clock, log } = this.#parts;
    this.#lane.done(held);
    this.tally.delivered++;
    this.tally.lastSuccess = clock.wall();
    this.#recover();
    if (partial === null) return;
    this.tally.partial++;
    this.tally.rejected += partial.rejected;
    this.tally.lastError = partial.message;
    const fields = { destination: this.name, rejected: partial.rejected, answer: partial.message };
    log.warn("the receiver refused a part of a delivery", fields);
  }

  #bury(held: Held, { status, text }: Extract<Delivery, { kind: "permanent" }>): void {
    const { clock, refused, log } = this.#parts;
    this.#lane.done(held);
    this.tally.drop("refused", 1);
    const reason = status === null ? text : `${status} ${text}`;
    if (this.tally.lastError !== reason) {
      log.warn("the receiver refused a delivery for good", { destination: this.name, reason });
    }
    this.tally.lastError = reason;
    this.#recover();
    refused({
      destination: this.name,
      kind: held.entry.kind,
      id: held.entry.id,
      created_at_ms: held.entry.createdAt,
      failed_at_ms: clock.wall(),
      status,
      answer: text,
    });
  }

  #fail({ afterMs, reason }: Extract<Delivery, { kind: "retry" }>): void {
    const { clock, random, log, store } = this.#parts;
    this.#lane.keep();
    this.#persist();
    this.#failures++;
    this.tally.retries++;
    this.tally.lastError = reason;
    if (this.#failures === 1) {
      log.warn("cannot deliver, entries wait", { destination: this.name, reason });
    }
    const backoff = this.#destination.backoff ?? DEFAULT_BACKOFF;
    const waitMs =
      afterMs === null ? backoffMs(backoff, this.#failures, random()) : askedMs(afterMs, random());
    this.#notBefore = after(clock.monotonic(), micros(waitMs * US_PER_MS));
    this.#isAsked = afterMs !== null;
    if (afterMs !== null) store.holdUntil(this.name, unixMillis(clock.wall() + waitMs));
    this.#tellIdle();
  }

  /** The receiver answers again. */
  #recover(): void {
    if (this.#failures === 0) return;
    const { clock, random, log } = this.#parts;
    this.#failures = 0;
    const items = this.#lane.count;
    log.info("delivering again", { destination: this.name, items });
    this.#pace.spread(clock.monotonic(), items, random());
  }

  // --- timers -----------------------------------------------------------------------------------

  #armSend(at: Instant): void {
    this.#disarmSend?.();
    this.#disarmSend = this.#parts.timers.arm(at, () => {
      this.#disarmSend = null;
      this.#run();
    });
  }

  #persist(): void {
    this.#storeTriedAt = this.#parts.clock.monotonic();
    if (!this.#lane.persist()) this.#armStore();
  }

  /** For what is in memory: when it has waited long enough, and not at once after a failure. */
  #armStore(): void {
    if (this.#disarmStore !== null || this.#stopped) return;
    const due = this.#lane.storeBy;
    if (due === null) return;
    const again = this.#storeTriedAt === null ? due : after(this.#storeTriedAt, MEMORY_WAIT);
    const at = instant(Math.max(due, again));
    this.#disarmStore = this.#parts.timers.arm(at, () => this.#onStoreDue());
  }

  #onStoreDue(): void {
    this.#disarmStore = null;
    const { clock } = this.#parts;
    const due = this.#lane.storeBy;
    if (due !== null && due <= clock.monotonic()) this.#persist();
    else this.#armStore();
  }
}
