/**
 * OTLP as a whole: a reader of the SDK collects from the cache on its interval, the exporter hands
 * each collection to the queue, once per destination; failover events go the same way as log
 * records. While the wall clock cannot be right nothing is collected, and events wait for the time.
 */

import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import type { Clock, Log } from "../../controller/ports.ts";
import type { DurableQueue } from "../../controller/queue/ports.ts";
import type { NotedEvent, TelemetrySource } from "../../controller/telemetry/ports.ts";
import type { NodeConfig } from "../../domain/config.ts";
import type { OtlpConfig, OtlpDestination } from "../../domain/otlp.ts";
import type { Instant, UnixMillis } from "../../domain/units.ts";
import { between, US_PER_MS, unixMillis } from "../../domain/units.ts";
import { eventBody } from "./event-body.ts";
import { QueueExporter } from "./exporter.ts";
import { CacheProducer } from "./producer.ts";
import { resourceOf } from "./resource.ts";
import { createSender } from "./sender.ts";

export interface TelemetryParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: DurableQueue;
  readonly source: TelemetrySource;
  isClockSane(): boolean;
}

export interface TelemetryOptions {
  readonly otlp: OtlpConfig;
  readonly node: NodeConfig;
  /** Default: that of the configuration. */
  readonly intervalMs?: number;
}

const CONTENT_TYPE = "application/x-protobuf";
const GZIP_LEVEL = 6;
/** About 800 KB of request; a larger table is several requests of one time. */
const POINTS_MAX = 8_000;
const HELD_EVENTS_MAX = 256;
const MB = 1_000_000;

interface HeldEvent {
  readonly noted: NotedEvent;
  readonly since: Instant;
}

export class Telemetry {
  readonly #parts: TelemetryParts;
  readonly #options: TelemetryOptions;
  readonly #provider: MeterProvider;
  readonly #resource: ReturnType<typeof resourceOf>;
  readonly #startedAt: Instant;
  #start: UnixMillis | null = null;
  #held: HeldEvent[] = [];
  #count = 0;

  constructor(options: TelemetryOptions, parts: TelemetryParts) {
    this.#parts = parts;
    this.#options = options;
    const { otlp, node } = options;
    this.#startedAt = parts.clock.monotonic();
    this.#resource = resourceOf(node, otlp.resource);
    openDestinations(otlp, parts);
    const exportIntervalMillis = options.intervalMs ?? otlp.interval_secs * 1_000;
    const producer = new CacheProducer({
      source: parts.source,
      resource: this.#resource,
      site: node.site,
      now: () => this.#now(),
    });
    const reader = new PeriodicExportingMetricReader({
      exporter: new QueueExporter((body) => this.#enqueueMetrics(body)),
      exportIntervalMillis,
      exportTimeoutMillis: Math.min(10_000, exportIntervalMillis),
      metricProducers: [producer],
      maxExportBatchSize: POINTS_MAX,
    });
    this.#provider = new MeterProvider({ resource: this.#resource, readers: [reader] });
  }

  takeEvent(noted: NotedEvent): void {
    if (this.#parts.isClockSane()) {
      this.#enqueueEvent(noted);
      return;
    }
    this.#held.push({ noted, since: this.#parts.clock.monotonic() });
    if (this.#held.length > HELD_EVENTS_MAX) this.#held.shift();
  }

  /** A collection between those of the interval. */
  collect(): Promise<void> {
    return this.#provider.forceFlush();
  }

  /** A last collection; the queue is stopped by its owner. */
  async stop(): Promise<void> {
    await this.#provider.shutdown().catch((error: unknown) => {
      this.#parts.log.warn("cannot collect a last time", { reason: String(error) });
    });
  }

  /** null: the clock cannot be right. */
  #now(): { readonly start: UnixMillis; readonly wall: UnixMillis } | null {
    const { clock, isClockSane } = this.#parts;
    if (!isClockSane()) return null;
    const wall = unixMillis(Math.floor(clock.wall()));
    const running = between(this.#startedAt, clock.monotonic()) / US_PER_MS;
    // Once: a start that moves with every step of the clock would look like a restart.
    this.#start ??= unixMillis(Math.floor(wall - running));
    this.#releaseEvents();
    return { start: this.#start, wall };
  }

  #releaseEvents(): void {
    const { clock } = this.#parts;
    for (const { noted, since } of this.#held.splice(0)) {
      const age = between(since, clock.monotonic()) / US_PER_MS;
      this.#enqueueEvent({ ...noted, at: unixMillis(Math.floor(clock.wall() - age)) });
    }
  }

  #enqueueMetrics(body: Uint8Array): void {
    const createdAt = unixMillis(Math.floor(this.#parts.clock.wall()));
    const id = `${this.#start ?? 0}-${++this.#count}`;
    this.#enqueue({ kind: "metrics", id, createdAt, body });
  }

  #enqueueEvent(noted: NotedEvent): void {
    const body = eventBody(noted, this.#resource);
    if (body === null) return;
    this.#enqueue({ kind: "logs", id: `event-${noted.id}`, createdAt: noted.at, body });
  }

  #enqueue(made: {
    readonly kind: "metrics" | "logs";
    readonly id: string;
    readonly createdAt: UnixMillis;
    readonly body: Uint8Array;
  }): void {
    let packed: Uint8Array | null = null;
    for (const destination of this.#options.otlp.destinations) {
      const name = laneName(destination, made.kind);
      if (name === null) continue;
      const isPacked = destination.compression === "gzip";
      if (isPacked) packed ??= Bun.gzipSync(new Uint8Array(made.body), { level: GZIP_LEVEL });
      const body = isPacked && packed !== null ? packed : made.body;
      const entry = { ...made, body, contentType: CONTENT_TYPE, expiresAt: null };
      this.#parts.queue.enqueue(name, entry);
    }
  }
}

/** Events have a lane of their own: a receiver without logs must not hold up metrics. */
function laneName(
  { name, metrics_url, logs_url }: OtlpDestination,
  kind: "metrics" | "logs",
): string | null {
  if (kind === "metrics") return metrics_url === null ? null : `otlp:${name}`;
  return logs_url === null ? null : `otlp:${name}:events`;
}

function openDestinations(
  { destinations, queue: limits }: OtlpConfig,
  { queue, clock }: TelemetryParts,
): void {
  const maxBytes = Math.floor((limits.max_mb * MB) / destinations.length);
  for (const destination of destinations) {
    for (const kind of ["metrics", "logs"] as const) {
      const name = laneName(destination, kind);
      const url = kind === "metrics" ? destination.metrics_url : destination.logs_url;
      if (name === null || url === null) continue;
      queue.open({
        name,
        send: createSender(destination, url, clock),
        limits: {
          // Events are few; a tenth of the room is theirs.
          maxBytes: Math.floor(maxBytes * (kind === "metrics" ? 0.9 : 0.1)),
          maxAgeMs: limits.max_age_secs * 1_000,
          replayPerSec: limits.replay_per_sec,
        },
      });
    }
  }
}
