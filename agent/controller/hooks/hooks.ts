/**
 * Runs the configured programs when something happens: one at a time, in the order of the events,
 * beside everything else. A program that hangs delays the next ones, never a switch. What waits is
 * bounded; the oldest gives way, because the latest state is the one that scripts act on.
 */

import type { HookConfig, HookEventName } from "../../domain/hooks.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { UnixMillis } from "../../domain/units.ts";
import { micros, US_PER_S } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type { Log } from "../ports.ts";
import type { Happening, PathChange } from "./environment.ts";
import { hookEnvironment } from "./environment.ts";
import type { HookEnd, HookRunner } from "./ports.ts";

/** Ten minutes of a program that hangs for ten seconds each time. */
export const WAITING_MAX = 64;

export interface HookSettings {
  readonly hooks: readonly HookConfig[];
  readonly nodeId: string;
  /** By policy id. */
  readonly policyNames: ReadonlyMap<number, string>;
}

export interface HookParts {
  readonly log: Log;
  readonly runner: HookRunner;
}

export interface HookCounts {
  readonly waiting: number;
  readonly run: number;
  /** Ended with another code than 0, timed out or not startable. */
  readonly failed: number;
  /** Given up because too many waited. */
  readonly dropped: number;
}

interface Job {
  readonly hook: HookConfig;
  readonly event: HookEventName;
  readonly environment: Readonly<Record<string, string>>;
}

export class Hooks {
  readonly #parts: HookParts;
  #settings: HookSettings;
  #waiting: Job[] = [];
  #isRunning = false;
  #isStopped = false;
  #run = 0;
  #failed = 0;
  #dropped = 0;

  constructor(settings: HookSettings, parts: HookParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get counts(): HookCounts {
    const { length: waiting } = this.#waiting;
    return { waiting, run: this.#run, failed: this.#failed, dropped: this.#dropped };
  }

  /** After a reload. What waits still runs as it was when it happened. */
  configure(settings: HookSettings): void {
    this.#settings = settings;
  }

  /** `id`: of the stored event. */
  take(event: FailoverEvent, id: number, at: UnixMillis): void {
    for (const name of namesOf(event)) this.#happen(name, { kind: "failover", event, id }, at);
  }

  statusChanged(change: PathChange, at: UnixMillis): void {
    this.#happen("path_status", { kind: "path", change }, at);
  }

  /** Kills what runs and gives up what waits. */
  stop(): void {
    this.#isStopped = true;
    if (this.#waiting.length > 0) {
      this.#parts.log.warn("hooks given up at the stop", { hooks: this.#waiting.length });
    }
    this.#waiting = [];
    this.#parts.runner.kill();
  }

  #happen(name: HookEventName, happening: Happening, at: UnixMillis): void {
    if (this.#isStopped) return;
    const policy = happening.kind === "failover" ? happening.event.policy : null;
    const { hooks, nodeId, policyNames } = this.#settings;
    const wanted = hooks.filter(
      (hook) => hook.on.includes(name) && (hook.policy === null || hook.policy === policy),
    );
    if (wanted.length === 0) return;
    const policyName = policy === null ? "" : (policyNames.get(policy) ?? "");
    const environment = hookEnvironment(name, happening, at, { nodeId, policyName });
    for (const hook of wanted) this.#enqueue({ hook, event: name, environment });
    if (!this.#isRunning) void this.#work();
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    if (this.#waiting.length <= WAITING_MAX) return;
    const given = this.#waiting.shift();
    this.#dropped++;
    this.#parts.log.warn("hook given up: too many wait", {
      event: given?.event ?? null,
      exec: given?.hook.exec[0] ?? null,
      dropped: this.#dropped,
    });
  }

  async #work(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      const { exec: command, timeout_secs } = job.hook;
      const timeout = micros(timeout_secs * US_PER_S);
      const end = await this.#parts.runner.run({ command, environment: job.environment, timeout });
      this.#run++;
      this.#tell(job, end);
    }
    this.#isRunning = false;
  }

  #tell({ hook, event }: Job, end: HookEnd): void {
    const { log } = this.#parts;
    const fields = { event, exec: hook.exec[0] ?? "" };
    if (end.kind === "exited" && end.code === 0) {
      log.debug("hook done", fields);
      return;
    }
    if (this.#isStopped) return;
    this.#failed++;
    switch (end.kind) {
      case "exited":
        log.warn("hook failed", { ...fields, code: end.code, output: end.output });
        return;
      case "signalled":
        log.warn("hook killed by a signal", { ...fields, signal: end.signal, output: end.output });
        return;
      case "timed-out":
        log.warn("hook timed out and was killed", {
          ...fields,
          timeout_secs: hook.timeout_secs,
          output: end.output,
        });
        return;
      case "not-started":
        log.warn("cannot start hook", { ...fields, reason: end.reason });
        return;
      default:
        unreachable(end);
    }
  }
}

/** An all-down is a failed move of its own name too. */
function namesOf(event: FailoverEvent): readonly HookEventName[] {
  return event.cause === "all-down" && event.type === "failed"
    ? ["failed", "all_down"]
    : [event.type];
}
