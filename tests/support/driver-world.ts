/** A driver between fakes, with two paths of one target each. */

import { Driver } from "../../agent/controller/driver.ts";
import { HealthReader } from "../../agent/controller/health-reader.ts";
import { VerdictHold } from "../../agent/controller/probe-blocked/verdict-hold.ts";
import { planProbes } from "../../agent/controller/probe-table.ts";
import { parseAddress } from "../../agent/domain/address.ts";
import { micros, US_PER_S } from "../../agent/domain/units.ts";
import { Engine } from "../../agent/engine/engine.ts";
import { readHeader } from "../../agent/wire/frame.ts";
import { encodeVerdict } from "../../agent/wire/verdict.ts";
import { agentConfig, pathConfig } from "./configs.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeFeed } from "./fake-feed.ts";
import { FakeJournal } from "./fake-journal.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeObserver } from "./fake-observer.ts";
import { FakeScorer } from "./fake-scorer.ts";
import type { OutcomeSpec } from "./frames.ts";
import { outcomeFrame } from "./frames.ts";

export const GENERATION = 7;

export function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const journal = new FakeJournal();
  const scorer = new FakeScorer(2);
  const sent: Uint8Array[] = [];
  const deadTargets: number[] = [];
  const suspicions: [number, boolean][] = [];
  const changes: string[] = [];
  const engine = new Engine(scorer, { flushInterval: micros(300 * US_PER_S) });
  const rx = { packets: 0, active: true };
  const hold = new VerdictHold({
    ...{ clock, timers: clock, read: () => ({ packets: rx.packets, multicast: 0 }) },
    isActive: () => rx.active,
  });
  const isBlocked = (path: number) => hold.isHeld(path);
  const status = (path: number) => engine.status(path);
  const health = new HealthReader({ clock, scorer, status, isBlocked });
  const history = new FakeFeed(journal);
  const channel = { send: (frame: Uint8Array) => sent.push(frame) };
  const observer = new FakeObserver();
  const driver = new Driver({
    observer,
    hold,
    clock,
    timers: clock,
    log,
    scorer,
    engine,
    journal,
    history,
    channel,
    health,
    onTargetDead: (series) => deadTargets.push(series),
    onTargetSuspect: (series, isSuspect) => suspicions.push([series, isSuspect]),
    onStatusChange: ({ path, from, to, cause }) => changes.push([path, from, to, cause].join(" ")),
    keys: (path) => (path === "/key" ? new TextEncoder().encode("secret") : null),
  });
  const config = agentConfig([pathConfig("a", ["192.0.2.1"]), pathConfig("b", ["192.0.2.2"])]);
  const known = new Map(
    ["192.0.2.1", "192.0.2.2"].flatMap((host) => {
      const address = parseAddress(host);
      return address === null ? [] : [[`any ${host}`, address] as const];
    }),
  );
  const plan = planProbes(config, { known, scopeOf: () => 0 });
  health.configure(config, plan);
  driver.applyPlan(plan);
  const epoch = () => readHeader(sent.at(-1) ?? new Uint8Array())?.aux ?? -1;
  const outcomes = (...list: Omit<OutcomeSpec, "sentUs">[]) =>
    outcomeFrame(
      { generation: GENERATION, epoch: epoch() },
      list.map((outcome) => ({ ...outcome, sentUs: clock.monotonic() })),
    );
  const verdict = (kind: number, index: number, sinceUs = 0) =>
    encodeVerdict(epoch(), GENERATION, { kind, index, sinceUs, atUs: clock.monotonic() });
  return {
    clock,
    log,
    journal,
    scorer,
    sent,
    engine,
    driver,
    epoch,
    outcomes,
    plan,
    health,
    verdict,
    deadTargets,
    suspicions,
    hold,
    rx,
    changes,
    observer,
  };
}

/** With a worker. */
export function running() {
  const parts = world();
  parts.driver.peerChanged(GENERATION);
  return parts;
}
