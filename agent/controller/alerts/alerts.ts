/**
 * Alerts at work: gathers what happens, asks the engine, hands messages to the queue, one
 * destination per channel, and keeps Alertmanager reminded. Nothing here waits for a channel.
 */

import type { Alert, ChannelConfig, Message, Notification } from "../../domain/alerts.ts";
import type { AgentConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Instant, UnixMillis } from "../../domain/units.ts";
import { after, earliest, micros, US_PER_MS, US_PER_S, unixMillis } from "../../domain/units.ts";
import type { AlertState } from "../../engine/alerts/engine.ts";
import { AlertEngine } from "../../engine/alerts/engine.ts";
import type { AlertEffect, AlertInput, Now } from "../../engine/alerts/input.ts";
import type { AuditRecord } from "../../engine/failover/effect.ts";
import type { ProcessState } from "../../wire/frame.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";
import type {
  Delivery,
  DestinationState,
  DurableQueue,
  QueueEntry,
  Sender,
} from "../queue/ports.ts";
import type {
  AlertBook,
  ChannelSender,
  NotificationPage,
  NotificationQuery,
  OpenChannel,
} from "./ports.ts";
import { alertsOf, settingsOf, testNotification } from "./settings.ts";
import type { AlertSources } from "./sources.ts";

export interface AlertParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly queue: DurableQueue;
  readonly book: AlertBook;
  readonly sources: AlertSources;
  readonly open: OpenChannel;
  /** This process was just started, maybe because an earlier one died. */
  readonly isFresh: boolean;
}

/** What happens in one moment is one step of the engine, however many paths it is. */
const GATHER = micros(20 * US_PER_MS);
/** What nothing tells is looked at this often. */
const LOOK = micros(10 * US_PER_S);
const MAX_BYTES = 2_000_000;
const REPLAY_PER_SEC = 5;
const BACKOFF = { minMs: 1_000, maxMs: 60_000 };
const CONTENT_TYPE = "application/json";

interface Channel {
  readonly config: ChannelConfig;
  /** As JSON: an unchanged one goes on through a reload. */
  readonly text: string;
  readonly send: ChannelSender;
}

export class Alerts {
  readonly #parts: AlertParts;
  readonly #engine: AlertEngine;
  #config: AgentConfig;
  readonly #channels = new Map<string, Channel>();
  readonly #maintained: Set<PathId>;
  #inbox: AlertInput[] = [];
  #restarts: ReadonlyMap<string, number> = new Map();
  #resends = 0;
  readonly #resendAt = new Map<string, Instant>();
  #armedFor: Instant | null = null;
  #lookAt: Instant;
  #disarm: Disarm = () => {};
  #isStopped = false;
  #listener: ((notification: Notification) => void) | null = null;

  constructor(config: AgentConfig, parts: AlertParts) {
    this.#parts = parts;
    this.#config = config;
    this.#engine = new AlertEngine(settingsOf(config));
    const saved = parts.book.load();
    if (saved !== null) this.#engine.restore(saved, this.#now());
    this.#maintained = new Set(parts.sources.maintained());
    this.#lookAt = parts.clock.monotonic();
    this.#openChannels();
    this.#arm();
  }

  /** Told of every message, also of those that no channel hears. */
  onMessage(listener: (notification: Notification) => void): void {
    this.#listener = listener;
  }

  configure(config: AgentConfig): void {
    this.#config = config;
    this.#engine.configure(settingsOf(config));
    this.#openChannels();
    this.#step([]);
  }

  /** Anything that the engine knows, from whoever finds it out. */
  take(input: AlertInput): void {
    if (this.#isStopped) return;
    this.#inbox.push(input);
    this.#arm();
  }

  audited({ action, outcome, path }: AuditRecord): void {
    if (path === null || !action.startsWith("maintenance") || outcome === "refused") return;
    if (action === "maintenance on") this.#maintained.add(path);
    else this.#maintained.delete(path);
    this.take({ kind: "maintenance", paths: [...this.#maintained] });
  }

  /** An uplink came back, or traffic goes elsewhere: what waits may go now. */
  nudge(): void {
    this.#parts.queue.nudge();
  }

  firing(): readonly Alert[] {
    return this.#engine.firing();
  }

  states(): readonly AlertState[] {
    return this.#engine.states(this.#now());
  }

  /** Each channel with what waits for it. */
  channels(): readonly {
    readonly config: ChannelConfig;
    readonly queue: DestinationState | null;
  }[] {
    const { destinations } = this.#parts.queue.state();
    return [...this.#channels.values()].map(({ config }) => ({
      config,
      queue: destinations.find(({ name }) => name === lane(config.name)) ?? null,
    }));
  }

  history(query: NotificationQuery): NotificationPage {
    return this.#parts.book.history(query);
  }

  /** One attempt, past the queue. null: there is no such channel. */
  async test(name: string): Promise<Delivery | null> {
    const channel = this.#channels.get(name);
    if (channel === undefined) return null;
    const wall = unixMillis(Math.floor(this.#parts.clock.wall()));
    const signal = new AbortController().signal;
    return channel.send(this.#messageOf(testNotification(name, wall)), signal);
  }

  stop(): void {
    this.#step([]);
    this.#isStopped = true;
    this.#disarm();
    this.#parts.book.close();
  }

  // --- the loop ----------------------------------------------------------------------------------

  #now(): Now {
    const { clock } = this.#parts;
    return { at: clock.monotonic(), wall: clock.wall() };
  }

  #arm(): void {
    if (this.#isStopped) return;
    const now = this.#parts.clock.monotonic();
    const gather = this.#inbox.length > 0 ? after(now, GATHER) : null;
    let next = earliest(earliest(this.#engine.nextWakeup(), this.#lookAt), gather);
    for (const at of this.#resendAt.values()) next = earliest(next, at);
    // What is gathered leaves no later because more came.
    if (this.#armedFor !== null && next !== null && this.#armedFor <= next) return;
    this.#disarm();
    this.#armedFor = next;
    this.#disarm = next === null ? () => {} : this.#parts.timers.arm(next, () => this.#wake());
  }

  #wake(): void {
    this.#armedFor = null;
    const now = this.#parts.clock.monotonic();
    if (now >= this.#lookAt) {
      this.#lookAt = after(now, LOOK);
      this.#inbox.push(...this.#look());
    }
    this.#step([]);
    this.#resend(now);
    this.#arm();
  }

  #step(more: readonly AlertInput[]): void {
    const inputs = [...this.#inbox, ...more];
    this.#inbox = [];
    for (const effect of this.#engine.handle(inputs, this.#now())) this.#perform(effect);
    this.#arm();
  }

  #look(): AlertInput[] {
    const { sources } = this.#parts;
    return [
      { kind: "maintenance", paths: [...this.#maintained] },
      ...sources.paths().map(({ id, status, score }): AlertInput => {
        return { kind: "path", path: id, status, score, link: sources.linkDown(id) };
      }),
      ...sources.active().map((one): AlertInput => ({ kind: "active", ...one })),
      ...sources.stores().map((one): AlertInput => ({ kind: "store", ...one })),
      ...this.#newRestarts(),
    ];
  }

  /** The first report after our own start is the basis: earlier restarts were told, or are old. */
  #newRestarts(): AlertInput[] {
    const report = this.#parts.sources.processes();
    if (report === null) return [];
    const states: readonly (readonly [string, ProcessState])[] = [
      ["controller", report.controller],
      ["worker", report.worker],
    ];
    const before = this.#restarts;
    this.#restarts = new Map(states.map(([name, { restarts }]) => [name, restarts]));
    return states.flatMap(([name, { restarts, last_exit }]) => {
      const known = before.get(name);
      // Our own restart is the first thing that a new controller sees.
      const isOurs = this.#parts.isFresh && name === "controller" && restarts > 0;
      const isNew = known === undefined ? isOurs : restarts > known;
      return isNew ? [{ kind: "restarted", process: name, reason: last_exit ?? "" }] : [];
    });
  }

  // --- messages ----------------------------------------------------------------------------------

  #perform(effect: AlertEffect): void {
    switch (effect.kind) {
      case "notify":
        this.#enqueue(effect.channel, effect.notification, null);
        return;
      case "record":
        this.#parts.book.record(effect.notification);
        this.#tell(effect.notification);
        return;
      case "persist":
        this.#parts.book.save(effect.state);
        return;
      default:
        unreachable(effect);
    }
  }

  #tell(notification: Notification): void {
    const { log } = this.#parts;
    for (const { status, severity, summary, id } of notification.alerts) {
      const fields = { summary, severity, id };
      if (status === "resolved") log.info("alert resolved", fields);
      else log.warn("alert", fields);
    }
    this.#listener?.(notification);
  }

  /** `expiresAt`: it is a reminder, worthless when it is late; else on disk before we go on. */
  #enqueue(name: string, notification: Notification, expiresAt: UnixMillis | null): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    const entry: QueueEntry = {
      kind: "alert",
      id: notification.id,
      createdAt: notification.created_at_ms,
      body: new TextEncoder().encode(JSON.stringify(this.#messageOf(notification))),
      contentType: CONTENT_TYPE,
      expiresAt,
    };
    this.#parts.queue.enqueue(lane(name), entry, expiresAt === null);
    if (channel.config.type === "alertmanager") this.#remind(channel.config.resend_secs, name);
  }

  #messageOf(notification: Notification): Message {
    const { id: node_id, site } = this.#config.node;
    return { ...notification, node_id, site };
  }

  #remind(seconds: number, name: string): void {
    const at = after(this.#parts.clock.monotonic(), micros(seconds * US_PER_S));
    this.#resendAt.set(name, at);
  }

  /** Alertmanager forgets an alert that is not sent again. */
  #resend(now: Instant): void {
    for (const [name, at] of this.#resendAt) {
      if (now < at) continue;
      this.#resendAt.delete(name);
      const channel = this.#channels.get(name)?.config;
      if (channel?.type !== "alertmanager") continue;
      const alerts = this.#engine.firingOn(name);
      if (alerts.length === 0) continue;
      // Behind what waits it would only come too late.
      if (this.#isWaiting(name)) {
        this.#remind(channel.resend_secs, name);
        continue;
      }
      const wall = Math.floor(this.#parts.clock.wall());
      const reminder: Notification = {
        id: `${wall.toString(36)}-again-${++this.#resends}`,
        status: "firing",
        severity: alerts[0]?.severity ?? "info",
        created_at_ms: unixMillis(wall),
        alerts,
      };
      const expires = unixMillis(wall + channel.resend_secs * 1_000);
      this.#enqueue(name, reminder, expires);
    }
  }

  #isWaiting(name: string): boolean {
    const { destinations } = this.#parts.queue.state();
    return destinations.some((one) => one.name === lane(name) && one.items > 0);
  }

  #openChannels(): void {
    const { channels, max_age_secs, history } = alertsOf(this.#config);
    this.#parts.book.keep(history);
    const names = new Set(channels.map(({ name }) => name));
    for (const name of this.#channels.keys()) if (!names.has(name)) this.#channels.delete(name);
    for (const config of channels) {
      const text = JSON.stringify([config, max_age_secs]);
      if (this.#channels.get(config.name)?.text === text) continue;
      const send = this.#parts.open(config);
      this.#channels.set(config.name, { config, text, send });
      const limits = { maxBytes: MAX_BYTES, maxAgeMs: max_age_secs * 1_000 };
      this.#parts.queue.open({
        name: lane(config.name),
        send: senderOf(send),
        limits: { ...limits, replayPerSec: REPLAY_PER_SEC },
        backoff: BACKOFF,
      });
      if (config.type === "alertmanager") this.#remind(config.resend_secs, config.name);
    }
  }
}

/** Names the rows of a channel in the queue. */
function lane(channel: string): string {
  return `alert:${channel}`;
}

function senderOf(send: ChannelSender): Sender {
  return ({ body }, signal) => {
    // Our own body, in memory or from our own file.
    const message: Message = JSON.parse(new TextDecoder().decode(body));
    return send(message, signal);
  };
}
