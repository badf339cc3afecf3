/** The composition root: builds the controller's parts in dependency order, decides nothing. */

import type { AgentConfig } from "../domain/config.ts";
import type { PathId } from "../domain/ids.ts";
import { pathId } from "../domain/ids.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import { micros, US_PER_S } from "../domain/units.ts";
import { Engine } from "../engine/engine.ts";
import type { AuditRecord } from "../engine/failover/effect.ts";
import { createClock, createTimers } from "../io/clock.ts";
import { coreBytes } from "../io/core-asset.ts";
import type { HttpOptions } from "../io/http/app.ts";
import { createApp } from "../io/http/app.ts";
import { serveHttp } from "../io/http/server.ts";
import { keyReader } from "../io/key-file.ts";
import { readMemoryRoom } from "../io/memory-room.ts";
import { createProcessLog } from "../io/process-log.ts";
import { processUsage } from "../io/process-usage.ts";
import { literalAddress, resolveName, scopeIdOf } from "../io/resolver.ts";
import { openRouteMemory, routeMemoryFile } from "../io/route-memory.ts";
import { readRxCount } from "../io/rx-counters.ts";
import { readToken } from "../io/token-file.ts";
import type { Scorer } from "../scoring/scorer.ts";
import { loadScorer } from "../scoring/wasm-scorer.ts";
import type { ProcessReport } from "../wire/frame.ts";
import type { UpdateOrder, UpdateReport } from "../wire/update-frames.ts";
import { Aggregator } from "./aggregator.ts";
import type { ClockGuard } from "./clock-guard.ts";
import { clockStep } from "./clock-step.ts";
import type { ApplyPlan } from "./current-plan.ts";
import { CurrentPlan } from "./current-plan.ts";
import { Driver } from "./driver.ts";
import type { FailoverPart } from "./failover/compose-failover.ts";
import { composeFailover } from "./failover/compose-failover.ts";
import type { FailoverBook } from "./failover/ports.ts";
import { composeFollowers } from "./followers.ts";
import { HealthReader } from "./health-reader.ts";
import { LazyNotices } from "./hooks/lazy-notices.ts";
import { KeptTotals } from "./kept-totals.ts";
import { faultsOf, MemoryWatch } from "./memory-watch.ts";
import { composeRtt } from "./metrics/rtt.ts";
import { Names } from "./names.ts";
import type { Clock, Log, Timers } from "./ports.ts";
import { VerdictHold } from "./probe-blocked/verdict-hold.ts";
import { logReload } from "./reload-log.ts";
import { RollupFeed } from "./rollup-feed.ts";
import type { SlaPart } from "./sla/compose-sla.ts";
import { composeSla } from "./sla/compose-sla.ts";
import { openStores } from "./stores.ts";
import { SuspicionNotes } from "./suspect-targets.ts";
import { TablePrinter } from "./table-printer.ts";
import { LazyTelemetry } from "./telemetry/lazy-telemetry.ts";
import { RttBook } from "./telemetry/rtt-book.ts";
import { telemetrySource } from "./telemetry/source.ts";
import { composeUpdates } from "./update/compose-updates.ts";
import type { LazyUpdates } from "./update/lazy-updates.ts";
import { createView } from "./view.ts";

/** What lies outside of this process. */
export interface Surroundings {
  sendToWorker(frame: Uint8Array): void;
  requestReload(): void;
  processes(): ProcessReport | null;
  /** To the supervisor. */
  orderUpdate(order: UpdateOrder): void;
}

export interface Agent {
  readonly driver: Driver;
  /** Takes a new configuration: paths and health at once, listeners and storage at a restart. */
  reconfigure(config: AgentConfig): void;
  updateReported(report: UpdateReport): void;
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
  const { driver, health, history, journal } = core;
  const httpProblems: string[] = [];
  const aggregator = new Aggregator({ clock, timers, journal, history });
  const view = createView({
    ...{ ...core, ...outside, clock, aggregator, usage: processUsage },
    current: () => current.value,
    problems: () => [...httpProblems, ...core.problems(), ...updates.problems()],
  });
  const updates = composeUpdates({
    ...{ ...basics, ...outside, ...core },
    config: () => current.value.config,
    isReady: () => view.ready().ready,
  });
  const options = { ...appOptions(config, basics), ...surfacesOf(core, updates) };
  const http = await serveHttp(createApp(view, options), config.http, log);
  httpProblems.push(...http.problems);
  current.follow();
  core.configure(config);
  updates.configure(config);
  core.sla.start();
  const printer = new TablePrinter({ clock, timers, health, display, write });
  if (display.table) printer.start();
  log.info("watching", { paths: config.paths.length, config: config.origin });
  for (const url of http.urls) log.info("serving", { url });
  return {
    driver,
    updateReported: updates.reported,
    reconfigure(next) {
      const before = current.value.config;
      current.replace(next);
      void notices.configure(next);
      core.configure(next);
      updates.configure(next);
      logReload(before, next, log);
    },
    async stop() {
      printer.stop();
      updates.stop();
      core.stream.stop();
      await http.stop();
      notices.stop();
      await core.alerts.stop();
      await core.telemetry.stop();
      core.stop();
    },
  };
}

/** What the core shows over HTTP. */
function surfacesOf(core: ReturnType<typeof composeCore>, { view: updates }: LazyUpdates) {
  const { failovers, sla, alertsView: alerts, stream, rtt } = core;
  return { failover: failovers.view, sla: sla.view, alerts, stream, rtt, updates };
}

interface CoreParts extends Surroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly current: CurrentPlan;
  readonly notices: LazyNotices;
}

interface MemoryParts extends CoreParts {
  readonly scorer: Scorer;
  failovers(): FailoverPart;
}

/** What was, in files that survive us; and the room for what is. */
function composeMemory(config: AgentConfig, parts: MemoryParts) {
  const { clock, timers, log, current, scorer, failovers } = parts;
  const basics = { clock, timers, log };
  const { journal, guard, book, slaBook } = openStores(config, {
    ...basics,
    isCalm: () => failovers().failover.isCalm,
    onPoliciesFound: () => failovers().configure(current.value),
  });
  const rtt = new RttBook(scorer);
  const history = new RollupFeed({
    ...{ ...basics, scorer: rtt, journal, guard, storage: config.storage },
    onClockStep: (seconds) => failovers().failover.audit(clockStep(seconds)),
  });
  const sla: SlaPart = composeSla({
    ...{ ...basics, journal, history, book, records: slaBook, guard },
    config: () => current.value.config,
    policies: () => failovers().failover.policies.map((policy) => policy.config),
    current: () => failovers().failover.maintenance,
  });
  const faults = () => faultsOf(processUsage, parts.processes());
  const room = new MemoryWatch({ ...basics, read: readMemoryRoom, faults });
  room.start();
  return { journal, guard, book, rtt, history, sla, room };
}

/** What probes, decides and remembers; everything else only looks at it. */
function composeCore(config: AgentConfig, parts: CoreParts) {
  const { clock, timers, log, current, notices } = parts;
  const basics = { clock, timers, log };
  const scorer = loadScorer(coreBytes());
  const engine = new Engine(scorer, {
    flushInterval: micros(config.storage.flush_interval_secs * US_PER_S),
  });
  const status = (path: number) => engine.status(path);
  const memory = composeMemory(config, { ...parts, scorer, failovers: () => failovers });
  const { journal, guard, book, rtt, history, sla, room } = memory;
  const times = composeRtt({ clock, rtt, current: () => current.value });
  const hold = openHold(parts, (path) => failovers.isActive(path));
  const health = new HealthReader({ clock, scorer, status, isBlocked: (row) => hold.isHeld(row) });
  const channel = { send: parts.sendToWorker };
  const telemetry = openTelemetry({
    ...{ ...basics, scorer, status, rtt, guard },
    current: () => current.value,
    policies: () => failovers.view.metrics().policies,
  });
  const followers = composeFollowers({
    ...{ ...basics, scorer, status, journal, book, telemetry, notices, sla },
    ...{ processes: parts.processes, current: () => current.value, failovers: () => failovers },
  });
  const failovers: FailoverPart = composeFailover({
    ...{ ...basics, scorer, status, channel, book },
    memory: openRouteMemory(routeMemoryFile(config.storage.path)),
    isDown: (path) => engine.isHardDown(path),
    listeners: [telemetry, ...followers.listeners],
    burst: (burst) => driver.burst(burst),
    current: () => current.value,
  });
  const driver: Driver = new Driver({
    ...{ ...basics, scorer, engine, journal, history, channel, health, hold },
    observer: times.tapped(failovers.failover),
    keys: keyReader(log),
    onTargetDead: (series) => current.doubt(series),
    onTargetSuspect: blame(current, (record) => failovers.failover.audit(record)),
    onStatusChange: followers.statusChanged,
  });
  const apply = planApplier({ scorer, rtt, health, history, driver, failovers, hold });
  const stop = () => {
    room.stop();
    history.stop();
    failovers.failover.stop();
    sla.stop();
    book.close();
    driver.stop();
  };
  const seen = { scorer, status, journal, history, health, failovers, driver, sla };
  return {
    ...{ ...seen, ...followers, telemetry, rtt: times.view, apply, stop },
    memory: room,
    problems: () =>
      [room, failovers, telemetry].flatMap((part) => part.problems()).concat(told(book)),
    configure(next: AgentConfig) {
      void telemetry.configure(next);
      void followers.alerts.configure(next);
    },
  };
}

type TelemetryInputs = Parameters<typeof telemetrySource>[0] &
  Pick<CoreParts, "clock" | "timers" | "log"> & {
    readonly rtt: RttBook;
    readonly guard: ClockGuard;
  };

function openTelemetry(parts: TelemetryInputs): LazyTelemetry {
  const { clock, timers, log, guard, rtt } = parts;
  return new LazyTelemetry({
    ...{ clock, timers, log },
    source: telemetrySource(parts),
    isClockSane: () => guard.isSane,
    isClockTrusted: () => guard.isTrusted,
    openRtt: () => rtt.open(),
  });
}

/** What is wrong with the book of events, as sentences. */
function told({ state: { store } }: Pick<FailoverBook, "state">): readonly string[] {
  return store.kind === "failing" ? [`events are not stored: ${store.reason}`] : [];
}

/** The row of a path is its place in the configuration. */
function openHold(parts: CoreParts, isActive: (path: PathId) => boolean): VerdictHold {
  const { clock, timers, current } = parts;
  return new VerdictHold({
    ...{ clock, timers, read: readRxCount },
    isActive(row) {
      const path = current.value.config.paths[row];
      return path !== undefined && isActive(pathId(path.id));
    },
  });
}

/** Into the audit, once for all paths that ask the target. */
function blame(current: CurrentPlan, audit: (record: AuditRecord) => void) {
  const notes = new SuspicionNotes();
  return (series: number, isSuspect: boolean) => {
    const { host } = current.value.plan.series[series]?.target ?? { host: "" };
    const note = notes.note(host, isSuspect);
    if (note !== null) audit(note);
  };
}

interface Planned {
  readonly scorer: Scorer;
  readonly rtt: RttBook;
  readonly health: HealthReader;
  readonly history: RollupFeed;
  readonly driver: Driver;
  readonly failovers: FailoverPart;
  readonly hold: VerdictHold;
}

function planApplier(parts: Planned): ApplyPlan {
  const { scorer, rtt, health, history, driver, failovers, hold } = parts;
  const totals = new KeptTotals(scorer);
  return (applied, moved) => {
    const { config, plan } = applied;
    health.configure(config, plan);
    if (moved !== null) driver.readdress(plan, moved);
    else {
      const change = () => totals.across(applied, () => driver.applyPlan(plan));
      const ids = config.paths.map(({ id }) => id);
      history.retable(config.paths, () => rtt.across(ids, change));
      hold.configure(config.paths);
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
    clients: http.clients.flatMap(({ name, role, token_file }) => {
      const token = readToken(token_file, log);
      return token === null ? [] : [{ name, role, token }];
    }),
    // Who has a certificate of our authority is not anonymous.
    anonymousRead: http.allow_anonymous_read || (http.tls?.client_ca_file ?? null) !== null,
  };
}

function write(text: string): void {
  process.stdout.write(text);
}
