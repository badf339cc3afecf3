/** Remembers alerts in memory. */

import type {
  AlertBook,
  NotificationPage,
  NotificationQuery,
} from "../../agent/controller/alerts/ports.ts";
import type { Notification } from "../../agent/domain/alerts.ts";
import type { SavedAlerts } from "../../agent/engine/alerts/persisted.ts";

export class FakeAlertBook implements AlertBook {
  saved: SavedAlerts | null = null;
  kept = 0;
  readonly records: Notification[] = [];

  load(): SavedAlerts | null {
    return this.saved;
  }
  save(state: SavedAlerts): void {
    this.saved = state;
  }
  record(notification: Notification): void {
    this.records.push(notification);
  }
  history({ limit }: NotificationQuery): NotificationPage {
    const records = this.records.map((one, i) => ({ ...one, record: i + 1 })).reverse();
    return { records: records.slice(0, limit), next: null };
  }
  keep(count: number): void {
    this.kept = count;
  }
  close(): void {}
}
