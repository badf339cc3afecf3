/** What the HTTP surface may follow as it happens. */

import type { RecordedEvent } from "../../controller/failover/ports.ts";
import type { Notification } from "../../domain/alerts.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Status } from "../../domain/status.ts";
import type { UnixMillis } from "../../domain/units.ts";

/** `snapshot` comes with the clock, the others when something happens. */
export const STREAM_TYPES = ["status", "failover", "alert", "snapshot"] as const;
export type StreamType = (typeof STREAM_TYPES)[number];

export interface StatusChange {
  readonly path: PathId;
  readonly from: Status;
  readonly to: Status;
  readonly score: number | null;
  readonly at: UnixMillis;
}

export type Happening =
  | { readonly type: "status"; readonly change: StatusChange }
  | { readonly type: "failover"; readonly event: RecordedEvent }
  | { readonly type: "alert"; readonly notification: Notification };

export type StreamEvent = Happening & {
  /** Opaque, grows; of another run of the agent it is not known any more. */
  readonly id: string;
};

export interface StreamSink {
  event(event: StreamEvent): void;
  /** Every few seconds: a snapshot, or a sign of life. */
  tick(): void;
  /** The agent stops. */
  end(): void;
}

export interface Subscription {
  /** What came since the id that the client had last; all that is kept when that is not known. */
  readonly missed: readonly StreamEvent[];
  /** Events were lost between that id and `missed`. */
  readonly hasGap: boolean;
  close(): void;
}

export interface StreamSource {
  /** null: too many follow already. */
  subscribe(lastId: string | null, sink: StreamSink): Subscription | null;
}
