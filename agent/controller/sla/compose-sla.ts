/** Builds the SLA part: what it keeps, who tells it, and the desk, which loads when asked. */

import type { AgentConfig, PolicyConfig } from "../../domain/config.ts";
import { unixSeconds } from "../../domain/units.ts";
import type { SlaView } from "../../io/http/sla-view.ts";
import type { FailoverListener } from "../failover/listener.ts";
import type { FailoverBook } from "../failover/ports.ts";
import type { Clock, Log, StatusChange, Timers } from "../ports.ts";
import type { BudgetListener } from "./budget-watch.ts";
import { BudgetWatch } from "./budget-watch.ts";
import type { SlaDesk } from "./desk.ts";
import type { MaintenanceKeeperParts } from "./maintenance-keeper.ts";
import { MaintenanceKeeper } from "./maintenance-keeper.ts";
import type { MaintenanceLog, StatusLog } from "./ports.ts";
import type { SliceSources } from "./slices.ts";

export interface SlaParts extends Pick<MaintenanceKeeperParts, "current"> {
  readonly guard: { readonly isSane: boolean };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly journal: SliceSources["journal"];
  readonly history: SliceSources["history"];
  readonly book: Pick<FailoverBook, "events">;
  readonly records: MaintenanceLog & StatusLog & { close(): void };
  config(): AgentConfig;
  policies(): readonly PolicyConfig[];
}

export interface SlaPart {
  readonly view: SlaView;
  /** Hears at once that a path went into maintenance. */
  readonly listener: FailoverListener;
  statusChanged(change: StatusChange): void;
  /** Who wants to know of budgets that burn too fast. */
  watchBudgets(listener: BudgetListener): void;
  start(): void;
  stop(): void;
}

export function composeSla(parts: SlaParts): SlaPart {
  const { clock, timers, records, guard } = parts;
  const isClockSane = () => guard.isSane;
  const keeper = new MaintenanceKeeper({ ...parts, isClockSane, log: records });
  const turn = () =>
    new Promise<void>((resolve) => {
      timers.arm(clock.monotonic(), resolve);
    });
  let desk: SlaDesk | null = null;
  const opened = async (): Promise<SlaDesk> => {
    if (desk === null) {
      const { SlaDesk } = await import("./desk.ts");
      desk = new SlaDesk({ ...parts, turn });
    }
    return desk;
  };
  const burns = async () => (await opened()).burns();
  const watch = new BudgetWatch({ ...parts, burns });
  return {
    view: { report: async (query) => (await opened()).report(query) },
    watchBudgets: (listener) => watch.listen(listener),
    listener: {
      event() {},
      allDown() {},
      // The record comes before the order is in force everywhere.
      audited: () => void timers.arm(clock.monotonic(), () => keeper.look()),
      switched() {},
    },
    statusChanged({ path, to, cause }) {
      if (!isClockSane()) return;
      records.mark({ path, at: unixSeconds(clock.wall() / 1_000), status: to, cause });
    },
    start() {
      keeper.start();
      watch.start();
    },
    stop() {
      watch.stop();
      keeper.stop();
      records.close();
    },
  };
}
