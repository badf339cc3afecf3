/** The composition root: builds the controller's parts in dependency order, decides nothing. */

import type { AgentConfig } from "../domain/config.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import { micros, US_PER_S } from "../domain/units.ts";
import { Engine } from "../engine/engine.ts";
import { createClock, createTimers } from "../io/clock.ts";
import { coreBytes } from "../io/core-asset.ts";
import { createApp } from "../io/http/app.ts";
import { serveHttp } from "../io/http/server.ts";
import { keyReader } from "../io/key-file.ts";
import { createProcessLog } from "../io/process-log.ts";
import { literalAddress, resolveName, scopeIdOf } from "../io/resolver.ts";
import { SqliteJournal } from "../io/store/journal.ts";
import { readToken } from "../io/token-file.ts";
import { loadScorer } from "../scoring/wasm-scorer.ts";
import type { ProcessReport } from "../wire/frame.ts";
import { CurrentPlan } from "./current-plan.ts";
import { Driver } from "./driver.ts";
import { HealthReader } from "./health-reader.ts";
import { Names } from "./names.ts";
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
  const clock = createClock();
  const timers = createTimers(clock);
  const log = createProcessLog("controller", display);
  const scorer = loadScorer(coreBytes());
  const engine = new Engine(scorer, {
    flushInterval: micros(config.storage.flush_interval_secs * US_PER_S),
  });
  const status = (path: number) => engine.status(path);
  const journal = new SqliteJournal({
    path: config.storage.path,
    maxSizeMb: config.storage.max_size_mb,
    clock,
    timers,
    log,
    isCalm: () => true, // no policy moves traffic yet
  });
  const channel = { send: outside.sendToWorker };
  const health = new HealthReader({ clock, scorer, status });
  const keys = keyReader(log);
  const driver = new Driver({ clock, timers, log, scorer, engine, journal, channel, health, keys });
  const names = new Names({ clock, timers, log, literal: literalAddress, resolve: resolveName });
  const addresses = { known: names.known, scopeOf: scopeIdOf };
  const current = new CurrentPlan(config, { names, addresses }, (applied, moved) => {
    health.configure(applied.config, applied.plan);
    if (moved === null) driver.applyPlan(applied.plan);
    else driver.readdress(applied.plan, moved);
  });
  const httpProblems: string[] = [];
  const parts = { clock, scorer, driver, health, journal, status, httpProblems };
  const view = createView({ ...parts, ...outside, current: () => current.value });
  const app = createApp(view, {
    clock,
    log,
    listen: config.http.listen,
    allowedHosts: config.http.allowed_hosts,
    token: readToken(config.http.token_file, log),
    anonymousRead: config.http.allow_anonymous_read,
  });
  const http = await serveHttp(app, config.http, log);
  httpProblems.push(...http.problems);
  current.follow();
  const printer = new TablePrinter({ clock, timers, health, display, write });
  if (display.table) printer.start();
  log.info("watching", { paths: config.paths.length, config: config.origin });
  for (const url of http.urls) log.info("serving", { url });
  return {
    driver,
    reconfigure(next) {
      current.replace(next);
      log.info("configuration reloaded", { paths: next.paths.length });
    },
    async stop() {
      printer.stop();
      await http.stop();
      driver.stop();
    },
  };
}

function write(text: string): void {
  process.stdout.write(text);
}
