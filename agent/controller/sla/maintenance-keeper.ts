/**
 * Writes down when a path goes into maintenance and comes back, by comparing what the failover
 * engine says with what the book has: so a span also ends that ended while we did not run, or by
 * its own time. While the wall clock is not set nothing is written: a span of 1970 would forgive
 * everything.
 */

import type { PathId } from "../../domain/ids.ts";
import type { MaintenanceSpan } from "../../domain/sla.ts";
import { after, micros, US_PER_S, unixSeconds } from "../../domain/units.ts";
import type { Clock, Disarm, Timers } from "../ports.ts";
import type { MaintenanceLog } from "./ports.ts";

export interface MaintenanceKeeperParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: MaintenanceLog;
  isClockSane(): boolean;
  /** As the failover engine has it now; null: it does not know yet. */
  current(): readonly Maintained[] | null;
}

interface Maintained extends Pick<MaintenanceSpan, "author" | "reason"> {
  readonly path: PathId;
}

const INTERVAL = micros(30 * US_PER_S);

export class MaintenanceKeeper {
  readonly #parts: MaintenanceKeeperParts;
  #disarm: Disarm = () => {};

  constructor(parts: MaintenanceKeeperParts) {
    this.#parts = parts;
  }

  /** Not before the engine knows what the last run left. */
  start(): void {
    this.look();
    const { clock, timers } = this.#parts;
    this.#disarm = timers.arm(after(clock.monotonic(), INTERVAL), () => this.start());
  }

  look(): void {
    const { clock, log, isClockSane, current } = this.#parts;
    const orders = isClockSane() ? current() : null;
    if (orders === null) return;
    const at = unixSeconds(clock.wall() / 1_000);
    const wanted = new Map(orders.map((order) => [order.path, order]));
    for (const { path } of log.open()) if (!wanted.has(path)) log.end(path, at);
    const open = new Map(log.open().map((span) => [span.path, span]));
    for (const [path, { author, reason }] of wanted) {
      const span = open.get(path);
      const isSame = span?.author === author && span.reason === reason;
      if (!isSame) log.begin(path, { author, reason }, at);
    }
  }

  stop(): void {
    this.#disarm();
  }
}
