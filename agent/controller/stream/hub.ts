/**
 * What happens, for those who follow it: the newest events are kept, so that a client whose
 * connection broke goes on where it was. Bounded in clients and in events.
 */

import type { Notification } from "../../domain/alerts.ts";
import type { UnixMillis } from "../../domain/units.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type {
  Happening,
  StreamEvent,
  StreamSink,
  StreamSource,
  Subscription,
} from "../../io/http/stream-view.ts";
import type { FailoverListener } from "../failover/listener.ts";
import type { PathChange } from "../hooks/environment.ts";
import type { Clock, Disarm, Timers } from "../ports.ts";

/** Pages and scripts of one box. */
export const CLIENTS_MAX = 16;
export const KEPT_MAX = 256;
/** Below the 10 s after which the server closes a silent connection. */
const TICK = micros(5 * US_PER_S);

export class StreamHub implements FailoverListener, StreamSource {
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** Of this run: ids of another one are told apart by it. */
  readonly #run: string;
  readonly #sinks = new Set<StreamSink>();
  #kept: StreamEvent[] = [];
  #count = 0;
  #disarm: Disarm | null = null;

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
    this.#run = Math.floor(clock.wall()).toString(36);
  }

  get clients(): number {
    return this.#sinks.size;
  }

  subscribe(lastId: string | null, sink: StreamSink): Subscription | null {
    if (this.#sinks.size >= CLIENTS_MAX) return null;
    this.#sinks.add(sink);
    this.#disarm ??= this.#armTick();
    const close = () => {
      this.#sinks.delete(sink);
      if (this.#sinks.size > 0) return;
      this.#disarm?.();
      this.#disarm = null;
    };
    return { ...this.#since(lastId), close };
  }

  statusChanged({ path, from, to, score }: PathChange): void {
    const at = this.#clock.wall();
    this.#publish({ type: "status", change: { path, from, to, score, at } });
  }

  event(event: FailoverEvent, id: number, at: UnixMillis): void {
    this.#publish({ type: "failover", event: { ...event, id, at } });
  }

  alerted(notification: Notification): void {
    this.#publish({ type: "alert", notification });
  }

  allDown(): void {
    // The event of the move says so.
  }

  audited(): void {
    // What operators do has its own page.
  }

  switched(): void {
    // The event says so too.
  }

  stop(): void {
    this.#disarm?.();
    for (const sink of this.#sinks) sink.end();
    this.#sinks.clear();
  }

  #publish(happening: Happening): void {
    const event: StreamEvent = { ...happening, id: `${this.#run}-${++this.#count}` };
    this.#kept.push(event);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    for (const sink of this.#sinks) sink.event(event);
  }

  #since(lastId: string | null): Pick<Subscription, "missed" | "hasGap"> {
    if (lastId === null) return { missed: [], hasGap: false };
    const seen = new RegExp(`^${this.#run}-(\\d{1,15})$`).exec(lastId)?.[1];
    if (seen === undefined) return { missed: this.#kept, hasGap: true };
    const next = Number(seen) + 1;
    const oldest = this.#count - this.#kept.length + 1;
    return { missed: this.#kept.slice(Math.max(0, next - oldest)), hasGap: next < oldest };
  }

  #armTick(): Disarm {
    return this.#timers.arm(after(this.#clock.monotonic(), TICK), () => {
      this.#disarm = this.#armTick();
      for (const sink of this.#sinks) sink.tick();
    });
  }
}
