/**
 * Telemetry and the queue below it, loaded when the configuration asks for them and not before. A
 * reload that changes `otlp` replaces the collector; the queue lives on, and what waits goes to the
 * destination of the same name.
 */

import { dirname, join } from "node:path";
import type { AgentConfig } from "../../domain/config.ts";
import type { UnixMillis } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type { Telemetry } from "../../io/telemetry/telemetry.ts";
import type { FailoverListener } from "../failover/listener.ts";
import type { Clock, Log, Timers } from "../ports.ts";
import type { DeadLetter, DurableQueue, QueueState } from "../queue/ports.ts";
import type { TelemetrySource } from "./ports.ts";

export interface TelemetrySurroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly source: TelemetrySource;
  /** Rows may carry the wall clock's time. */
  isClockSane(): boolean;
  /** What is old by it may be dropped. */
  isClockTrusted(): boolean;
  /** Somebody wants cumulative round-trip times from now on. */
  openRtt(): void;
}

const MB = 1_000_000;

export class LazyTelemetry implements FailoverListener {
  readonly #parts: TelemetrySurroundings;
  #queue: DurableQueue | null = null;
  #current: Telemetry | null = null;
  #asked = "";
  #changes: Promise<void> = Promise.resolve();

  constructor(parts: TelemetrySurroundings) {
    this.#parts = parts;
  }

  /** The durable queue; made with the first destination. */
  get queue(): DurableQueue | null {
    return this.#queue;
  }

  /** null: nothing is pushed. */
  get state(): QueueState | null {
    return this.#queue?.state() ?? null;
  }

  /** Sentences for the operator. */
  problems(): readonly string[] {
    const state = this.state;
    if (state === null) return [];
    const waiting = state.destinations
      .filter((one) => one.state === "waiting" && one.items > 0)
      .map(({ name, items, last_error }) => `${items} wait for ${name}: ${last_error}`);
    return state.fault === null ? waiting : [`the queue is not stored: ${state.fault}`, ...waiting];
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#queue?.deadLetters() ?? [];
  }

  /** One change after the other: a second reload may come while the first still loads. */
  configure(config: AgentConfig): Promise<void> {
    this.#changes = this.#changes.then(() => this.#configure(config));
    return this.#changes;
  }

  event(event: FailoverEvent, id: number, at: UnixMillis): void {
    this.takeEvent(event, id, at);
  }

  takeEvent(event: FailoverEvent, id: number, at: UnixMillis): void {
    this.#current?.takeEvent({ event, id, at });
  }

  allDown(): void {
    // The event of the move says so.
  }

  audited(): void {
    // What operators do is not telemetry of the network.
  }

  /** A route changed, and with it perhaps the way to the receivers: no reason to wait longer. */
  switched(): void {
    this.#queue?.nudge();
  }

  async stop(): Promise<void> {
    await this.#changes;
    await this.#current?.stop();
    await this.#queue?.stop();
  }

  async #configure({ otlp, node, storage }: AgentConfig): Promise<void> {
    const asked = JSON.stringify([otlp, node]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    await this.#current?.stop();
    this.#current = null;
    if (otlp === null) return;
    const { Telemetry } = await import("../../io/telemetry/telemetry.ts");
    this.#queue ??= await openQueue(this.#parts, {
      path: join(dirname(storage.path), "queue.db"),
      maxBytes: otlp.queue.max_mb * MB,
    });
    this.#parts.openRtt();
    this.#current = new Telemetry({ otlp, node }, { ...this.#parts, queue: this.#queue });
    const names = otlp.destinations.map(({ name }) => name).join(", ");
    this.#parts.log.info("pushing telemetry", { destinations: names, every: otlp.interval_secs });
  }
}

/** Alerts use the same one. */
export async function openQueue(
  parts: Pick<TelemetrySurroundings, "clock" | "timers" | "log" | "isClockTrusted">,
  file: { readonly path: string; readonly maxBytes: number },
): Promise<DurableQueue> {
  const { OutboundQueue } = await import("../queue/queue.ts");
  const { QueueFile } = await import("../../io/store/queue/queue-file.ts");
  const store = new QueueFile({ ...file, clock: parts.clock });
  return new OutboundQueue({ ...parts, store, random: systemRandom });
}

function systemRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
