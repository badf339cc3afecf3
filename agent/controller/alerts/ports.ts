/** The seams of the alerts: how a message leaves by a channel, and where they are remembered. */

import type { ChannelConfig, Message, Notification, Severity } from "../../domain/alerts.ts";
import type { SavedAlerts } from "../../engine/alerts/persisted.ts";
import type { Delivery } from "../queue/ports.ts";

/** Never rejects. `signal` ends an attempt that nobody waits for. */
export type ChannelSender = (message: Message, signal: AbortSignal) => Promise<Delivery>;

/** Secrets are read from their files for each message: a new one needs no restart. */
export type OpenChannel = (config: ChannelConfig) => ChannelSender;

export interface RecordedNotification extends Notification {
  /** Grows. */
  readonly record: number;
}

export interface NotificationPage {
  /** Newest first. */
  readonly records: readonly RecordedNotification[];
  /** The cursor of the next page; null: this was the last one. */
  readonly next: number | null;
}

export interface NotificationQuery {
  readonly limit: number;
  /** Only records before this one; null: from the newest. */
  readonly cursor: number | null;
  readonly severity: Severity | null;
}

/** Outlives its disk: nothing here throws for a fault of it or waits for it. */
export interface AlertBook {
  /** Of the last run; null: there is none that can be read. */
  load(): SavedAlerts | null;
  save(state: SavedAlerts): void;
  /** Keeps it among the newest. */
  record(notification: Notification): void;
  history(query: NotificationQuery): NotificationPage;
  /** How many are kept. */
  keep(count: number): void;
  close(): void;
}
