/** Builds the failover part of the controller and ties its ends together; decides nothing. */

import { FailoverEngine } from "../../engine/failover/engine.ts";
import type { FailoverView } from "../../io/http/failover-view.ts";
import type { Burst } from "../../wire/burst.ts";
import type { AppliedPlan } from "../current-plan.ts";
import type { Clock, Log, ProbeChannel, Timers } from "../ports.ts";
import type { ConditionSources } from "./conditions.ts";
import { ConditionBook } from "./conditions.ts";
import { Failover } from "./failover.ts";
import { LinkFacts } from "./link-facts.ts";
import type { FailoverListener } from "./listener.ts";
import { listeners } from "./listener.ts";
import { OrderLine } from "./order-line.ts";
import { PolicyDesk } from "./policy-desk.ts";
import type { FailoverBook } from "./ports.ts";
import { RouteKeeper } from "./route-keeper.ts";
import type { RouteMemoryStore } from "./route-ports.ts";
import { RouteSwitch } from "./route-switch.ts";
import { SwitchClock } from "./switch-durations.ts";
import { createFailoverView } from "./view.ts";

export interface FailoverOutside extends Omit<ConditionSources, "linkDown"> {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly channel: ProbeChannel;
  readonly book: FailoverBook;
  readonly memory: RouteMemoryStore;
  readonly listeners: readonly FailoverListener[];
  burst(burst: Burst): void;
  current(): AppliedPlan;
}

export interface FailoverPart {
  readonly failover: Failover;
  readonly view: FailoverView;
  /** A new table or other policies. */
  configure(applied: AppliedPlan): void;
  /** Sentences for the operator; empty: all is well. */
  problems(): readonly string[];
}

export function composeFailover(outside: FailoverOutside): FailoverPart {
  const { book, clock, current, log } = outside;
  const engine = new FailoverEngine();
  const switches = new SwitchClock();
  // Microseconds of this boot: beyond all numbers that an earlier controller gave out.
  const orders = new OrderLine(outside.channel, Math.floor(clock.monotonic()));
  const keeper = new RouteKeeper({
    ...outside,
    orders,
    decisionOf: (policy) => failover.decisionOf(policy),
    audit: (record) => failover.audit(record),
    onChange: () => failover.onKernelChange(),
  });
  const linkDown: ConditionSources["linkDown"] = (path, family) => failover.linkDown(path, family);
  const failover: Failover = new Failover({
    ...outside,
    engine,
    orders,
    keeper,
    conditions: new ConditionBook({ ...outside, linkDown }),
    links: new LinkFacts(),
    switches: new RouteSwitch({ log, orders, keeper }),
    listener: listeners([durationListener(switches), ...outside.listeners]),
  });
  const configure = ({ config, plan }: AppliedPlan) =>
    failover.configure(config, plan, desk.effective());
  const desk = new PolicyDesk({
    log,
    book,
    config: () => current().config,
    onChange: () => configure(current()),
  });
  const parts = { clock, book, engine, failover, keeper, desk, switches };
  const view = createFailoverView({ ...parts, config: () => current().config });
  return { failover, view, configure, problems: () => keeper.problems };
}

function durationListener(switches: SwitchClock): FailoverListener {
  return {
    event() {},
    allDown() {},
    audited() {},
    switched: (duration) => switches.note(duration),
  };
}
