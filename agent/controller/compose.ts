/** The composition root: builds the controller's parts in dependency order, decides nothing. */

import type { AgentConfig } from "../domain/config.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import { micros, US_PER_S } from "../domain/units.ts";
import { Engine } from "../engine/engine.ts";
import { createClock, createTimers } from "../io/clock.ts";
import { coreBytes } from "../io/core-asset.ts";
import type { HttpOptions } from "../io/http/app.ts";
import { createApp } from "../io/http/app.ts";
import { serveHttp } from "../io/http/server.ts";
import { keyReader } from "../io/key-file.ts";
import { createProcessLog } from "../io/process-log.ts";
import { literalAddress, resolveName, scopeIdOf } from "../io/resolver.ts";
import { openRouteMemory, routeMemoryFile } from "../io/route-memory.ts";
import { readToken } from "../io/token-file.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { loadScorer } from "../scoring/wasm-scorer.ts";
import type { ProcessReport } from "../wire/frame.ts";
import { Aggregator } from "./aggregator.ts";
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
import { logReload } from "./reload-log.ts";
import { RollupFeed } from "./rollup-feed.ts";
import { openStores } from "./stores.ts";
import { TablePrinter } from "./table-printer.ts";
import { LazyTelemetry } from "./telemetry/lazy-telemetry.ts";
import { RttBook } from "./telemetry/rtt-book.ts";
import { telemetrySource } from "./telemetry/source.ts";
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
  const clock = createClock();
  const timers = createTimers(clock);
  const log = createProcessLog("controller", display);
  const basics = { clock, timers, log };
  const names = new Names({ ...basics, literal: literalAddress, resolve: resolveName });
  const addresses = { known: names.known, scopeOf: scopeIdOf };
  const apply: ApplyPlan = (applied, moved) => core.apply(applied, moved);
  const current = new CurrentPlan(config, { names, addresses }, apply);
  const notices = await LazyNotices.open(config, basics);
  const core = composeCore(config, { ...basics, ...outside, current, notices });
  const { driver, failovers, health, history, journal } = core;
  const httpProblems: string[] = [];
  const aggregator = new Aggregator({ clock, timers, journal, history });
  const view = createView({
    ...{ ...core, ...outside, clock, aggregator },
    current: () => current.value,
    queue: () => core.telemetry.state,
    problems: () => [
      ...httpProblems,
      ...failovers.problems(),
      ...core.bookProblems(),
      ...core.telemetry.problems(),
    ],
  });
  const options = { ...appOptions(config, basics), failover: failovers.view };
  const http = await serveHttp(createApp(view, options), config.http, log);
  httpProblems.push(...http.problems);
  current.follow();
  void core.telemetry.configure(config);
  const printer = new TablePrinter({ clock, timers, health, display, write });
  if (display.table) printer.start();
  log.info("watching", { paths: config.paths.length, config: config.origin });
  for (const url of http.urls) log.info("serving", { url });
  return {
    driver,
    reconfigure(next) {
      const before = current.value.config;
      current.replace(next);
      void notices.configure(next);
      void core.telemetry.configure(next);
      logReload(before, next, log);
    },
    async stop() {
      printer.stop();
      await http.stop();
      notices.stop();
      await core.telemetry.stop();
      core.stop();
    },
  };
}

interface CoreParts extends Surroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly current: CurrentPlan;
  readonly notices: LazyNotices;
}

/** What probes, decides and remembers; everything else only looks at it. */
function composeCore(config: AgentConfig, parts: CoreParts) {
  const { clock, timers, log, current, notices } = parts;
  const basics = { clock, timers, log };
  const { storage } = config;
  const scorer = loadScorer(coreBytes());
  const flushInterval = micros(storage.flush_interval_secs * US_PER_S);
  const engine = new Engine(scorer, { flushInterval });
  const status = (path: number) => engine.status(path);
  const { journal, guard, book } = openStores(config, {
    ...basics,
    isCalm: () => failovers.failover.isCalm,
    onPoliciesFound: () => failovers.configure(current.value),
  });
  const rtt = new RttBook(scorer);
  const history = new RollupFeed({ ...basics, scorer: rtt, journal, guard, storage });
  const health = new HealthReader({ clock, scorer, status });
  const channel = { send: parts.sendToWorker };
  const telemetry = new LazyTelemetry({
    ...basics,
    source: telemetrySource({
      ...{ scorer, status, rtt },
      current: () => current.value,
      policies: () => failovers.view.metrics().policies,
    }),
    isClockSane: () => guard.isSane,
    isClockTrusted: () => guard.isTrusted,
    openRtt: () => rtt.open(),
  });
  const failovers: FailoverPart = composeFailover({
    ...{ ...basics, scorer, status, channel, book },
    memory: openRouteMemory(routeMemoryFile(storage.path)),
    isDown: (path) => engine.isHardDown(path),
    listeners: [notices, telemetry],
    burst: (burst) => driver.burst(burst),
    current: () => current.value,
  });
  const driver: Driver = new Driver({
    ...{ ...basics, scorer, engine, journal, history, channel, health },
    observer: failovers.failover,
    keys: keyReader(log),
    onTargetDead: (series) => current.doubt(series),
    onStatusChange: (change) => notices.statusChanged(change, failovers.failover),
  });
  const apply = planApplier({ scorer, rtt, health, history, driver, failovers });
  const stop = () => {
    history.stop();
    failovers.failover.stop();
    book.close();
    driver.stop();
  };
  const bookProblems = () =>
    book.state.store.kind === "failing"
      ? [`events are not stored: ${book.state.store.reason}`]
      : [];
  const core = { telemetry, scorer, status, journal, history, health, failovers, driver };
  return { ...core, apply, bookProblems, stop };
}

interface Planned {
  readonly scorer: Scorer;
  readonly rtt: RttBook;
  readonly health: HealthReader;
  readonly history: RollupFeed;
  readonly driver: Driver;
  readonly failovers: FailoverPart;
}

function planApplier({ scorer, rtt, health, history, driver, failovers }: Planned): ApplyPlan {
  const totals = new KeptTotals(scorer);
  return (applied, moved) => {
    const { config, plan } = applied;
    health.configure(config, plan);
    if (moved !== null) driver.readdress(plan, moved);
    else {
      const change = () => totals.across(applied, () => driver.applyPlan(plan));
      const ids = config.paths.map(({ id }) => id);
      history.retable(config.paths, () => rtt.across(ids, change));
    }
    failovers.configure(applied);
  };
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
    // Who has a certificate of our authority is not anonymous.
    anonymousRead: http.allow_anonymous_read || (http.tls?.client_ca_file ?? null) !== null,
  };
}

function write(text: string): void {
  process.stdout.write(text);
}
