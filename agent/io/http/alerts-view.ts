/** What the HTTP surface may ask of the alerts, in the very members that it sends. */

import type { Alert, Notification, Severity } from "../../domain/alerts.ts";

export interface AlertBody extends Alert {
  /** waiting: not long enough yet; hidden: explained by another; muted: maintenance or quiet. */
  readonly state: "firing" | "waiting" | "hidden" | "muted" | "ending";
}

export interface ChannelBody {
  readonly name: string;
  readonly type: string;
  readonly min_severity: Severity;
  /** What waits for delivery. */
  readonly waiting: number;
  readonly oldest_age_secs: number | null;
  readonly delivered: number;
  readonly retries: number;
  /** Given up: refused, too old, or no room. */
  readonly dropped: number;
  readonly last_success_ms: number | null;
  readonly last_error: string | null;
}

export interface MessageBody extends Notification {
  readonly record: number;
}

export interface HistoryAsk {
  readonly limit: number;
  readonly cursor: number | null;
  readonly severity: Severity | null;
}

export interface TestBody {
  readonly channel: string;
  readonly outcome: "delivered" | "retry" | "refused";
  /** What the receiver said; empty: nothing. */
  readonly detail: string;
}

export interface AlertsView {
  list(): readonly AlertBody[];
  channels(): readonly ChannelBody[];
  history(ask: HistoryAsk): {
    readonly records: readonly MessageBody[];
    readonly next: number | null;
  };
  /** null: there is no such channel. */
  test(channel: string): Promise<TestBody | null>;
}
