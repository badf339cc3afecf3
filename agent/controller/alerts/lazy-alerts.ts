/**
 * Alerts, loaded when the configuration has a channel and not before. What happens until then is
 * looked at when they are there.
 */

import type { AlertsConfig, Notification } from "../../domain/alerts.ts";
import type { AgentConfig } from "../../domain/config.ts";
import type { AlertInput } from "../../engine/alerts/input.ts";
import type { AuditRecord, FailoverEvent } from "../../engine/failover/effect.ts";
import type { StoreHandle } from "../../io/store/handle.ts";
import type { AllDownEffect, FailoverListener } from "../failover/listener.ts";
import type { PathChange } from "../hooks/environment.ts";
import type { Clock, Log, Timers } from "../ports.ts";
import type { DurableQueue } from "../queue/ports.ts";
import type { Alerts } from "./alerts.ts";
import type { AlertSources } from "./sources.ts";

export interface LazyAlertParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly sources: AlertSources;
  readonly handle: StoreHandle;
  /** Told of every message, also of those that no channel hears. */
  onMessage(notification: Notification): void;
  /** Shared with telemetry: there is one file. */
  queue(config: AgentConfig): Promise<DurableQueue>;
}

export class LazyAlerts implements FailoverListener {
  readonly #parts: LazyAlertParts;
  #current: Alerts | null = null;
  #changes: Promise<void> = Promise.resolve();
  #isFresh = true;

  constructor(parts: LazyAlertParts) {
    this.#parts = parts;
  }

  /** null: nobody is told. */
  get current(): Alerts | null {
    return this.#current;
  }

  /** One change after the other: a second reload may come while the first still loads. */
  configure(config: AgentConfig): Promise<void> {
    this.#changes = this.#changes.then(() => this.#configure(config, config.alerts));
    return this.#changes;
  }

  statusChanged({ path, to, score }: PathChange): void {
    const link = this.#parts.sources.linkDown(path);
    this.take({ kind: "path", path, status: to, score, link });
    if (to === "up") this.#current?.nudge();
  }

  event(event: FailoverEvent): void {
    this.take({ kind: "failover", event });
  }

  allDown({ policy, family, phase }: AllDownEffect): void {
    this.take({ kind: "all-down", policy, family, phase });
  }

  audited(record: AuditRecord): void {
    this.#current?.audited(record);
  }

  switched(): void {
    this.#current?.nudge();
  }

  /** Budgets, updates and whatever else somebody finds out. */
  take(input: AlertInput): void {
    this.#current?.take(input);
  }

  /** Before the queue is stopped. */
  async stop(): Promise<void> {
    await this.#changes;
    this.#current?.stop();
    this.#current = null;
  }

  async #configure(config: AgentConfig, alerts: AlertsConfig | null): Promise<void> {
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    if (this.#current !== null) return this.#current.configure(config);
    if (alerts === null) return;
    const { clock, timers, log, sources, handle } = this.#parts;
    const queue = await this.#parts.queue(config);
    const { Alerts } = await import("./alerts.ts");
    const { SqliteAlertBook } = await import("../../io/store/alert-book.ts");
    const { channelOpener } = await import("../../io/alerts/channels.ts");
    const createRunner = async () =>
      (await import("../../io/hooks/runner.ts")).createHookRunner({ clock, timers });
    const open = channelOpener({ clock, createRunner });
    const book = new SqliteAlertBook(handle);
    const parts = { clock, timers, log, queue, book, sources, open, isFresh };
    this.#current = new Alerts(config, parts);
    this.#current.onMessage(this.#parts.onMessage);
    const names = alerts.channels.map(({ name }) => name).join(", ");
    log.info("alerts are told", { channels: names, rules: alerts.rules.length });
  }
}
