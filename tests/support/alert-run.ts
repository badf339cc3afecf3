/** Alerts over the real queue and its file, with sources that a test sets. */

import { join } from "node:path";
import { DEFAULT_RULES } from "../../agent/config/alerts.ts";
import { Alerts } from "../../agent/controller/alerts/alerts.ts";
import type { AlertSources } from "../../agent/controller/alerts/sources.ts";
import { OutboundQueue } from "../../agent/controller/queue/queue.ts";
import type { AlertsConfig, ChannelConfig } from "../../agent/domain/alerts.ts";
import type { AgentConfig } from "../../agent/domain/config.ts";
import type { PathId } from "../../agent/domain/ids.ts";
import type { Status } from "../../agent/domain/status.ts";
import { channelOpener } from "../../agent/io/alerts/channels.ts";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { createHookRunner } from "../../agent/io/hooks/runner.ts";
import { SqliteAlertBook } from "../../agent/io/store/alert-book.ts";
import { StoreHandle } from "../../agent/io/store/handle.ts";
import { QueueFile } from "../../agent/io/store/queue/queue-file.ts";
import { agentConfig, pathConfig } from "./configs.ts";
import { FakeLog } from "./fake-log.ts";

export class FakeSources implements AlertSources {
  readonly statuses = new Map<PathId, Status>();
  readonly links = new Map<PathId, string>();
  readonly faults = new Map<string, string>();
  activePaths: ReturnType<AlertSources["active"]> = [];
  inMaintenance: readonly PathId[] = [];
  report: ReturnType<AlertSources["processes"]> = null;

  paths() {
    return [...this.statuses].map(([id, status]) => ({ id, status, score: 50 }));
  }
  linkDown(path: PathId) {
    return this.links.get(path) ?? null;
  }
  active() {
    return this.activePaths;
  }
  maintained() {
    return this.inMaintenance;
  }
  processes() {
    return this.report;
  }
  stores() {
    return [{ store: "history", fault: this.faults.get("history") ?? null }];
  }
}

export function alertsConfig(
  channels: readonly ChannelConfig[],
  over: Partial<AlertsConfig> = {},
): AgentConfig {
  const base = { rules: DEFAULT_RULES, group_secs: 0, quiet_hours: [], history: 100 };
  return {
    ...agentConfig([pathConfig("fiber", ["192.0.2.1"]), pathConfig("lte", ["192.0.2.2"])]),
    alerts: { channels, ...base, max_age_secs: 3_600, ...over },
  };
}

/** One life of the process, on real clocks, files in `folder`. */
export function startAlerts(folder: string, config: AgentConfig) {
  const clock = createClock();
  const timers = createTimers(clock);
  const log = new FakeLog();
  const store = new QueueFile({ path: join(folder, "queue.db"), maxBytes: 1 << 20, clock });
  const queue = new OutboundQueue({
    ...{ clock, timers, log, store },
    random: () => 0.5,
    isClockTrusted: () => true,
  });
  const path = join(folder, "patronus.db");
  const handle = new StoreHandle({ path, maxSizeMb: 16, clock, log, isHeld: () => false });
  handle.open(1_000);
  const sources = new FakeSources();
  const createRunner = () => Promise.resolve(createHookRunner({ clock, timers }));
  const alerts = new Alerts(config, {
    ...{ clock, timers, log, queue, sources },
    book: new SqliteAlertBook(handle),
    open: channelOpener({ clock, createRunner }),
    isFresh: true,
  });
  const stop = async () => {
    alerts.stop();
    await queue.stop();
    handle.close();
  };
  return { alerts, queue, sources, log, clock, stop };
}

export async function until(ready: () => boolean | Promise<boolean>, ms = 8_000): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += 10) {
    if (await ready()) return true;
    await Bun.sleep(10);
  }
  return false;
}
