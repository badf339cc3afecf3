/** A scrape of the application with everything that it can tell. */

import type { QueueState } from "../../agent/controller/queue/ports.ts";
import type { AlertsView, ChannelBody } from "../../agent/io/http/alerts-view.ts";
import { createApp } from "../../agent/io/http/app.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeFailoverView } from "./fake-failover-view.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeView } from "./fake-view.ts";

const QUEUE: QueueState = {
  destinations: [
    {
      ...{ name: "otlp:default", state: "waiting", items: 3, bytes: 900, stored_items: 3 },
      ...{ oldest_age_secs: 7, delivered: 5, partial: 0, rejected: 0, retries: 1 },
      ...{ dropped: { age: 0, size: 0, disk: 0, corrupt: 0, refused: 0 } },
      ...{ last_success_ms: null, last_error: null, next_attempt_secs: 3 },
    },
  ],
  fault: null,
};

/** The second of two: the first has no duration of the one before. */
export async function scrapeOfEverything(): Promise<string> {
  const view = new FakeView();
  view.metrics.fill();
  const status = view.status();
  const store = { ...status.store, wal_octets: 4_120 };
  view.status = () => ({ ...status, store, queue: QUEUE });
  const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
  const failover = new FakeFailoverView();
  const paths = ["fiber", "lte"];
  const policy = { id: 1, name: "office", active: "lte", usingPrimary: false, failovers: 2 };
  const switches = { bounds: [0.001, 1], counts: [3, 4], count: 4, sum: 0.25 };
  failover.figures = { ...failover.figures, policies: [{ ...policy, paths }], switches };
  const rtt = {
    bounds: [0.5, 1],
    row: () => ({ counts: [1, 3], count: 4, sumSeconds: 2.5 }),
    exemplar: () => null,
  };
  const channel: ChannelBody = {
    ...{ name: "ops", type: "webhook", min_severity: "info", waiting: 0, delivered: 1 },
    ...{ oldest_age_secs: null, retries: 0, dropped: 0, last_success_ms: null, last_error: null },
  };
  const alerts: AlertsView = {
    list: () => [],
    channels: () => [channel],
    history: () => ({ records: [], next: null }),
    test: () => Promise.resolve(null),
  };
  const parts = { clock: new FakeClock(), log: new FakeLog(), failover, rtt, alerts };
  const app = createApp(view, { ...options, ...parts });
  await app.request("/metrics");
  return await (await app.request("/metrics")).text();
}
