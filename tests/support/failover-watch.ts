/** What must hold of moves whatever happens; throws with the first move that breaks it. */

import type { PolicyConfig } from "../../agent/domain/config.ts";
import type { Instant } from "../../agent/domain/units.ts";
import { US_PER_S } from "../../agent/domain/units.ts";
import type { FailoverEvent } from "../../agent/engine/failover/effect.ts";
import type { PolicySnapshot } from "../../agent/engine/failover/explain.ts";
import type { RouteFamily } from "../../agent/engine/failover/input.ts";

export interface Observed {
  readonly score: number;
  readonly isKnown: boolean;
  readonly cut: string | null;
}

export interface WorldView {
  readonly policies: readonly PolicyConfig[];
  snapshot(policy: number): PolicySnapshot | null;
  state(path: string, family: RouteFamily): Observed | null;
}

/** Moments have fractions of a microsecond, whose sums are not exact. */
const ROUNDING = 1;
const ORDERED = ["pin", "operator", "reconfigured"];

export class MoveWatch {
  readonly #open = new Map<number, FailoverEvent>();
  readonly #seen = new Set<number>();
  readonly #lastSoft = new Map<string, Instant>();
  /** Since when each uplink has been at 80 or more without a break that we saw. */
  readonly #wellSince = new Map<Observed, Instant>();
  /** An order of an operator may have moved the lines: judged from the next sample on. */
  #forgiven = false;

  forgive(): void {
    this.#forgiven = true;
  }

  /** The kernel refused this path, until something of its device changes. */
  readonly #refused = new Set<string>();

  refuse(path: string, family: RouteFamily): void {
    this.#refused.add(`${family}/${path}`);
  }

  admit(path: string, family: RouteFamily): void {
    this.#refused.delete(`${family}/${path}`);
  }

  /** A span was not observed. */
  void(now: Instant): void {
    for (const uplink of this.#wellSince.keys()) this.#wellSince.set(uplink, now);
  }

  sample(uplink: Observed, now: Instant): void {
    this.#forgiven = false;
    const isWell = uplink.cut === null && uplink.isKnown && uplink.score >= 80;
    if (!isWell) this.#wellSince.delete(uplink);
    else if (!this.#wellSince.has(uplink)) this.#wellSince.set(uplink, now);
  }

  record(event: FailoverEvent, now: Instant, world: WorldView): void {
    const { order, type } = event;
    if (order === null) return;
    if (type === "triggered") {
      if (this.#seen.has(order)) throw new Error(`order ${order} was given twice`);
      this.#seen.add(order);
      this.#open.set(order, event);
      this.#judge(event, now, world);
      return;
    }
    if (!this.#open.delete(order)) throw new Error(`order ${order} ended twice, or never began`);
    if (type === "completed") this.#judgeSoft(event, now);
  }

  #judge(event: FailoverEvent, now: Instant, world: WorldView): void {
    const { policy: id, family, from, to, cause } = event;
    if (family === null || to === null) throw new Error("a move of nothing");
    const what = `policy ${id}/${family} ${from}>${to} (${cause}) at ${now / US_PER_S}`;
    const policy = world.policies.find((one) => one.id === id);
    const snapshot = world.snapshot(id);
    if (policy === undefined || snapshot === null) throw new Error(`unknown policy: ${what}`);
    const target = world.state(to, family);
    if (from === to) throw new Error(`nowhere: ${what}`);
    if (this.#refused.has(`${family}/${to}`)) throw new Error(`refused before: ${what}`);
    if (cause !== "pin" && cause !== "follow") {
      const busy = snapshot.maintenance.some(({ path }) => path === to);
      if (busy) throw new Error(`into maintenance: ${what}`);
      if (target?.cut != null) throw new Error(`to a dead path: ${what}`);
    }
    if (ORDERED.includes(cause ?? "")) return;
    const paths = [policy.primary, ...policy.backups];
    const states = paths.map((path) => world.state(path, family));
    const isDark =
      cause !== "follow" &&
      states.every((one) => one === null || (!one.isKnown && one.cut === null));
    if (isDark) throw new Error(`while all is unknown: ${what}`);
    if (snapshot.hold?.strict === true) throw new Error(`under a strict hold: ${what}`);
    if (!snapshot.enabled) throw new Error(`while disabled: ${what}`);
    if (cause === "failback") this.#judgeReturn(target, policy, now, what);
  }

  #judgeReturn(target: Observed | null, policy: PolicyConfig, now: Instant, what: string): void {
    const since = target === null ? undefined : this.#wellSince.get(target);
    const span = policy.failback_delay_secs * US_PER_S - ROUNDING;
    if (this.#forgiven) return;
    if (since === undefined || now - since < span) throw new Error(`not proved: ${what}`);
  }

  /** At most one per dwell that nothing dead has forced. */
  #judgeSoft({ policy, family, cause }: FailoverEvent, now: Instant): void {
    if (cause !== "score" && cause !== "failback") return;
    const key = `${policy}/${family}`;
    const last = this.#lastSoft.get(key);
    this.#lastSoft.set(key, now);
    if (last !== undefined && now - last < 10 * US_PER_S - ROUNDING) {
      throw new Error(`two soft moves of ${key} within the dwell at ${now / US_PER_S}`);
    }
  }

  end(): void {
    const left = [...this.#open.values()].map(({ from, to }) => `${from}>${to}`);
    if (left.length > 0) throw new Error(`without an outcome: ${left.join(", ")}`);
  }
}
