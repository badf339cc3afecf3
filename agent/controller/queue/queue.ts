/**
 * The durable queue: one pump per destination over one file. It only passes on; order, retries and
 * limits are in the pumps.
 */

import { invariant } from "../../domain/invariant.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";
import type { Disarm } from "../ports.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { DeadLetter, Destination, DurableQueue, QueueEntry, QueueState } from "./ports.ts";
import type { PumpParts } from "./pump.ts";
import { Pump } from "./pump.ts";

export type QueueParts = Omit<PumpParts, "refused" | "report" | "drained">;

/** Of a stop, for what can still be delivered; the rest is for the disk. */
export const STOP_GRACE = micros(1.5 * US_PER_S);
/** An empty file is worth keeping this long: the next failure may follow soon. */
const SHRINK_AFTER = micros(60 * US_PER_S);
/** By then every destination of the configuration has been opened. */
const ORPHANS_AFTER = micros(600 * US_PER_S);

export class OutboundQueue implements DurableQueue {
  readonly #parts: QueueParts;
  readonly #pumps = new Map<string, Pump>();
  readonly #letters = new DeadLetters();
  #fault: string | null = null;
  #disarmShrink: Disarm | null = null;
  readonly #disarmOrphans: Disarm;
  #stopped = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    const letters = parts.store.deadLetters();
    if (letters.kind === "ok") this.#letters.load(letters.value);
    else this.#report(letters.reason);
    const at = after(parts.clock.monotonic(), ORPHANS_AFTER);
    this.#disarmOrphans = parts.timers.arm(at, () => this.#dropOrphans());
  }

  open(destination: Destination): void {
    const known = this.#pumps.get(destination.name);
    if (known !== undefined) {
      known.replace(destination);
      return;
    }
    const pump = new Pump(destination, {
      ...this.#parts,
      refused: (letter) => this.#bury(letter),
      report: (fault) => this.#report(fault),
      drained: () => this.#onDrained(),
    });
    this.#pumps.set(destination.name, pump);
    pump.start();
  }

  enqueue(destination: string, entry: QueueEntry, atOnce = false): void {
    const pump = this.#pumps.get(destination);
    invariant(pump !== undefined, `no such destination: ${destination}`);
    if (this.#stopped) return;
    this.#disarmShrink?.();
    this.#disarmShrink = null;
    pump.add(entry, atOnce);
  }

  has(destination: string, id: string): boolean {
    return this.#pumps.get(destination)?.has(id) ?? false;
  }

  nudge(): void {
    for (const pump of this.#pumps.values()) pump.nudge();
  }

  state(): QueueState {
    const destinations = [...this.#pumps.values()].map((pump) => pump.state());
    return { destinations, fault: this.#fault };
  }

  deadLetters(): readonly DeadLetter[] {
    return this.#letters.all;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const pumps = [...this.#pumps.values()];
    const { clock, timers, store } = this.#parts;
    let disarm: Disarm = () => {};
    const deadline = new Promise<void>((resolve) => {
      disarm = timers.arm(after(clock.monotonic(), STOP_GRACE), resolve);
    });
    await Promise.race([deadline, Promise.all(pumps.map((pump) => pump.idle()))]);
    disarm();
    this.#disarmOrphans();
    this.#disarmShrink?.();
    for (const pump of pumps) pump.finish();
    if (this.#letters.isDirty) store.keepDeadLetters(this.#letters.all);
    if (pumps.every((pump) => pump.isEmpty)) store.shrink();
    store.close();
  }

  #bury(letter: Omit<DeadLetter, "count">): void {
    const { clock, store } = this.#parts;
    const now = clock.monotonic();
    if (!this.#letters.add(letter, now)) return;
    // A disk that takes no letter leaves them in memory; the next one tries again.
    const kept = store.keepDeadLetters(this.#letters.all);
    if (kept.kind === "ok") this.#letters.written(now);
    else this.#report(kept.reason);
  }

  #onDrained(): void {
    const { clock, timers, store } = this.#parts;
    if (this.#disarmShrink !== null || this.#stopped) return;
    const at = after(clock.monotonic(), SHRINK_AFTER);
    this.#disarmShrink = timers.arm(at, () => {
      this.#disarmShrink = null;
      if ([...this.#pumps.values()].every((pump) => pump.isEmpty)) store.shrink();
    });
  }

  #dropOrphans(): void {
    const { store, log } = this.#parts;
    const gone = store.removeOthers([...this.#pumps.keys()]);
    if (gone.kind === "fault") this.#report(gone.reason);
    if (gone.kind === "fault" || gone.value.count === 0) return;
    const entries = gone.value.count;
    log.warn("dropped entries whose destination is not configured any more", { entries });
  }

  #report(fault: string | null): void {
    if (fault !== null && this.#fault === null) {
      this.#parts.log.warn("the queue's file is not written", { reason: fault });
    }
    if (fault === null && this.#fault !== null) {
      this.#parts.log.info("the queue's file is written again");
    }
    this.#fault = fault;
  }
}
