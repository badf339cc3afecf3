/** An alert engine on a clock that a test moves, with two paths, a policy and two channels. */

import type { Alert, AlertRule, Notification } from "../../agent/domain/alerts.ts";
import { pathId } from "../../agent/domain/ids.ts";
import type { Status } from "../../agent/domain/status.ts";
import { instant, unixMillis } from "../../agent/domain/units.ts";
import { AlertEngine } from "../../agent/engine/alerts/engine.ts";
import type { AlertInput, AlertSettings, Now } from "../../agent/engine/alerts/input.ts";
import type { SavedAlerts } from "../../agent/engine/alerts/persisted.ts";
import type { FailoverEvent } from "../../agent/engine/failover/effect.ts";

/** 2023-11-14 22:13:20 UTC, a Tuesday. */
export const WALL0 = 1_700_000_000_000;
export const FIBER = pathId("fiber");
export const LTE = pathId("lte");

export function rule(name: string, over: Partial<AlertRule> = {}): AlertRule {
  return {
    name,
    on: "path-down",
    for_secs: 0,
    keep_secs: 0,
    severity: "critical",
    paths: [],
    policies: [],
    channels: [],
    ...over,
  };
}

export const RULES: readonly AlertRule[] = [
  rule("all-down", { on: "all-down" }),
  rule("link-down", { on: "link-down" }),
  rule("path-down", { on: "path-down" }),
  rule("path-degraded", { on: "path-degraded", for_secs: 60, severity: "warning" }),
  rule("failover", { on: "failover", severity: "warning" }),
  rule("failover-failed", { on: "failover-failed" }),
  rule("budget-burn", { on: "budget-burn", severity: "warning" }),
  rule("worker-restart", { on: "worker-restart", severity: "warning" }),
  rule("store-trouble", { on: "store-trouble", severity: "warning" }),
  rule("update-trouble", { on: "update-trouble", severity: "warning" }),
];

export function settings(over: Partial<AlertSettings> = {}): AlertSettings {
  return {
    rules: RULES,
    channels: [
      { name: "ops", minSeverity: "info", sendResolved: true },
      { name: "pager", minSeverity: "critical", sendResolved: false },
    ],
    paths: [
      { id: FIBER, name: "Fiber uplink" },
      { id: LTE, name: "lte" },
    ],
    policies: [{ id: 1, name: "critical-traffic", primary: FIBER, paths: [FIBER, LTE] }],
    groupSecs: 5,
    quietHours: [],
    ...over,
  };
}

export function completed(over: Partial<FailoverEvent> = {}): FailoverEvent {
  return {
    type: "completed",
    policy: 1,
    family: 4,
    order: 1,
    from: FIBER,
    to: LTE,
    cause: "hard-down",
    reason: "no answer to its probes",
    primaryScore: 0,
    backupScore: 95,
    evidence: [],
    duration: null,
    ...over,
  };
}

export class AlertWorld {
  engine: AlertEngine;
  readonly sent: { readonly channel: string; readonly notification: Notification }[] = [];
  readonly records: Notification[] = [];
  saved: SavedAlerts | null = null;
  ms = 0;
  #settings: AlertSettings;

  constructor(over: Partial<AlertSettings> = {}) {
    this.#settings = settings(over);
    this.engine = new AlertEngine(this.#settings);
  }

  now(): Now {
    return { at: instant(1_000_000 + this.ms * 1_000), wall: unixMillis(WALL0 + this.ms) };
  }

  give(...inputs: readonly AlertInput[]): void {
    for (const effect of this.engine.handle(inputs, this.now())) {
      if (effect.kind === "notify") this.sent.push(effect);
      else if (effect.kind === "record") this.records.push(effect.notification);
      else this.saved = effect.state;
    }
  }

  /** Time passes; the engine is called whenever it asked to be. */
  pass(ms: number): void {
    const end = this.ms + ms;
    for (let steps = 0; ; steps++) {
      const wake = this.engine.nextWakeup();
      const at = wake === null ? end : Math.max(this.ms, (wake - 1_000_000) / 1_000);
      if (at >= end || steps > 10_000) break;
      this.ms = at;
      this.give();
    }
    this.ms = end;
    this.give();
  }

  path(path: typeof FIBER, status: Status, link: string | null = null): void {
    this.give({ kind: "path", path, status, score: status === "up" ? 97 : 30, link });
  }

  /** The process ends, and starts again `ms` later with what was persisted. */
  restart(ms: number, over: Partial<AlertSettings> = {}): void {
    this.ms += ms;
    this.#settings = { ...this.#settings, ...over };
    this.engine = new AlertEngine(this.#settings);
    // As it is read back from a file.
    const saved = this.saved === null ? null : JSON.parse(JSON.stringify(this.saved));
    if (saved !== null) this.engine.restore(saved, this.now());
  }

  /** "ops firing path-down/path-down:fiber" and so on, in order. */
  lines(channel = "ops"): string[] {
    return this.sent
      .filter((one) => one.channel === channel)
      .flatMap(({ notification: { alerts } }) => alerts.map(line));
  }
}

export function line({ status, rule: name, path_id, policy_id }: Alert): string {
  return `${status} ${name} ${path_id ?? policy_id ?? ""}`.trim();
}
