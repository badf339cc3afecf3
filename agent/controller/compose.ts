/** The composition root: builds the controller's parts in dependency order, decides nothing. */

import { FakeFailoverBook } from "../../tests/support/fake-failover-book.ts";
import type { AgentConfig } from "../domain/config.ts";
import { planRetention } from "../domain/retention.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import { micros, US_PER_S } from "../domain/units.ts";
import { Engine } from "../engine/engine.ts";
import { createClock, createTimers, isClockSynchronised } from "../io/clock.ts";
import { coreBytes } from "../io/core-asset.ts";
import type { HttpOptions } from "../io/http/app.ts";
import { createApp } from "../io/http/app.ts";
import { serveHttp } from "../io/http/server.ts";
import { keyReader } from "../io/key-file.ts";
import { createProcessLog } from "../io/process-log.ts";
import { literalAddress, resolveName, scopeIdOf } from "../io/resolver.ts";
import { SqliteJournal } from "../io/store/journal.ts";
import { readToken } from "../io/token-file.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { loadScorer } from "../scoring/wasm-scorer.ts";
import type { ProcessReport } from "../wire/frame.ts";
import { Aggregator } from "./aggregator.ts";
import { ClockGuard } from "./clock-guard.ts";
import type { ApplyPlan } from "./current-plan.ts";
import { CurrentPlan } from "./current-plan.ts";
import { Driver } from "./driver.ts";
import type { FailoverPart } from "./failover/compose-failover.ts";
import { composeFailover } from "./failover/compose-failover.ts";
import { HealthReader } from "./health-reader.ts";
import { LazyNotices } from "./hooks/lazy-notices.ts";
import { KeptTotals } from "./kept-totals.ts";
import { Names } from "./names.ts";
import type { Clock, Log, Timers } from "./ports.ts";
import { RollupFeed } from "./rollup-feed.ts";
import { TablePrinter } from "./table-printer.ts";
import { createView } from "./view.ts";

/** What lies outside of this process. */
export interface Surroundings {
  sendToWorker(frame: Uint8Array): void;
  requestReload(): void;
  processes(): ProcessReport | null;
}

export interface Agent {
  readonly driver: Driver;
  /** Takes a new configuration: paths and health at once, listeners and storage at a restart. */
  reconfigure(config: AgentConfig): void;
  stop(): Promise<void>;
}

export async function compose(runPlan: RunPlan, outside: Surroundings): Promise<Agent> {
  const { config, display } = runPlan;
  const { storage } = config;
  const clock = createClock();
  const timers = createTimers(clock);
  const log = createProcessLog("controller", display);
  const scorer = loadScorer(coreBytes());
  const engine = new Engine(scorer, {
    flushInterval: micros(storage.flush_interval_secs * US_PER_S),
  });
  const status = (path: number) => engine.status(path);
  const { journal, guard } = openJournal(config, { clock, timers, log });
  const history = new RollupFeed({ clock, timers, log, scorer, journal, guard, storage });
  const health = new HealthReader({ clock, scorer, status });
  const names = new Names({ clock, timers, log, literal: literalAddress, resolve: resolveName });
  const failovers = composeFailover({
    clock,
    timers,
    log,
    scorer,
    status,
    isDown: (path) => engine.isHardDown(path),
    channel: { send: outside.sendToWorker },
    book: new FakeFailoverBook(),
    memory: { load: () => null, save() {} },
    listeners: [],
    burst: (burst) => driver.burst(burst),
    current: () => current.value,
  });
  const driver: Driver = new Driver({
    observer: failovers.failover,
    clock,
    timers,
    log,
    scorer,
    engine,
    journal,
    history,
    channel: { send: outside.sendToWorker },
    health,
    keys: keyReader(log),
    onTargetDead: (series) => current.doubt(series),
  });
  const addresses = { known: names.known, scopeOf: scopeIdOf };
  const apply = planApplier({ scorer, health, history, driver, failovers });
  const current = new CurrentPlan(config, { names, addresses }, apply);
  const httpProblems: string[] = [];
  const aggregator = new Aggregator({ clock, timers, journal, history });
  const parts = { clock, scorer, driver, health, journal, aggregator, status, httpProblems };
  const view = createView({ ...parts, ...outside, current: () => current.value });
  const app = createApp(view, appOptions(config, { clock, log }));
  const http = await serveHttp(app, config.http, log);
  httpProblems.push(...http.problems);
  current.follow();
  const notices = await LazyNotices.open(config, { clock, timers, log });
  const printer = new TablePrinter({ clock, timers, health, display, write });
  if (display.table) printer.start();
  log.info("watching", { paths: config.paths.length, config: config.origin });
  for (const url of http.urls) log.info("serving", { url });
  return {
    driver,
    reconfigure(next) {
      current.replace(next);
      void notices.configure(next);
      log.info("configuration reloaded", { paths: next.paths.length });
    },
    async stop() {
      printer.stop();
      notices.stop();
      await http.stop();
      history.stop();
      failovers.failover.stop();
      driver.stop();
    },
  };
}

interface Planned {
  readonly scorer: Scorer;
  readonly health: HealthReader;
  readonly history: RollupFeed;
  readonly driver: Driver;
  readonly failovers: FailoverPart;
}

function planApplier({ scorer, health, history, driver, failovers }: Planned): ApplyPlan {
  const totals = new KeptTotals(scorer);
  return (applied, moved) => {
    const { config, plan } = applied;
    health.configure(config, plan);
    if (moved !== null) driver.readdress(plan, moved);
    else history.retable(config.paths, () => totals.across(applied, () => driver.applyPlan(plan)));
    failovers.configure(applied);
  };
}

function openJournal(
  config: AgentConfig,
  parts: { readonly clock: Clock; readonly timers: Timers; readonly log: Log },
): { readonly journal: SqliteJournal; readonly guard: ClockGuard } {
  const journal = new SqliteJournal({
    path: config.storage.path,
    maxSizeMb: config.storage.max_size_mb,
    ...parts,
    plan: () => planRetention(config),
    isClockTrusted: () => guard.isTrusted,
    isCalm: () => true,
  });
  const guard = new ClockGuard({
    clock: parts.clock,
    isSynchronised: isClockSynchronised,
    newestStored: () => journal.newestStored,
  });
  return { journal, guard };
}

function appOptions(
  { http }: AgentConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): HttpOptions {
  return {
    clock,
    log,
    listen: http.listen,
    allowedHosts: http.allowed_hosts,
    token: readToken(http.token_file, log),
    anonymousRead: http.allow_anonymous_read,
  };
}

function write(text: string): void {
  process.stdout.write(text);
}
